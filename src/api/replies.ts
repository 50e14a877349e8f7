// What the daemon answers, as schemas: the shapes of the KORun specification and what was added.

import * as v from "valibot";
import { endCause, startCause } from "./causes.ts";
import { TerminalReply } from "./input.ts";
import { HealthCheckReply, ReadyCheckReply, RestartPolicyReply } from "./policy-replies.ts";
import {
  about,
  count,
  maybe,
  ordinal,
  type Reply,
  sessionState,
  time,
  uuid,
} from "./reply-values.ts";

/** How well a session does. */
export const SessionHealth = v.strictObject({
  state: v.picklist(["unknown", "healthy", "unhealthy"]),
  failures: about(count, "In a row."),
  checked_at: maybe.time,
  reasons: about(v.array(v.string()), "Why the last looks failed, the newest last."),
});

export type SessionHealth = Reply<typeof SessionHealth>;

/** Why a run started. */
export type RunStartCause = Reply<typeof startCause>;

/** Why a run ended. */
export type RunEndCause = Reply<typeof endCause>;

/** An element of `GET /v1/sessions`. */
export const SessionSummary = v.strictObject({
  id: uuid,
  name: maybe.text,
  state: sessionState,
  command: v.array(v.string()),
  cwd: v.string(),
  pid: about(maybe.ordinal, "Of the run's leader, while it lives."),
  started_at: about(maybe.time, "When its first run started."),
  uptime_ms: about(maybe.count, "Of the current run; null at rest."),
  restart_count: count,
  exit_code: maybe.integer,
  term_signal: about(maybe.text, "The signal that ended it, such as SIGTERM."),
  error: about(maybe.text, "Why the command could not be started."),
  last_end: about(v.nullable(endCause), "Why the newest run that ended did."),
  ready: about(
    v.boolean(),
    "All readiness checks are met in this run; without any, it is running.",
  ),
  health: about(v.nullable(SessionHealth), "Null without a health check."),
  next_restart_at: about(
    maybe.time,
    "When its policy starts it again; null when it does not wait for that.",
  ),
  gave_up: about(v.boolean(), "Its policy starts it no more."),
  lost: about(
    v.boolean(),
    "It is at rest only since the daemon was stopped or the machine went down.",
  ),
});

export type SessionSummary = Reply<typeof SessionSummary>;

export const SessionListReply = v.strictObject({
  sessions: about(v.array(SessionSummary), "In creation order."),
});

export type SessionListReply = Reply<typeof SessionListReply>;

/** `GET /v1/sessions/{id}`. */
export const SessionReply = v.strictObject({
  ...SessionSummary.entries,
  env_overrides: v.record(v.string(), v.string()),
  watch: v.array(v.string()),
  ignore: v.array(v.string()),
  grace_ms: count,
  debounce_ms: count,
  run: about(count, "The number of the newest run."),
  created_at: time,
  last_started_at: maybe.time,
  last_stopped_at: maybe.time,
  manual_restart_count: count,
  watch_restart_count: count,
  last_restart_cause: v.nullable(startCause),
  file_change_count: count,
  last_change_at: maybe.time,
  last_change_path: maybe.text,
  left_behind: about(
    v.array(v.strictObject({ pid: ordinal, name: v.string() })),
    "Processes that outlived their run because they left its group.",
  ),
  watching: v.strictObject({
    state: v.picklist(["off", "armed", "disarmed", "degraded"]),
    directories: about(count, "Those that cost a watch of the system's."),
    problem: about(maybe.text, "Why watching is degraded, and the cure."),
  }),
  stdout_lines: count,
  stderr_lines: count,
  blended_lines: count,
  stdout_dropped_lines: count,
  stderr_dropped_lines: count,
  blended_dropped_lines: count,
  stdout_bytes: count,
  stderr_bytes: count,
  policy_restart_count: count,
  health_restart_count: count,
  ready_at: maybe.time,
  waiting_for: about(v.array(v.string()), "The readiness checks that are not met yet, in words."),
  ready_timed_out: about(v.boolean(), "A readiness check's time was over before it was met."),
  waited_for: about(
    v.array(v.string()),
    "The readiness checks that were not met when the newest run ended without having been ready.",
  ),
  gave_up_reason: maybe.text,
  called_off: about(
    v.nullable(v.picklist(["stop", "daemon_stop", "lost"])),
    "What called off a start that was to follow: a stop, that of the daemon, or the end of the machine.",
  ),
  restart_policy: RestartPolicyReply,
  ready_checks: v.array(ReadyCheckReply),
  health_check: v.nullable(HealthCheckReply),
  max_rss: about(maybe.count, "Of the whole tree, in bytes."),
  max_runtime_ms: maybe.count,
  stdin: v.picklist(["none", "pipe"]),
  pty: v.nullable(v.strictObject({ cols: ordinal, rows: ordinal })),
  terminal: v.nullable(TerminalReply),
});

export type SessionReply = Reply<typeof SessionReply>;

const startError = v.exactOptional(
  about(v.string(), "With wait=1, why the command could not be started."),
);

/** `POST /v1/sessions`. */
export const CreatedReply = v.strictObject({
  id: uuid,
  state: sessionState,
  error: startError,
  existing: v.exactOptional(
    about(v.literal(true), "It was there already, and is just what was asked for."),
  ),
});

export type CreatedReply = Reply<typeof CreatedReply>;

/** `POST …/stop`, `POST …/restart`, `DELETE …`. */
export const ActionReply = v.strictObject({
  ok: v.literal(true),
  id: uuid,
  state: sessionState,
  error: startError,
});

export type ActionReply = Reply<typeof ActionReply>;

/** `POST /v1/prune`: what was forgotten. */
export const PruneReply = v.strictObject({
  ok: v.literal(true),
  removed: v.array(v.strictObject({ id: uuid, name: maybe.text })),
});

export type PruneReply = Reply<typeof PruneReply>;
