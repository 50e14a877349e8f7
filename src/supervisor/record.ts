// The books of a session: when runs began and ended, how often and why. Times come in as
// arguments: the wall clock for people, a steady one for durations, since the first may jump.

import type { SessionSnapshot, StartCause } from "../domain/session.ts";
import type { FileChange } from "./machinery.ts";

/** One moment by both clocks, in ms. */
export interface Moment {
  readonly wall: number;
  readonly steady: number;
}

/** What the books say of a session. */
export type RecordedFacts = Pick<
  SessionSnapshot,
  | "createdAt"
  | "firstStartedAt"
  | "lastStartedAt"
  | "lastEndedAt"
  | "uptimeMs"
  | "manualRestarts"
  | "watchRestarts"
  | "lastRestartCause"
  | "fileChanges"
  | "lastChangeAt"
  | "lastChangePath"
>;

export class SessionRecord {
  readonly #createdAt: number;
  #firstStartedAt: number | null = null;
  #lastStartedAt: number | null = null;
  #lastEndedAt: number | null = null;
  /** The steady clock when the run under way started. */
  #upSince: number | undefined;
  #manualRestarts = 0;
  #watchRestarts = 0;
  #lastRestartCause: StartCause | null = null;
  #fileChanges = 0;
  #lastChange: FileChange | undefined;

  constructor(createdAt: number) {
    this.#createdAt = createdAt;
  }

  /** A run is about to be spawned, whatever becomes of it. */
  begun(cause: StartCause): void {
    if (cause.kind === "manual") this.#manualRestarts += 1;
    if (cause.kind === "watch") this.#watchRestarts += 1;
    this.#lastRestartCause = cause.kind === "create" ? null : cause;
  }

  /** Its leader lives. */
  started(now: Moment): void {
    this.#firstStartedAt ??= now.wall;
    this.#lastStartedAt = now.wall;
    this.#upSince = now.steady;
  }

  /** Nothing of the run lives. Said again, or without a run, it changes nothing. */
  ended(now: Moment): void {
    if (this.#upSince === undefined) return;
    this.#lastEndedAt = now.wall;
    this.#upSince = undefined;
  }

  /** An effective file change was seen. */
  changed(change: FileChange): void {
    this.#fileChanges += 1;
    this.#lastChange = change;
  }

  /** What can be said at a moment of the steady clock. */
  facts(steady: number): RecordedFacts {
    return {
      createdAt: this.#createdAt,
      firstStartedAt: this.#firstStartedAt,
      lastStartedAt: this.#lastStartedAt,
      lastEndedAt: this.#lastEndedAt,
      uptimeMs:
        this.#upSince === undefined ? null : Math.max(0, Math.round(steady - this.#upSince)),
      manualRestarts: this.#manualRestarts,
      watchRestarts: this.#watchRestarts,
      lastRestartCause: this.#lastRestartCause,
      fileChanges: this.#fileChanges,
      lastChangeAt: this.#lastChange?.time ?? null,
      lastChangePath: this.#lastChange?.path ?? null,
    };
  }
}
