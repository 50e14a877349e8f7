// The sessions at rest, in the order in which they came to rest, and when each is forgotten: those
// beyond a number as soon as there are so many, those that are old at their own moment. One timer
// aims at the next such moment; with nothing at rest, nothing ticks.

import type { SessionSnapshot } from "../domain/session.ts";
import { forgettable, nextLook, prunable } from "./retention.ts";

/** What is asked of a session here. */
export interface Restable {
  isLive(): boolean;
  /** Nothing can start it again by itself, and nothing is left to be ended. */
  isIdle(): boolean;
  snapshot(): Pick<SessionSnapshot, "lastEndedAt" | "createdAt">;
}

export interface RestedOptions<T> {
  /** The newest so many stay. */
  readonly keep: number;
  /** For so long at most, in ms. */
  readonly keptForMs: number;
  forget(session: T): void;
}

export class Rested<T extends Restable> {
  readonly #options: RestedOptions<T>;
  /** Some may live again. */
  readonly #sessions = new Set<T>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: RestedOptions<T>) {
    this.#options = options;
  }

  /** A session came to rest. */
  add(session: T): void {
    this.#sessions.delete(session);
    this.#sessions.add(session);
    this.forgetOld();
  }

  /** Sessions that an earlier daemon left at rest. */
  restore(sessions: readonly T[]): void {
    const inOrder = sessions.toSorted((one, other) => restingSince(one) - restingSince(other));
    for (const session of inOrder) this.#sessions.add(session);
    this.forgetOld();
  }

  delete(session: T): void {
    this.#sessions.delete(session);
  }

  /** Those that are done with and at rest for at least so long, but for the newest `keep`. */
  prunable({ olderThanMs, keep }: { olderThanMs: number; keep: number }): T[] {
    return prunable(this.#atRest(), { keep, isOld: olderThan(olderThanMs), isDone });
  }

  /** Forgets those that are too many or too old now, and sees to it that the next one will be. */
  forgetOld(): void {
    const { keep, keptForMs, forget } = this.#options;
    const rules = { keep, isOld: olderThan(keptForMs), isDone };
    for (const session of forgettable(this.#atRest(), rules)) forget(session);
    this.#aim();
  }

  /** No session gets old from now on. */
  close(): void {
    clearTimeout(this.#timer);
    this.#closed = true;
  }

  #aim(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const since = this.#atRest().map(restingSince);
    const waitMs = nextLook(since, { keptForMs: this.#options.keptForMs, now: Date.now() });
    if (waitMs === undefined) return;
    this.#timer = setTimeout(() => this.forgetOld(), waitMs).unref();
  }

  /** In the order in which they came to rest. */
  #atRest(): readonly T[] {
    return [...this.#sessions].filter((session) => !session.isLive());
  }
}

function isDone(session: Restable): boolean {
  return session.isIdle();
}

function olderThan(ms: number): (session: Restable) => boolean {
  const now = Date.now();
  return (session) => now - restingSince(session) >= ms;
}

function restingSince(session: Restable): number {
  const { lastEndedAt, createdAt } = session.snapshot();
  return lastEndedAt ?? createdAt;
}
