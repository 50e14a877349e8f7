// What the daemon answers, as types: the shapes of the KORun specification and what was added.

import type {
  FileEvent,
  LeftBehind,
  LogStream,
  OutputStream,
  SessionState,
  StartCause,
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
}

export interface SessionListReply {
  readonly sessions: readonly SessionSummary[];
}

/** Why the newest run started, when that was a restart. */
export type RestartCause =
  | { readonly kind: Exclude<StartCause["kind"], "watch"> }
  | { readonly kind: "watch"; readonly path: string; readonly event: FileEvent };

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

/** A line of `follow=1&format=json`. */
export type FollowFrame = LogEntry | MissedFrame;

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
