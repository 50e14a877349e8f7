// What a session is: what was asked for (SessionSpec) and what can be said of it now
// (SessionSnapshot). Plain data, in milliseconds and bytes; the HTTP layer gives it its JSON form.

import type { HealthCheck, HealthStatus, Readiness, ReadyCheck } from "./checks.ts";
import { NEVER_RESTART, type RestartPolicy } from "./restart-policy.ts";

/** The five states of a session, and no others. */
export type SessionState = "starting" | "running" | "stopping" | "exited" | "failed";

/** One of the child's two output streams. */
export type OutputStream = "stdout" | "stderr";

/** A stream to read: one of the child's, or both in the order korun saw them. */
export type LogStream = OutputStream | "blended";

/** Grace between SIGTERM and SIGKILL unless the session says otherwise, in ms. */
export const DEFAULT_GRACE_MS = 2_000;

/** Quiet time after the last file change before a restart, in ms. */
export const DEFAULT_DEBOUNCE_MS = 250;

/** What was asked for. Immutable for the life of a session. */
export interface SessionSpec {
  /** Program and arguments; never empty. */
  readonly command: readonly [string, ...string[]];
  /** Absolute working directory. */
  readonly cwd: string;
  readonly name: string | undefined;
  /** Paths and globs, as given; relative ones are resolved against `cwd`. */
  readonly watch: readonly string[];
  /** Globs that are never a reason to restart, as given. */
  readonly ignore: readonly string[];
  /** Variables set on top of the base environment, shown as `env_overrides`. */
  readonly env: Readonly<Record<string, string>>;
  /** What the child inherits from its caller; never shown. Undefined: the daemon's own. */
  readonly inherited: InheritedContext | undefined;
  readonly graceMs: number;
  readonly debounceMs: number;
  readonly restart: RestartPolicy;
  readonly ready: readonly ReadyCheck[];
  readonly health: HealthCheck | undefined;
  /** Of the whole tree, in bytes. */
  readonly maxRssBytes: number | undefined;
  readonly maxRuntimeMs: number | undefined;
  /** Whether the child can be written to. A terminal always can. */
  readonly stdin: "none" | "pipe";
  /** The size of the terminal that it runs in; undefined: in none. */
  readonly pty: TerminalDimensions | undefined;
}

/** The size of a terminal, in characters. */
export interface TerminalDimensions {
  readonly cols: number;
  readonly rows: number;
}

/** What can be said of the terminal of a session's newest run. */
export interface TerminalStatus extends TerminalDimensions {
  /** `closed`: that run is over. `lost`: its daemon and its keeper were killed at the same time. */
  readonly state: "open" | "closed" | "lost";
  /**
   * When another daemon took the terminal over, in epoch ms: of what it showed right before, a
   * little may be missing. Null when none did.
   */
  readonly interruptedAt: number | null;
}

/** The rest of a request that asks for nothing more than to run. */
export const NOTHING_MORE = {
  restart: NEVER_RESTART,
  ready: [],
  health: undefined,
  maxRssBytes: undefined,
  maxRuntimeMs: undefined,
  stdin: "none",
  pty: undefined,
} as const satisfies Partial<SessionSpec>;

/** What a caller hands on to the child, taken over the Unix socket only. */
export interface InheritedContext {
  readonly env: Readonly<Record<string, string>>;
  /** File mode creation mask, such as 0o022. */
  readonly umask: number | undefined;
  /** Soft limit of open files. */
  readonly openFiles: number | undefined;
}

/** What a file change was, as the watcher saw it. */
export type FileEvent = "created" | "modified" | "deleted";

/** Why a run started. */
export type StartCause =
  | { readonly kind: "create" }
  | { readonly kind: "manual" }
  | { readonly kind: "watch"; readonly path: string; readonly event: FileEvent }
  /** The session's restart policy: which restart in a row this is, and after which wait. */
  | { readonly kind: "policy"; readonly attempt: number; readonly delay_ms: number }
  | HealthCause;

/** It was unhealthy. */
export interface HealthCause {
  readonly kind: "health";
  readonly reason: string;
}

