// Whoever looks after a run beside the lifecycle: whether it is ready and well, and whether it keeps
// its limits. An attendant sees runs begin and end, and may ask for one of two acts; it never holds
// a session up. A new one is a file beside its peers and a line where the daemon lists them.

import type { Happening, RunNotes } from "../../domain/history.ts";
import type {
  HealthCause,
  LimitCause,
  SessionSnapshot,
  SessionSpec,
} from "../../domain/session.ts";
import type { SessionLog } from "../../logs/session-log.ts";
import type { Leader } from "../machinery.ts";

/** One session's, made with it, for all of its runs. Nothing here may throw or wait. */
export interface Attendant {
  /** A run is under way: just started, or found alive by a new daemon. */
  began(run: AttendedRun): void;
  /** The run is over, or is being ended. Never said of a run that did not begin. */
  ended(): void;
  /** The session is forgotten, or another daemon's from now on. */
  close(): void;
  /** What it has to say of the session now. */
  status?(): AttendantStatus;
}

export interface AttendedRun {
  /** From 1. */
  readonly number: number;
  /** It may have ended before others of its process group. */
  readonly leader: Leader;
  /** How long ago it started, in ms: 0 for one that was just started. */
  readonly startedAgoMs: number;
}

/** What attendants contribute to a snapshot. */
export type AttendantStatus = Partial<Pick<SessionSnapshot, "readiness" | "health">>;

/** A happening of a run that an attendant tells of. */
export type AttendantHappening = Extract<
  Happening,
  { type: "ready" | "not_ready" | "healthy" | "unhealthy" }
>;

/** What an attendant is given of its session. */
export interface Charge {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly log: SessionLog;
  /** What is known of the newest run, by an earlier daemon too; each run begins with nothing. */
  notes(): RunNotes;
  /** Keeps more of it for the next daemon. */
  note(more: Partial<RunNotes>): void;
  tell(happening: AttendantHappening): void;
  /** Restarts the run, if nobody has asked for its end meanwhile. */
  restartBecause(cause: HealthCause): void;
  /** Ends the run gracefully, as a failure: what would start it again after one does. */
  finishBecause(cause: LimitCause): void;
  /** Takes what went wrong, for the daemon's log. */
  report(what: string, cause: unknown): void;
}

/** Makes a session's attendant; undefined for a session that does not need one. */
export type MakeAttendant = (charge: Charge) => Attendant | undefined;
