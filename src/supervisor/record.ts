// The books of a session: when runs began and ended, how often and why. Times come in as
// arguments: the wall clock for people, a steady one for durations, since the first may jump.

import type { PolicyContext } from "../domain/consult.ts";
import { type Books, NO_NOTES, type RunNotes } from "../domain/history.ts";
import { isStable, type RestartPolicy } from "../domain/restart-policy.ts";
import type { SessionSnapshot, StartCause } from "../domain/session.ts";
import type { FileChange } from "./machinery.ts";

/** One moment by both clocks, in ms. */
export interface Moment {
  readonly wall: number;
  readonly steady: number;
}

/** What of the books a snapshot shows, and how long the run has been up. */
export type RecordedFacts = Omit<Books, "attempts" | "lastRunMs" | "notes"> &
  Pick<SessionSnapshot, "uptimeMs">;

/** Which count a start adds one to; the first start is no restart. */
const COUNTS = {
  manual: "manualRestarts",
  watch: "watchRestarts",
  policy: "policyRestarts",
  health: "healthRestarts",
} as const satisfies Record<Exclude<StartCause["kind"], "create">, keyof Books>;

export class SessionRecord {
  #books: Books;
  /** The steady clock when the run under way started. */
  #upSince: number | undefined;
  /** When that run ended, if that was before this daemon. */
  #ended: Moment | undefined;

  constructor(createdAt: number) {
    this.#books = {
      createdAt,
      firstStartedAt: null,
      lastStartedAt: null,
      lastEndedAt: null,
      manualRestarts: 0,
      watchRestarts: 0,
      policyRestarts: 0,
      healthRestarts: 0,
      lastRestartCause: null,
      fileChanges: 0,
      lastChangeAt: null,
      lastChangePath: null,
      attempts: 0,
      lastRunMs: null,
      notes: NO_NOTES,
    };
  }

  /**
   * Goes on from the books of an earlier daemon. Of the run under way, if any: by the steady clock
   * when it started, and when it ended if that was before now.
   */
  static reopen(books: Books, run: { upSince?: number; ended?: Moment } = {}): SessionRecord {
    const record = new SessionRecord(books.createdAt);
    record.#books = books;
    record.#upSince = run.upSince;
    record.#ended = run.ended;
    return record;
  }

  /** What is to be kept of it. */
  books(): Books {
    return this.#books;
  }

  /** When the newest run that ended did. */
  get lastEndedAt(): number | null {
    return this.#books.lastEndedAt;
  }

  /** What a restart policy depends on. */
  past(): Pick<PolicyContext, "attempts" | "lastRunMs" | "everRan"> {
    const { attempts, lastRunMs, firstStartedAt } = this.#books;
    return { attempts, lastRunMs, everRan: firstStartedAt !== null };
  }

  /** What was found out about the newest run. */
  get notes(): RunNotes {
    return this.#books.notes;
  }

  /** More was found out about it. */
  noted(more: Partial<RunNotes>): void {
    this.#write({ notes: { ...this.#books.notes, ...more } });
  }

  /** A run is about to be spawned, whatever becomes of it. */
  begun(cause: StartCause, policy: RestartPolicy): void {
    const count = cause.kind === "create" ? undefined : COUNTS[cause.kind];
    if (count !== undefined) this.#write({ [count]: this.#books[count] + 1 });
    this.#write({
      attempts: this.#attemptsWith(cause, policy),
      lastRestartCause: cause.kind === "create" ? null : cause,
      notes: NO_NOTES,
    });
  }

  /** Its leader lives. */
  started(now: Moment): void {
    const firstStartedAt = this.#books.firstStartedAt ?? now.wall;
    this.#write({ firstStartedAt, lastStartedAt: now.wall });
    this.#upSince = now.steady;
  }

  /** Nothing of the run lives. Said again, or without a run, it changes nothing. */
  ended(now: Moment): void {
    if (this.#upSince === undefined) return;
    const { wall, steady } = this.#ended ?? now;
    const lastRunMs = Math.max(0, Math.round(steady - this.#upSince));
    this.#write({ lastEndedAt: wall, lastRunMs });
    this.#upSince = undefined;
    this.#ended = undefined;
  }

  /** An effective file change was seen. */
  changed({ time, path }: FileChange): void {
    const fileChanges = this.#books.fileChanges + 1;
    this.#write({ fileChanges, lastChangeAt: time, lastChangePath: path });
  }

  /** What can be said at a moment of the steady clock. */
  facts(steady: number): RecordedFacts {
    const { attempts: _, lastRunMs: __, notes: ___, ...facts } = this.#books;
    const upSince = this.#upSince;
    const uptimeMs = upSince === undefined ? null : Math.max(0, Math.round(steady - upSince));
    return { ...facts, uptimeMs };
  }

  /**
   * Whoever starts it on purpose, or changes its files, forgives what was before; so does a stable
   * run that its policy was not asked about.
   */
  #attemptsWith(cause: StartCause, policy: RestartPolicy): number {
    if (cause.kind === "policy") return cause.attempt;
    const { attempts, lastRunMs } = this.#books;
    return cause.kind === "health" && !isStable(policy, lastRunMs) ? attempts : 0;
  }

  #write(changes: Partial<Books>): void {
    this.#books = { ...this.#books, ...changes };
  }
}
