// What the daemon answers, as types: the shapes of the KORun specification and what was added.

import type { Happening } from "../domain/history.ts";
import type {
  EndCause,
  LeftBehind,
  LogStream,
  OutputStream,
  SessionState,
  StartCause,
  TerminalDimensions,
  WatchStatus,
} from "../domain/session.ts";

/** `GET /healthz`. */
export interface HealthReply {
  readonly ok: true;
  readonly service: "korun";
  /** RFC 3339, UTC, milliseconds; like every time in the API. */
  readonly time: string;
}

/** An element of `GET /v1/sessions`. */
export interface SessionSummary {
  readonly id: string;
  readonly name: string | null;
  readonly state: SessionState;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly pid: number | null;
  readonly started_at: string | null;
  readonly uptime_ms: number | null;
  readonly restart_count: number;
  readonly exit_code: number | null;
  readonly term_signal: string | null;
  readonly error: string | null;
  /** Why the newest run that ended did. */
  readonly last_end: RunEndCause | null;
  /** All readiness checks are met in this run; without any, it runs. */
  readonly ready: boolean;
  /** Null without a health check. */
  readonly health: SessionHealth | null;
  /** When its policy starts it again; null when it does not wait for that. */
  readonly next_restart_at: string | null;
  /** Its policy starts it no more. */
  readonly gave_up: boolean;
}

/** How well a session does. */
export interface SessionHealth {
  readonly state: "unknown" | "healthy" | "unhealthy";
  /** Failures in a row. */
  readonly failures: number;
  readonly checked_at: string | null;
  /** Why the last looks failed, the newest last. */
  readonly reasons: readonly string[];
}

export interface SessionListReply {
  readonly sessions: readonly SessionSummary[];
}

/** Why the newest run started, when that was a restart. */
export type RestartCause = StartCause;

/** Why a run started. */
export type RunStartCause = StartCause;

/** Why a run ended. */
export type RunEndCause = EndCause;

/** `GET /v1/sessions/{id}`. */
export interface SessionReply extends SessionSummary {
  readonly env_overrides: Readonly<Record<string, string>>;
  readonly watch: readonly string[];
  readonly ignore: readonly string[];
  readonly grace_ms: number;
  readonly debounce_ms: number;
  readonly run: number;
  readonly created_at: string;
  readonly last_started_at: string | null;
  readonly last_stopped_at: string | null;
  readonly manual_restart_count: number;
  readonly watch_restart_count: number;
  readonly last_restart_cause: RestartCause | null;
  readonly file_change_count: number;
  readonly last_change_at: string | null;
  readonly last_change_path: string | null;
  readonly left_behind: readonly LeftBehind[];
  readonly watching: WatchStatus;
  readonly stdout_lines: number;
  readonly stderr_lines: number;
  readonly blended_lines: number;
  readonly stdout_dropped_lines: number;
  readonly stderr_dropped_lines: number;
  readonly blended_dropped_lines: number;
  readonly stdout_bytes: number;
  readonly stderr_bytes: number;
  readonly policy_restart_count: number;
  readonly health_restart_count: number;
  readonly ready_at: string | null;
  /** The readiness checks that are not met yet, in words. */
  readonly waiting_for: readonly string[];
  /** A readiness check's time was over before it was met. */
  readonly ready_timed_out: boolean;
  readonly gave_up_reason: string | null;
  /** The policies as they were asked for, with their defaults; durations in ms. */
  readonly restart_policy: RestartPolicyReply;
  readonly ready_checks: readonly ReadyCheckReply[];
  readonly health_check: HealthCheckReply | null;
  readonly max_rss: number | null;
  readonly max_runtime_ms: number | null;
  readonly stdin: "none" | "pipe";
  readonly pty: TerminalDimensions | null;
}

/** The same shape as is sent. */
export interface RestartPolicyReply {
  readonly kind: "never" | "always" | "fixed" | "exponential";
  readonly on?: "any" | "failure";
  readonly delay?: number;
  readonly initialDelay?: number;
  readonly maxDelay?: number;
  readonly multiplier?: number;
  readonly maxRestarts?: number;
  readonly resetAfter?: number;
}

/** One check, as it is sent. */
export interface CheckReply {
  readonly log?: string;
  readonly regex?: string;
  readonly port?: number;
  readonly url?: string;
  readonly status?: number;
  readonly file?: string;
  readonly command?: readonly string[];
}