/** A file that changed, as a cause. */
export type WatchCause = Extract<StartCause, { kind: "watch" }>;

/** Why a run ended. */
export type EndCause =
  /**
   * By itself, or by a signal that korun did not send. `cut`: neither daemon nor keeper was
   * there, so what it printed last may be missing.
   */
  | { readonly kind: "exit" | "signal"; readonly cut?: true }
  | { readonly kind: "stop" }
  | { readonly kind: "restart" }
  | WatchCause
  | HealthCause
  | LimitCause
  | { readonly kind: "daemon_stop" }
  /** With the system: it was alive before a reboot. */
  | { readonly kind: "lost" }
  /** While no daemon ran, and nobody can tell how. */
  | { readonly kind: "unknown" }
  /** It never ran; the error opens with the system's code. */
  | { readonly kind: "failed"; readonly error: string };

/**
 * What came before a start that was to follow: a stop that was asked for, the daemon's own, or the
 * end of the machine.
 */
export type CalledOff = "stop" | "daemon_stop" | "lost";

/** A limit of the session's that a run went over. */
export interface LimitCause {
  readonly kind: "limit";
  readonly limit: "max_rss" | "max_runtime";
  readonly reason: string;
}

/** How a leader ended: by itself or by a signal such as `SIGTERM`. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process that outlived its run because it left the group. */
export interface LeftBehind {
  readonly pid: number;
  /** The kernel's short name of it. */
  readonly name: string;
}

/** How well file changes are seen. */
export interface WatchStatus {
  /** `off`: nothing to watch; `armed`; `disarmed`: stopped by intent; `degraded`: by polling. */
  readonly state: "off" | "armed" | "disarmed" | "degraded";
  /** Directories that cost a watch of the system's. */
  readonly directories: number;
  /** Why watching is degraded, and the cure. */
  readonly problem: string | null;
}

/** Counters of what the rings hold and what went through them. Exact. */
export interface OutputCounters {
  readonly stdoutLines: number;
  readonly stderrLines: number;
  readonly blendedLines: number;
  readonly stdoutDropped: number;
  readonly stderrDropped: number;
  readonly blendedDropped: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

/** All that can be said of a session at one moment. Times are epoch ms. */
export interface SessionSnapshot {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly state: SessionState;
  /** The leader's pid while it lives. */
  readonly pid: number | null;
  /** Number of the newest run, from 1. */
  readonly run: number;
  readonly createdAt: number;
  readonly firstStartedAt: number | null;
  readonly lastStartedAt: number | null;
  readonly lastEndedAt: number | null;
  /** Milliseconds of the current run by a clock that never jumps; null at rest. */
  readonly uptimeMs: number | null;
  readonly manualRestarts: number;
  readonly watchRestarts: number;
  /** What started the newest run, when that was a restart. */
  readonly lastRestartCause: StartCause | null;
  readonly fileChanges: number;
  readonly lastChangeAt: number | null;
  /** As the watch entry that caught it was given: relative to `cwd` where it lies below it. */
  readonly lastChangePath: string | null;
  readonly exit: ExitStatus | null;
  /** Why the newest run that ended did. */
  readonly lastEnd: EndCause | null;
  /** Why the command could not be started, opening with the system's code such as `ENOENT`. */
  readonly error: string | null;
  readonly leftBehind: readonly LeftBehind[];
  readonly watching: WatchStatus;
  readonly output: OutputCounters;
  /** Null for a session that runs in none. */
  readonly terminal: TerminalStatus | null;
  readonly policyRestarts: number;
  readonly healthRestarts: number;
  /** When its policy starts it again, in epoch ms; null when it does not wait for that. */
  readonly nextRestartAt: number | null;
  /** Why its policy starts it no more; null while it would, and without a policy. */
  readonly gaveUp: string | null;
  /** By what a start that was to follow was called off; null where none was. */
  readonly calledOff: CalledOff | null;
  /** At rest only since the daemon was stopped or the machine went down, as far as anyone knows. */
  readonly lost: boolean;
  readonly readiness: Readiness;
  /** Null without a health check. */
  readonly health: HealthStatus | null;
}
