// What the daemon answers about what happened, as schemas: runs and events.

import * as v from "valibot";
import type { Happening } from "../domain/history.ts";
import { endCause, startCause } from "./causes.ts";
import { about, count, logStream, maybe, ordinal, type Reply, time, uuid } from "./reply-values.ts";

/** A run of `GET …/runs`. */
export const RunReply = v.strictObject({
  number: ordinal,
  pid: maybe.ordinal,
  started_at: time,
  ended_at: maybe.time,
  exit_code: maybe.integer,
  term_signal: maybe.text,
  cause: startCause,
  end: about(v.nullable(endCause), "Null while it lives."),
  stdout_bytes: count,
  stdout_lines: count,
  stderr_bytes: count,
  stderr_lines: count,
});

export type RunReply = Reply<typeof RunReply>;

export const RunListReply = v.strictObject({ runs: about(v.array(RunReply), "The oldest first.") });

export type RunListReply = Reply<typeof RunListReply>;

const EVENT_TYPES = [
  "created",
  "starting",
  "running",
  "restarted",
  "adopted",
  "stopping",
  "exited",
  "failed",
  "ready",
  "not_ready",
  "healthy",
  "unhealthy",
  "restart_scheduled",
  "gave_up",
  "removed",
  "watch_degraded",
  "watch_restored",
  "follower_lagged",
  "daemon_started",
  "daemon_stopping",
] as const satisfies readonly Happening["type"][];

/** One event; which other fields it has depends on its type. */
export const EventReply = v.strictObject({
  seq: count,
  ts: time,
  type: v.picklist(EVENT_TYPES),
  session_id: about(v.nullable(uuid), "Null for what happened to the daemon."),
  name: v.exactOptional(maybe.text),
  command: v.exactOptional(v.array(v.string())),
  run: v.exactOptional(count),
  pid: v.exactOptional(ordinal),
  cause: v.exactOptional(startCause),
  exit_code: v.exactOptional(maybe.integer),
  term_signal: v.exactOptional(maybe.text),
  end: v.exactOptional(endCause),
  error: v.exactOptional(v.string()),
  problem: v.exactOptional(v.string()),
  stream: v.exactOptional(logStream),
  missed: v.exactOptional(count),
  version: v.exactOptional(v.string()),
  reason: v.exactOptional(v.string()),
  attempt: v.exactOptional(about(ordinal, "Which restart in a row.")),
  delay_ms: v.exactOptional(about(count, "How long the policy waits before it.")),
});

export type EventReply = Reply<typeof EventReply>;

/** `GET /v1/events` without `follow`. */
export const EventListReply = v.strictObject({ events: v.array(EventReply), next_seq: count });

export type EventListReply = Reply<typeof EventListReply>;
