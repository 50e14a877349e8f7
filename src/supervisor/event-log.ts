// What happened, for whoever asks or follows. The store keeps it; this wakes those who wait. A
// follower is nothing but the seq it comes to next, so a slow one costs nothing.

import type { EventDraft, HistoryEvent } from "../domain/history.ts";

/** Where events are kept. */
export interface EventStore {
  /** Seq of the newest event there ever was; 0 before the first. */
  readonly last: number;
  append(event: EventDraft): number;
  since(seq: number, limit: number): EventPage;
  newest(limit: number): EventPage;
}

/** Events in order, and where to ask on. */
export interface EventPage {
  readonly events: readonly HistoryEvent[];
  readonly nextSeq: number;
}

/** Events that a follower is given at once, at most. */
const BATCH = 500;

export class EventLog {
  readonly #store: EventStore;
  readonly #followers = new Set<EventFollower>();

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** Keeps an event and wakes who follows. */
  append(event: EventDraft): void {
    this.#store.append(event);
    for (const follower of this.#followers) follower.wake();
  }

  /** The first `limit` events from `seq` on, inclusive. */
  since(seq: number, limit: number): EventPage {
    return this.#store.since(seq, limit);
  }

  /** The last `limit` events. */
  newest(limit: number): EventPage {
    return this.#store.newest(limit);
  }

  /** Follows from `seq` on; without one, from what comes next. */
  follow(seq: number = this.#store.last + 1): EventFollower {
    // A store that was made anew counts anew: what comes next is not to be waited past.
    const follower = new EventFollower(Math.min(seq, this.#store.last + 1), {
      read: (from) => this.#store.since(from, BATCH),
      onClose: () => this.#followers.delete(follower),
    });
    this.#followers.add(follower);
    return follower;
  }
}

export class EventFollower {
  readonly #source: { read(seq: number): EventPage; onClose(): void };
  #next: number;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(seq: number, source: { read(seq: number): EventPage; onClose(): void }) {
    this.#next = seq;
    this.#source = source;
  }

  /** The next events as soon as there are some; undefined once closed. */
  async next(): Promise<readonly HistoryEvent[] | undefined> {
    while (!this.#closed) {
      const page = this.#source.read(this.#next);
      this.#next = Math.max(this.#next, page.nextSeq);
      if (page.events.length > 0) return page.events;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return undefined;
  }

  /** Makes a waiting `next` look again. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Ends following; a waiting `next` answers undefined. */
  close(): void {
    this.#closed = true;
    this.#source.onClose();
    this.wake();
  }
}
