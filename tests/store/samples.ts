// What a store is given, one of every kind. The records are exhaustive by their type: a new kind in
// the domain does not compile until it is here, and then not pass until the store can read it.

import type {
  EventDraft,
  Happening,
  OutputTotals,
  Run,
  SavedSession,
} from "../../src/domain/history.ts";
import type { Intent, Lifecycle } from "../../src/domain/lifecycle.ts";
import {
  type EndCause,
  type LimitCause,
  NOTHING_MORE,
  type SessionSpec,
  type StartCause,
} from "../../src/domain/session.ts";

/** Not so long ago that events of then would be forgotten. */
export const T0 = Date.now() - 3_600_000;

export const SPEC: SessionSpec = {
  command: ["sh", "-c", "echo \"ü\" '\n'; sleep 1"],
  cwd: "/home/ada/app",
  name: "web",
  watch: ["src", "*.json"],
  ignore: ["dist"],
  env: { PORT: "3000", constructor: "kept", __proto___: "kept" },
  inherited: { env: { HOME: "/home/ada", TOKEN: "s3cret" }, umask: 0o022, openFiles: 1_024 },
  graceMs: 2_000,
  debounceMs: 250,
  restart: {
    kind: "exponential",
    initialDelayMs: 1_000,
    maxDelayMs: 30_000,
    multiplier: 2,
    maxRestarts: 5,
    on: "failure",
    resetAfterMs: 60_000,
  },
  ready: [
    { check: { kind: "log", text: "listening" }, timeoutMs: 1_000 },
    { check: { kind: "regex", pattern: "^up" }, timeoutMs: 1_000 },
    { check: { kind: "port", port: 3_000 }, timeoutMs: 1_000 },
    { check: { kind: "url", url: "http://localhost:3000/", status: 204 }, timeoutMs: 1_000 },
    { check: { kind: "file", path: "ready" }, timeoutMs: 1_000 },
    { check: { kind: "command", command: ["sh", "-c", "true"] }, timeoutMs: 1_000 },
  ],
  health: {
    check: { kind: "url", url: "http://localhost:3000/", status: undefined },
    intervalMs: 1_000,
    timeoutMs: 500,
    threshold: 2,
    restart: true,
  },
  maxRssBytes: 1_048_576,
  maxRuntimeMs: 60_000,
  stdin: "pipe",
  pty: { cols: 80, rows: 24 },
};

/** The least that can be asked for. */
export const BARE_SPEC: SessionSpec = {
  ...SPEC,
  ...NOTHING_MORE,
  command: ["true"],
  name: undefined,
  watch: [],
  ignore: [],
  env: {},
  inherited: undefined,
};

export const START_CAUSES: Record<StartCause["kind"], StartCause> = {
  create: { kind: "create" },
  manual: { kind: "manual" },
  watch: { kind: "watch", path: "src/main.ts", event: "modified" },
  policy: { kind: "policy", attempt: 2, delay_ms: 2_000 },
  health: { kind: "health", reason: "it answered 500" },
};

const LIMIT: LimitCause = {
  kind: "limit",
  limit: "max_rss",
  reason: "it used 600 MiB of 512 MiB",
};

export const END_CAUSES: Record<EndCause["kind"], EndCause> = {
  exit: { kind: "exit" },
  signal: { kind: "signal" },
  stop: { kind: "stop" },
  restart: { kind: "restart" },
  watch: { kind: "watch", path: "src/main.ts", event: "deleted" },
  daemon_stop: { kind: "daemon_stop" },
  lost: { kind: "lost" },
  unknown: { kind: "unknown" },
  failed: { kind: "failed", error: "ENOENT: no such command" },
  health: { kind: "health", reason: "it answered 500" },
  limit: LIMIT,
};

const exit = { code: null, signal: "SIGTERM" };
const leftBehind = [{ pid: 77, name: "helper" }];
const rest = { kind: "rest", force: true } as const satisfies Intent;