export interface ReadyCheckReply extends CheckReply {
  readonly timeout: number;
}

export interface HealthCheckReply extends CheckReply {
  readonly interval: number;
  readonly timeout: number;
  readonly threshold: number;
  readonly restart: boolean;
}

/** `POST /v1/sessions`. */
export interface CreatedReply {
  readonly id: string;
  readonly state: SessionState;
  /** With `wait=1`, why the command could not be started. */
  readonly error?: string;
}

/** `POST …/stop`, `POST …/restart`, `DELETE …`. */
export interface ActionReply {
  readonly ok: true;
  readonly id: string;
  readonly state: SessionState;
  /** With `wait=1` on a restart, why the command could not be started. */
  readonly error?: string;
}

/** One stored line. */
export interface LogEntry {
  readonly seq: number;
  readonly ts: string;
  readonly stream: OutputStream;
  readonly line: string;
  readonly run: number;
  /** The line was longer than an entry may be and goes on in the next one of its stream. */
  readonly partial?: true;
  /** The last words of a run, which had no newline. */
  readonly unterminated?: true;
  /** The bytes themselves, where they are no UTF-8 and `line` is not all there is to them. */
  readonly base64?: string;
}

/** `GET …/logs`, `…/head`, `…/tail` with `format=json` and no `follow`. */
export interface LogReply {
  readonly session_id: string;
  readonly stream: LogStream;
  readonly entries: readonly LogEntry[];
  readonly next_seq: number;
  /** With `since_seq`: entries of this stream from there on that are no longer held. */
  readonly dropped?: number;
}

/** A line of `follow=1&format=json` that is no entry: what this follower was too slow to get. */
export interface MissedFrame {
  readonly missed: number;
  /** The next entry's seq is at least this. */
  readonly next_seq: number;
}

/** The line before each piece of text of `follow=1&format=frames`. */
export interface TextFrameHead {
  /** Together with `open`, where to go on after this piece. */
  readonly next_seq: number;
  /** What the text leaves open: nothing, a newline, or a line of one of the streams. */
  readonly open: "nothing" | "newline" | OutputStream;
  /** How long the piece is. */
  readonly bytes: number;
}

/** A line of `follow=1&format=json`. */
export type FollowFrame = LogEntry | MissedFrame;

/** A run of `GET …/runs`. */
export interface RunReply {
  readonly number: number;
  readonly pid: number | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly exit_code: number | null;
  readonly term_signal: string | null;
  readonly cause: RunStartCause;
  /** Null while it lives. */
  readonly end: RunEndCause | null;
  readonly stdout_bytes: number;
  readonly stdout_lines: number;
  readonly stderr_bytes: number;
  readonly stderr_lines: number;
}

/** `GET …/runs`, the oldest first. */
export interface RunListReply {
  readonly runs: readonly RunReply[];
}

/** One event; which other fields it has depends on its type. */
export interface EventReply {
  readonly seq: number;
  readonly ts: string;
  readonly type: Happening["type"];
  /** Null for what happened to the daemon. */
  readonly session_id: string | null;
  readonly name?: string | null;
  readonly command?: readonly string[];
  readonly run?: number;
  readonly pid?: number;
  readonly cause?: RunStartCause;
  readonly exit_code?: number | null;
  readonly term_signal?: string | null;
  readonly end?: RunEndCause;
  readonly error?: string;
  readonly problem?: string;
  readonly stream?: LogStream;
  readonly missed?: number;
  readonly version?: string;
  readonly reason?: string;
}

/** `GET /v1/events` without `follow`. */
export interface EventListReply {
  readonly events: readonly EventReply[];
  readonly next_seq: number;
}

/** `POST /v1/prune`: what was forgotten. */
export interface PruneReply {
  readonly ok: true;
  readonly removed: readonly { readonly id: string; readonly name: string | null }[];
}

/** `GET /v1/daemon`. */
export interface DaemonReply {
  readonly service: "korun";
  readonly version: string;
  readonly pid: number;
  readonly started_at: string;
  readonly uptime_ms: number;
  readonly sessions_created: number;
  readonly sessions_running: number;
  readonly sessions_known: number;
  readonly port: number;
  readonly socket: string;
  readonly home: string;
  readonly log: string;
  /** What is wrong and what to do about it, for a person; null when all is well. */
  readonly problem: string | null;
}

/** Every response that is an error. */
export interface ErrorReply {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly field?: string;
    readonly expected?: string;
    readonly hint?: string;
  };
}
