// One reader that stays: history first, then live, each entry once and none in between left out.
// A follower is nothing but its place in the rings. It is asked for more when its reader can take
// more, so one that stops reading costs this object and slows nobody; what the rings dropped
// meanwhile is counted from the entry numbers, exactly.

import type { LogStream } from "../domain/session.ts";
import type { Entry } from "./entry.ts";
import { Merge } from "./merge.ts";
import type { RingReader } from "./ring-reader.ts";

/** Where to start following. */
export interface FollowQuery {
  readonly stream: LogStream;
  /** `newest`: the last `limit` entries are the history; `sinceSeq`: all from there on. */
  readonly from: "newest" | { readonly sinceSeq: number };
  readonly limit: number;
}

/** What is new since the batch before. */
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
  /** The session is at rest and nothing can revive it by itself. */
  isOver(): boolean;
  onClose(): void;
}

/** Entries and bytes of one batch, about: enough to be quick, few enough to be fair. */
const BATCH_ENTRIES = 2_000;
const BATCH_BYTES = 262_144;

export class Follower {
  readonly #source: FollowSource;
  /** Number of the next entry, for each ring. */
  readonly #next: number[];
  /** Dropped between a `sinceSeq` and the first entry held, to be told first. */
  #missedBefore = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(query: FollowQuery, source: FollowSource) {
    this.#source = source;
    const until = source.sequence.sequence;
    const held = Merge.of(source.rings, until);
    if (query.from === "newest") {
      this.#next = held.newest(query.limit).starts();
    } else {
      const since = query.from.sinceSeq;
      this.#next = source.rings.map((ring) => ring.search(since));
      const first = source.rings.map((ring) => ring.first);
      if (this.#next.every((number, index) => number === first[index])) {
        this.#missedBefore = missedBefore(source.rings, since);
      }
    }
  }

  /** The next entries as soon as there are some; undefined when it is over or was closed. */
  async next(): Promise<FollowBatch | undefined> {
    for (;;) {
      if (this.#closed) return undefined;
      // Asked before looking: what is settled now was read to its end below.
      const over = this.#source.isOver();
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
    const until = this.#source.sequence.sequence;
    const { rings } = this.#source;
    const ends = rings.map((ring) => ring.search(until));
    const entries: Entry[] = [];
    let missed = this.#missedBefore;
    this.#missedBefore = 0;
    let bytes = 0;
    while (entries.length < BATCH_ENTRIES && bytes < BATCH_BYTES) {
      missed += this.#skipDropped();
      const index = this.#lowest(ends);
      const ring = rings[index];
      const number = this.#next[index];
      if (ring === undefined || number === undefined) break;
      const entry = ring.read(number);
      // Dropped while it was read: counted by the next look.
      if (entry === undefined) continue;
      this.#next[index] = number + 1;
      bytes += entry.bytes.length;
      entries.push(entry);
    }
    const last = entries.at(-1);
    if (last === undefined && missed === 0) return undefined;
    return { missed, nextSeq: last === undefined ? until : last.seq + 1, entries };
  }

  #skipDropped(): number {
    let skipped = 0;
    for (const [index, ring] of this.#source.rings.entries()) {
      const next = this.#next[index] ?? 0;
      const first = ring.first;
      if (first <= next) continue;
      skipped += first - next;
      this.#next[index] = first;
    }
    return skipped;
  }

  #lowest(ends: readonly number[]): number {
    let lowest = -1;
    let lowestSeq = Number.POSITIVE_INFINITY;
    for (const [index, ring] of this.#source.rings.entries()) {
      const next = this.#next[index] ?? 0;
      if (next >= (ends[index] ?? 0)) continue;
      const seq = ring.seqOf(next);
      if (seq < lowestSeq) {
        lowest = index;
        lowestSeq = seq;
      }
    }
    return lowest;
  }
}

/** Entries from `since` to the oldest held that the rings no longer have. */
function missedBefore(rings: readonly RingReader[], since: number): number {
  const dropped = rings.reduce((sum, ring) => sum + ring.first, 0);
  const oldest = Math.min(
    ...rings.filter((ring) => ring.first < ring.count).map((ring) => ring.seqOf(ring.first)),
  );
  if (!Number.isFinite(oldest)) return 0;
  return Math.min(dropped, Math.max(0, oldest - Math.max(1, since)));
}
