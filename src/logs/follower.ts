// One reader that stays: history first, then live, each entry once and none in between left out.
// A follower is nothing but its place in the rings. It is asked for more when its reader can take
// more, so one that stops reading costs this object and slows nobody; what the rings dropped
// meanwhile is counted from the entry numbers, exactly.

import type { LogStream } from "../domain/session.ts";
import type { Entry } from "./entry.ts";
import { Merge, type Portion } from "./merge.ts";
import type { RingReader } from "./ring-reader.ts";

/** Where to start following. */
export interface FollowQuery {
  readonly stream: LogStream;
  /** `newest`: the last `limit` entries are the history; `sinceSeq`: all from there on. */
  readonly from: "newest" | { readonly sinceSeq: number };
  readonly limit: number;
}

/** What is new since the batch before: at least one entry. */
export interface FollowBatch {
  /** Entries that were dropped before this follower came to them. */
  readonly missed: number;
  /** Following from here on would give what comes after this batch. */
  readonly nextSeq: number;
  readonly entries: readonly Entry[];
}

/** What a follower needs of its session. */
export interface FollowSource {
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
}

/** One batch, about: enough to be quick, few enough to be fair. */
const BATCH: Portion = { entries: 2_000, bytes: 262_144 };

export class Follower {
  readonly #source: FollowSource;
  /** Number of the next entry, for each ring. */
  #next: readonly number[];
  /** Missed and not told yet. */
  #missed: number;
  /** Where it is over, once it has been told to finish. */
  #until = Number.POSITIVE_INFINITY;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(source: FollowSource) {
    this.#source = source;
    this.#next = source.starts;
    this.#missed = source.missed;
  }

  /** The next entries as soon as there are some; undefined when it is over or was closed. */
  async next(): Promise<FollowBatch | undefined> {
    for (;;) {
      if (this.#closed) return undefined;
      // Asked before looking: what is settled now was read to its end below.
      const over = this.#source.isOver() || Number.isFinite(this.#until);
      this.#source.sequence.arm();
      const batch = this.#read();
      if (batch !== undefined) return batch;
      if (over) {
        this.close();
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
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

  /** Ends following; a waiting `next` answers undefined. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#source.onClose();
    this.wake();
  }

  #read(): FollowBatch | undefined {
    const until = Math.min(this.#source.sequence.sequence, this.#until);
    const merge = Merge.from(this.#source.rings, { starts: this.#next, until });
    const entries = merge.take(BATCH);
    this.#next = merge.starts();
    this.#missed += merge.lost;
    const last = entries.at(-1);
    // Entries are dropped only for newer ones: what was missed is told with the first of those.
    if (last === undefined) return undefined;
    const missed = this.#missed;
    this.#missed = 0;
    return { missed, nextSeq: last.seq + 1, entries };
  }
}
