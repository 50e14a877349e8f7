// The domain's own shapes as schemas, for what is kept as JSON. JSON leaves out what is undefined:
// such a key is made again here.

import * as v from "valibot";
import { NOTHING_MORE } from "../domain/session.ts";

const missing = (): undefined => undefined;
const count = v.number();
const text = v.string();
const texts = v.array(text);
const bool = v.boolean();
const fileEvent = v.picklist(["created", "modified", "deleted"]);

/** Not `v.record`: it would drop a variable named `constructor`. */
const variables = v.custom<Record<string, string>>(
  (input) =>
    typeof input === "object" &&
    input !== null &&
    !Array.isArray(input) &&
    Object.values(input).every((value) => typeof value === "string"),
);

const optionalCount = v.optional(count, missing);

const counted = {
  on: v.picklist(["any", "failure"]),
  resetAfterMs: count,
  maxRestarts: optionalCount,
};

const restartPolicy = v.variant("kind", [
  v.object({ kind: v.literal("never") }),
  v.object({ kind: v.literal("always"), ...counted }),
  v.object({ kind: v.literal("fixed"), delayMs: count, ...counted }),
  v.object({
    kind: v.literal("exponential"),
    initialDelayMs: count,
    maxDelayMs: count,
    multiplier: count,
    ...counted,
  }),
]);

const liveChecks = [
  v.object({ kind: v.literal("port"), port: count }),
  v.object({ kind: v.literal("url"), url: text, status: optionalCount }),
  v.object({ kind: v.literal("command"), command: v.tupleWithRest([text], text) }),
] as const;

const check = v.variant("kind", [
  v.object({ kind: v.literal("log"), text }),
  v.object({ kind: v.literal("regex"), pattern: text }),
  v.object({ kind: v.literal("file"), path: text }),
  ...liveChecks,
]);

const healthCheck = v.object({
  check: v.variant("kind", [...liveChecks]),
  intervalMs: count,
  timeoutMs: count,
  threshold: count,
  restart: bool,
});

/** What was not known of when a session was made was not asked for. */
export const spec = v.object({
  command: v.tupleWithRest([text], text),
  cwd: text,
  name: v.optional(text, missing),
  watch: texts,
  ignore: texts,
  env: variables,
  inherited: v.optional(
    v.object({
      env: variables,
      umask: v.optional(count, missing),
      openFiles: v.optional(count, missing),
    }),
    missing,
  ),
  graceMs: count,
  debounceMs: count,
  restart: v.optional(restartPolicy, NOTHING_MORE.restart),
  ready: v.optional(v.array(v.object({ check, timeoutMs: count })), []),
  health: v.optional(healthCheck, missing),
  maxRssBytes: optionalCount,
  maxRuntimeMs: optionalCount,
  stdin: v.optional(v.picklist(["none", "pipe"]), NOTHING_MORE.stdin),
  pty: v.optional(v.object({ cols: count, rows: count }), missing),
});

const watchCause = v.object({ kind: v.literal("watch"), path: text, event: fileEvent });

export const startCause = v.variant("kind", [
  v.object({ kind: v.literal("create") }),
  v.object({ kind: v.literal("manual") }),
  watchCause,
  v.object({ kind: v.literal("policy"), attempt: count, delay_ms: count }),
  v.object({ kind: v.literal("health"), reason: text }),
]);

const limitCause = v.object({
  kind: v.literal("limit"),
  limit: v.picklist(["max_rss", "max_runtime"]),
  reason: text,
});

export const endCause = v.variant("kind", [
  v.object({ kind: v.picklist(["exit", "signal"]), cut: v.exactOptional(v.literal(true)) }),
  v.object({ kind: v.picklist(["stop", "restart", "daemon_stop", "lost", "unknown"]) }),
  v.object({ kind: v.literal("failed"), error: text }),
  watchCause,
  v.object({ kind: v.literal("health"), reason: text }),
  limitCause,
]);

