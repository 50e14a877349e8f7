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
  | "policyRestarts"
  | "healthRestarts"
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
  /** When that run ended, if that was before this daemon. */
  #ended: Moment | undefined;
  #manualRestarts = 0;
  #watchRestarts = 0;
  #policyRestarts = 0;
  #healthRestarts = 0;
  #attempts = 0;
  #lastRunMs: number | null = null;
  #lastRestartCause: StartCause | null = null;
  #fileChanges = 0;
  #lastChangeAt: number | null = null;
  #lastChangePath: string | null = null;
  #notes: RunNotes = NO_NOTES;

  constructor(createdAt: number) {
    this.#createdAt = createdAt;
  }

  /**
   * Goes on from the books of an earlier daemon. Of the run under way, if any: by the steady clock
   * when it started, and when it ended if that was before now.
   */
  static reopen(books: Books, run: { upSince?: number; ended?: Moment } = {}): SessionRecord {
    const record = new SessionRecord(books.createdAt);
    record.#firstStartedAt = books.firstStartedAt;
    record.#lastStartedAt = books.lastStartedAt;
    record.#lastEndedAt = books.lastEndedAt;
    record.#manualRestarts = books.manualRestarts;
    record.#watchRestarts = books.watchRestarts;
    record.#policyRestarts = books.policyRestarts;
    record.#healthRestarts = books.healthRestarts;
    record.#attempts = books.attempts;
    record.#lastRunMs = books.lastRunMs;
    record.#lastRestartCause = books.lastRestartCause;
    record.#fileChanges = books.fileChanges;
    record.#lastChangeAt = books.lastChangeAt;
    record.#lastChangePath = books.lastChangePath;
    record.#notes = books.notes;
    record.#upSince = run.upSince;
    record.#ended = run.ended;
    return record;
  }

  /** What is to be kept of it. */
  books(): Books {
    const { uptimeMs: _, ...books } = this.facts(0);
    const attempts = this.#attempts;
    return { ...books, attempts, lastRunMs: this.#lastRunMs, notes: this.#notes };
  }

  /** What a restart policy depends on. */
  past(): Pick<PolicyContext, "attempts" | "lastRunMs" | "everRan"> {
    const everRan = this.#firstStartedAt !== null;
    return { attempts: this.#attempts, lastRunMs: this.#lastRunMs, everRan };
  }

  /** What was found out about the newest run. */
  get notes(): RunNotes {
    return this.#notes;
  }

  /** More was found out about it. */
  noted(more: Partial<RunNotes>): void {
    this.#notes = { ...this.#notes, ...more };
  }

  /** A run is about to be spawned, whatever becomes of it. */
  begun(cause: StartCause, policy: RestartPolicy): void {
    if (cause.kind === "manual") this.#manualRestarts += 1;
    if (cause.kind === "watch") this.#watchRestarts += 1;
    if (cause.kind === "policy") this.#policyRestarts += 1;
    if (cause.kind === "health") this.#healthRestarts += 1;
    // Whoever starts it on purpose, or changes its files, forgives what was before; so does a stable
    // run that its policy was not asked about.
    if (cause.kind === "policy") this.#attempts = cause.attempt;
    else if (cause.kind !== "health" || isStable(policy, this.#lastRunMs)) this.#attempts = 0;
    this.#lastRestartCause = cause.kind === "create" ? null : cause;
    this.#notes = NO_NOTES;
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
    const { wall, steady } = this.#ended ?? now;
    this.#lastEndedAt = wall;
    this.#lastRunMs = Math.max(0, Math.round(steady - this.#upSince));
    this.#upSince = undefined;
    this.#ended = undefined;
  }

  /** An effective file change was seen. */
  changed(change: FileChange): void {
    this.#fileChanges += 1;
    this.#lastChangeAt = change.time;
    this.#lastChangePath = change.path;
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
      policyRestarts: this.#policyRestarts,
      healthRestarts: this.#healthRestarts,
      lastRestartCause: this.#lastRestartCause,
      fileChanges: this.#fileChanges,
      lastChangeAt: this.#lastChangeAt,
      lastChangePath: this.#lastChangePath,
    };
  }
}
