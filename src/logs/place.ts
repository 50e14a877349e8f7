// One reader's place in the rings of a session, and its waiting there for more. That is all a reader
// is: it is asked for more when it can take more, so one that stops reading costs this object and
// slows nobody. What the rings dropped meanwhile is counted from the entry numbers, exactly.

import type { Entry } from "./entry.ts";
import { Merge, type Portion } from "./merge.ts";
import type { RingReader } from "./ring-reader.ts";
import { isSliceOver, nextSlice } from "./turn.ts";

/** What a place needs of its session. */
export interface PlaceSource {
  readonly rings: readonly RingReader[];
  /** The ring that carries the session's sequence and is armed for a wake. */
  readonly sequence: RingReader;
  /** Number of the first entry to give, for each ring. */
  readonly starts: readonly number[];
  /** Entries before those that were asked for and are gone. */
  readonly missed: number;
  /** The session is at rest and nothing can revive it by itself. */
  isOver(): boolean;
  onClose(): void;
  /** The reader comes back for these entries, by number for each ring: those before are taken. */
  onReached?(next: readonly number[]): void;
}

/** The next entries from a place on. */
export interface Taken {
  readonly entries: readonly Entry[];
  /** There is more to take at once. */
  readonly hasMore: boolean;
}

export class Place {
  readonly #source: PlaceSource;
  /** Number of the next entry, for each ring. */
  #next: readonly number[];
  /** Missed and not told yet. */
  #missed: number;
  /** Where it is over, once it has been told to finish. */
  #until = Number.POSITIVE_INFINITY;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(source: PlaceSource) {
    this.#source = source;
    this.#next = source.starts;
    this.#missed = source.missed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What `look` finds, as soon as it finds something; undefined when it is over or was closed. */
  async next<Found>(look: () => Found | undefined): Promise<Found | undefined> {
    for (;;) {
      // Those who wait for the same line are all woken at once.
      if (isSliceOver()) await nextSlice();
      if (this.#closed) return undefined;
      // Asked before looking: what is settled now was read to its end below.
      const isLast = this.#source.isOver() || Number.isFinite(this.#until);
      this.#source.sequence.arm();
      const found = look();
      if (found !== undefined) return found;
      if (isLast) {
        this.close();
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Takes the next entries, and goes on behind them. */
  take(portion: Portion): Taken {
    this.#source.onReached?.(this.#next);
    const until = Math.min(this.#source.sequence.sequence, this.#until);
    const merge = Merge.from(this.#source.rings, { starts: this.#next, until });
    const entries = merge.take(portion);
    this.#next = merge.starts();
    this.#missed += merge.lost;
    return { entries, hasMore: merge.length > 0 };
  }

  /** How many entries were missed; told once. */
  tellMissed(): number {
    const missed = this.#missed;
    this.#missed = 0;
    return missed;
  }

  /** Number of the next entry of a ring, by its index. */
  nextOf(ring: number): number {
    return this.#next[ring] ?? 0;
  }

  /** Waits for nothing any more: what is there is still given, and then it is over. */
  finish(): void {
    this.#until = this.#source.sequence.sequence;
    this.wake();
  }

  /** Makes a waiting `next` look again. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Ends it; a waiting `next` answers undefined. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#source.onClose();
    this.wake();
  }
}
