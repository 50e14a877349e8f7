// What korun remembers of sessions, their runs and what happened to them: the words that the store
// keeps, the supervisor writes and the API shows. Plain data. Times are epoch ms by the wall clock,
// which may jump: nothing is ordered by them.

import type { HealthStatus } from "./checks.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type {
  EndCause,
  LogStream,
  OutputCounters,
  SessionSnapshot,
  SessionSpec,
  StartCause,
} from "./session.ts";

/** A session as it is kept: enough for the next daemon to go on with it. */
export interface SavedSession {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly state: Lifecycle;
  readonly books: Books;
  /** The newest run's leader, once there was one. */
  readonly leader: LeaderIdentity | null;
  /** The boot in which `state` and `leader` were true. */
  readonly bootId: string;
  readonly updatedAt: number;
}

/** With the id of the boot, names a process that is never mistaken for another. */
export interface LeaderIdentity {
  readonly pid: number;
  /** In the kernel's ticks. */
  readonly startTime: number;
}

/** The counts and times of a session that outlive the daemon. */
export type Books = Pick<
  SessionSnapshot,
  | "createdAt"
  | "firstStartedAt"
  | "lastStartedAt"
  | "lastEndedAt"
  | "manualRestarts"
  | "watchRestarts"
  | "lastRestartCause"
  | "fileChanges"
  | "lastChangeAt"
  | "lastChangePath"
  | "policyRestarts"
  | "healthRestarts"
> & {
  /** Restarts by the session's policy without a stable run between them. */
  readonly attempts: number;
  /** How long the last run lasted that has ended, in ms; null before one has. */
  readonly lastRunMs: number | null;
  readonly notes: RunNotes;
};

/** What was found out about the newest run while it ran. */
export interface RunNotes {
  /** When it was ready, in epoch ms. */
  readonly readyAt: number | null;
  /** The time of one of its readiness checks was over first. */
  readonly readyTimedOut: boolean;
  /** Its readiness checks that were met, by their place. */
  readonly met: readonly number[];
  /** Sockets that listened on the ports of its checks when it began, by inode; null: not noted. */
  readonly strangers: readonly number[] | null;
  readonly health: HealthStatus | null;
  /** What it was still waiting for when it ended, if it was never ready. */
  readonly waitedFor: readonly string[];
}

/** Of a run that has just begun. */
export const NO_NOTES: RunNotes = {
  readyAt: null,
  readyTimedOut: false,
  met: [],
  strangers: null,
  health: null,
  waitedFor: [],
};

/** One spawn of a session's command. */
export interface Run {
  /** From 1. */
  readonly number: number;
  /** Null until it is known, and for a command that could not be started. */
  readonly pid: number | null;
  readonly startTime: number | null;
  /** When its start was tried. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly exitCode: number | null;
  readonly termSignal: string | null;
  readonly cause: StartCause;
  /** Null while it lives. */
  readonly end: EndCause | null;
  /** The session's output before this run, and up to its end: the difference is its own. */
  readonly outputBefore: OutputTotals;
  readonly outputAfter: OutputTotals | null;
}

/** All that a session ever printed, up to some moment. */
export interface OutputTotals {
  readonly stdoutBytes: number;
  readonly stdoutLines: number;
  readonly stderrBytes: number;
  readonly stderrLines: number;
}

/** All that was ever printed: the entries made are those held and those dropped. */
export function totalsOf(output: OutputCounters): OutputTotals {
  return {
    stdoutBytes: output.stdoutBytes,
    stdoutLines: output.stdoutLines + output.stdoutDropped,
    stderrBytes: output.stderrBytes,
    stderrLines: output.stderrLines + output.stderrDropped,
  };
}

/** Something that happened, as it is told to whoever follows events. */
export type Happening =
  | { readonly type: "created"; readonly name: string | null; readonly command: readonly string[] }
  | { readonly type: "starting"; readonly run: number; readonly cause: StartCause }
  | { readonly type: "running"; readonly run: number; readonly pid: number }
  /** A later run than the first one runs. */
  | { readonly type: "restarted"; readonly run: number; readonly cause: StartCause }
  /** A new daemon found it alive. */
  | { readonly type: "adopted"; readonly run: number; readonly pid: number }
  | { readonly type: "stopping"; readonly run: number }
  | {
      readonly type: "exited";
      readonly run: number;
      readonly exitCode: number | null;
      readonly termSignal: string | null;
      readonly end: EndCause;
    }
  | { readonly type: "failed"; readonly run: number; readonly error: string }
  | { readonly type: "ready" | "healthy"; readonly run: number }
  /** It ran, and was not ready in time. */
  | { readonly type: "not_ready"; readonly run: number; readonly reason: string }
  | { readonly type: "unhealthy"; readonly run: number; readonly reason: string }
  /** The run is over, and its policy starts the next one after a while. */
  | {
      readonly type: "restart_scheduled";
      readonly run: number;
      readonly attempt: number;
      readonly delayMs: number;
    }
  /** The run is over, and its policy starts no other. */
  | { readonly type: "gave_up"; readonly run: number; readonly reason: string }
  | { readonly type: "removed" }
  | { readonly type: "watch_degraded"; readonly problem: string }
  | { readonly type: "watch_restored" }
  | { readonly type: "follower_lagged"; readonly stream: LogStream; readonly missed: number }
  | { readonly type: "daemon_started"; readonly pid: number; readonly version: string }
  | { readonly type: "daemon_stopping"; readonly reason: string };

/** A happening that has no seq yet. */
export type EventDraft = Happening & {
  readonly time: number;
  /** Null for what happened to the daemon. */
  readonly sessionId: string | null;
};

/** An event. `seq` is one counter over all sessions, never given twice and never going back. */
export type HistoryEvent = EventDraft & { readonly seq: number };