export const runNotes = v.object({
  readyAt: v.nullable(count),
  readyTimedOut: bool,
  met: v.array(count),
  strangers: v.nullable(v.array(count)),
  health: v.nullable(
    v.object({
      state: v.picklist(["unknown", "healthy", "unhealthy"]),
      failures: count,
      checkedAt: v.nullable(count),
      reasons: texts,
    }),
  ),
  waitedFor: v.optional(texts, []),
});

const exit = v.object({ code: v.nullable(count), signal: v.nullable(text) });
const leftBehind = v.array(v.object({ pid: count, name: text }));

const intent = v.variant("kind", [
  v.object({
    kind: v.literal("rest"),
    force: bool,
    by: v.exactOptional(v.literal("daemon_stop")),
    over: v.exactOptional(v.picklist(["start", "finish", "end"])),
  }),
  v.object({ kind: v.literal("start"), cause: startCause }),
  v.object({ kind: v.literal("finish"), cause: limitCause }),
]);

const exited = v.object({ kind: v.literal("exited"), exit });
const failed = v.object({ kind: v.literal("failed"), error: text });
const runEnd = v.variant("kind", [exited, failed]);
const leader = v.variant("kind", [
  v.object({ kind: v.literal("alive"), pid: count }),
  exited,
  failed,
]);

const next = v.variant("kind", [
  v.object({ kind: v.literal("waiting"), attempt: count, delayMs: count, since: count }),
  v.object({ kind: v.literal("gaveUp"), reason: text }),
]);

export const lifecycle = v.variant("phase", [
  v.object({
    phase: v.literal("starting"),
    run: count,
    pending: v.optional(intent, missing),
  }),
  v.object({ phase: v.literal("running"), run: count, pid: count }),
  v.object({ phase: v.literal("lingering"), run: count, exit }),
  v.object({
    phase: v.literal("ended"),
    run: count,
    exit,
    pending: v.optional(intent, missing),
  }),
  v.object({
    phase: v.literal("ending"),
    run: count,
    leader,
    leftBehind,
    forced: bool,
    pending: intent,
  }),
  v.object({ phase: v.literal("cleared"), run: count, end: runEnd, leftBehind, pending: intent }),
  v.object({
    phase: v.literal("resting"),
    run: count,
    end: runEnd,
    armed: bool,
    leftBehind,
    next: v.optional(next, missing),
    calledOff: v.exactOptional(v.picklist(["stop", "daemon_stop", "lost"])),
  }),
]);

/** What an event says beside its seq, time and session. */
export const happening = v.variant("type", [
  v.object({ type: v.literal("created"), name: v.nullable(text), command: texts }),
  v.object({ type: v.picklist(["starting", "restarted"]), run: count, cause: startCause }),
  v.object({ type: v.picklist(["running", "adopted"]), run: count, pid: count }),
  v.object({ type: v.literal("stopping"), run: count }),
  v.object({
    type: v.literal("exited"),
    run: count,
    exitCode: v.nullable(count),
    termSignal: v.nullable(text),
    end: endCause,
  }),
  v.object({ type: v.literal("failed"), run: count, error: text }),
  v.object({ type: v.picklist(["ready", "healthy"]), run: count }),
  v.object({ type: v.picklist(["not_ready", "unhealthy", "gave_up"]), run: count, reason: text }),
  v.object({
    type: v.literal("restart_scheduled"),
    run: count,
    attempt: count,
    delayMs: count,
  }),
  v.object({ type: v.picklist(["removed", "watch_restored"]) }),
  v.object({ type: v.literal("watch_degraded"), problem: text }),
  v.object({
    type: v.literal("follower_lagged"),
    stream: v.picklist(["stdout", "stderr", "blended"]),
    missed: count,
  }),
  v.object({ type: v.literal("daemon_started"), pid: count, version: text }),
  v.object({ type: v.literal("daemon_stopping"), reason: text }),
]);
