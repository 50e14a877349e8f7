// Those who wait until what was asked of a session, or what replaced it, is reached.

import type { SessionSnapshot } from "../domain/session.ts";

export class Waiters {
  #waiting: ((snapshot: SessionSnapshot) => void)[] = [];

  /** Resolves the next time that it is reached. */
  join(): Promise<SessionSnapshot> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Tells all of them. */
  resolve(snapshot: () => SessionSnapshot): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const now = snapshot();
    for (const resolve of waiting) resolve(now);
  }
}