export const STATES: Record<Lifecycle["phase"], readonly Lifecycle[]> = {
  starting: [
    { phase: "starting", run: 1, pending: undefined },
    { phase: "starting", run: 2, pending: { kind: "start", cause: START_CAUSES.watch } },
  ],
  running: [{ phase: "running", run: 3, pid: 4_321 }],
  lingering: [{ phase: "lingering", run: 3, exit: { code: 1, signal: null } }],
  ended: [
    { phase: "ended", run: 3, exit, pending: undefined },
    { phase: "ended", run: 3, exit, pending: rest },
    { phase: "ended", run: 3, exit, pending: { ...rest, by: "daemon_stop", over: "end" } },
  ],
  ending: [
    {
      phase: "ending",
      run: 4,
      leader: { kind: "alive", pid: 9 },
      leftBehind,
      forced: false,
      pending: rest,
    },
    {
      phase: "ending",
      run: 4,
      leader: { kind: "exited", exit },
      leftBehind: [],
      forced: true,
      pending: rest,
    },
  ],
  cleared: [
    {
      phase: "cleared",
      run: 5,
      end: { kind: "failed", error: "EACCES: no" },
      leftBehind,
      pending: { kind: "start", cause: START_CAUSES.manual },
    },
    {
      phase: "cleared",
      run: 5,
      end: { kind: "exited", exit },
      leftBehind: [],
      pending: { kind: "finish", cause: LIMIT },
    },
  ],
  resting: [
    {
      phase: "resting",
      run: 6,
      end: { kind: "exited", exit },
      armed: true,
      leftBehind,
      next: undefined,
    },
    {
      phase: "resting",
      run: 6,
      end: { kind: "exited", exit },
      armed: true,
      leftBehind: [],
      next: { kind: "waiting", attempt: 3, delayMs: 4_000, since: T0 },
    },
    {
      phase: "resting",
      run: 6,
      end: { kind: "failed", error: "ENOENT: no" },
      armed: false,
      leftBehind: [],
      next: { kind: "gaveUp", reason: "it was restarted once, and no run lasted 1m" },
    },
    {
      phase: "resting",
      run: 6,
      end: { kind: "exited", exit },
      armed: false,
      leftBehind: [],
      next: undefined,
      calledOff: "daemon_stop",
    },
  ],
};

export const HAPPENINGS: Record<Happening["type"], Happening> = {
  created: { type: "created", name: null, command: ["sleep", "1"] },
  starting: { type: "starting", run: 1, cause: START_CAUSES.create },
  running: { type: "running", run: 1, pid: 12 },
  restarted: { type: "restarted", run: 2, cause: START_CAUSES.watch },
  adopted: { type: "adopted", run: 2, pid: 12 },
  stopping: { type: "stopping", run: 2 },
  exited: { type: "exited", run: 2, exitCode: 0, termSignal: null, end: END_CAUSES.stop },
  failed: { type: "failed", run: 3, error: "ENOENT: no such command" },
  ready: { type: "ready", run: 3 },
  not_ready: { type: "not_ready", run: 3, reason: "nobody listens on port 3000" },
  healthy: { type: "healthy", run: 3 },
  unhealthy: { type: "unhealthy", run: 3, reason: "it answered with 500" },
  restart_scheduled: { type: "restart_scheduled", run: 3, attempt: 2, delayMs: 2_000 },
  gave_up: { type: "gave_up", run: 3, reason: "it was restarted twice" },
  removed: { type: "removed" },
  watch_degraded: { type: "watch_degraded", problem: "too many directories" },
  watch_restored: { type: "watch_restored" },
  follower_lagged: { type: "follower_lagged", stream: "blended", missed: 120 },
  daemon_started: { type: "daemon_started", pid: 1, version: "1.0.0" },
  daemon_stopping: { type: "daemon_stopping", reason: "asked to by a client" },
};

export function aSession(id: string, changes: Partial<SavedSession> = {}): SavedSession {
  return {
    id,
    spec: SPEC,
    state: { phase: "running", run: 1, pid: 4_321 },
    books: {
      createdAt: T0,
      firstStartedAt: T0 + 1,
      lastStartedAt: T0 + 2,
      lastEndedAt: null,
      manualRestarts: 1,
      watchRestarts: 2,
      lastRestartCause: START_CAUSES.watch,
      fileChanges: 3,
      lastChangeAt: T0 + 3,
      lastChangePath: "src/main.ts",
      policyRestarts: 4,
      healthRestarts: 5,
      attempts: 2,
      lastRunMs: 1_500,
      notes: {
        readyAt: T0 + 3,
        readyTimedOut: false,
        met: [0, 2],
        strangers: [81_234],
        health: { state: "healthy", failures: 1, checkedAt: T0 + 4, reasons: ["answers 503"] },
        waitedFor: ["port 3000: nothing listens"],
      },
    },
    leader: { pid: 4_321, startTime: 8_765_432 },
    bootId: "0d1f6f4c-9a55-4c0e-8a3a-5d4a9b1d2c11",
    updatedAt: T0 + 4,
    ...changes,
  };
}

export const NO_OUTPUT: OutputTotals = {
  stdoutBytes: 0,
  stdoutLines: 0,
  stderrBytes: 0,
  stderrLines: 0,
};

/** A run that has ended. */
export function aRun(number: number, changes: Partial<Run> = {}): Run {
  return {
    number,
    pid: 4_000 + number,
    startTime: 100 * number,
    startedAt: T0 + number,
    endedAt: T0 + number + 1,
    exitCode: 1,
    termSignal: null,
    cause: START_CAUSES.manual,
    end: END_CAUSES.exit,
    outputBefore: NO_OUTPUT,
    outputAfter: { stdoutBytes: 82_000, stdoutLines: 1_000, stderrBytes: 9, stderrLines: 1 },
    ...changes,
  };
}

export function anEvent(sessionId: string | null, changes: Partial<EventDraft> = {}): EventDraft {
  return { time: T0, sessionId, type: "running", run: 1, pid: 12, ...changes } as EventDraft;
}
