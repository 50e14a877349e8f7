// Entries of one or two rings in the order of their seq: a range of numbers in each, and a walk
// that always takes the smaller seq. With one ring the merge is the ring itself. The rings may drop
// entries while they are walked; what a range has lost is passed over and counted.

import type { Entry } from "./entry.ts";
import type { RingReader } from "./ring-reader.ts";

/** A half-open range of entry numbers of one ring. */
interface Range {
  readonly ring: RingReader;
  next: number;
  readonly end: number;
}

/** How much to take at once. */
export interface Portion {
  readonly entries: number;
  /** Nothing more once so many bytes are taken. */
  readonly bytes?: number;
}

export class Merge {
  readonly #ranges: readonly Range[];
  readonly #until: number;
  #lost = 0;

  private constructor(ranges: readonly Range[], until: number) {
    this.#ranges = ranges;
    this.#until = until;
  }

  /** Everything held in the rings with a seq below `until`. */
  static of(rings: readonly RingReader[], until: number): Merge {
    const ranges = rings.map((ring) => ({ ring, next: ring.first, end: ring.search(until) }));
    return new Merge(ranges, until);
  }

  /** What has a seq below `until`, from a number on for each ring, whether it is held or not. */
  static from(
    rings: readonly RingReader[],
    { starts, until }: { readonly starts: readonly number[]; readonly until: number },
  ): Merge {
    const ranges = rings.map((ring, index) => {
      const next = starts[index] ?? 0;
      return { ring, next, end: Math.max(next, ring.search(until)) };
    });
    return new Merge(ranges, until);
  }

  /** How many entries there are. */
  get length(): number {
    return this.#ranges.reduce((sum, { next, end }) => sum + Math.max(0, end - next), 0);
  }

  /** Entries that were dropped before they were taken, so far. */
  get lost(): number {
    return this.#lost;
  }

  /** Number of the first entry, for each ring. */
  starts(): number[] {
    return this.#ranges.map(({ next }) => next);
  }

  /** Calls back with each ring and the number of its first entry. */
  eachStart(visit: (ring: RingReader, next: number) => void): void {
    for (const { ring, next } of this.#ranges) visit(ring, next);
  }

  /** Seq of the first entry that is held. */
  firstSeq(): number | undefined {
    const range = this.#lowest();
    return range?.ring.seqOf(range.next);
  }

  /** The last `limit` of these entries. */
  newest(limit: number): Merge {
    if (this.length <= limit) return this;
    let low = 0;
    let high = this.#until;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.since(middle).length > limit) low = middle + 1;
      else high = middle;
    }
    return this.since(low);
  }

  /** Those of these entries that are held and whose seq is at least `seq`. */
  since(seq: number): Merge {
    const ranges = this.#ranges.map(({ ring, next, end }) => {
      return { ring, next: Math.min(end, ring.search(seq, next)), end };
    });
    return new Merge(ranges, this.#until);
  }

  /** Those of these entries that are held and were written by one run. */
  ofRun(run: number): Merge {
    const ranges = this.#ranges.map(({ ring, next, end }) => {
      const start = Math.min(end, Math.max(next, ring.searchRun(run)));
      return { ring, next: start, end: Math.min(end, Math.max(start, ring.searchRun(run + 1))) };
    });
    return new Merge(ranges, this.#until);
  }

  /**
   * Copies of the first entries. Fewer than there are where some were dropped in between: what
   * follows the gap is for the next call.
   */
  take({ entries: limit, bytes = Number.POSITIVE_INFINITY }: Portion): Entry[] {
    const entries: Entry[] = [];
    let size = 0;
    while (entries.length < limit && size < bytes) {
      if (this.#isTorn()) {
        if (entries.length > 0) break;
        this.#passOver();
      }
      const range = this.#lowest();
      if (range === undefined) break;
      const entry = range.ring.read(range.next);
      // Dropped just now: the next look finds the gap.
      if (entry === undefined) continue;
      range.next += 1;
      size += entry.bytes.length;
      entries.push(entry);
    }
    return entries;
  }

  /** A ring no longer holds what is to be taken from it next. */
  #isTorn(): boolean {
    for (const { ring, next, end } of this.#ranges) {
      if (next < end && next < ring.first) return true;
    }
    return false;
  }

  #passOver(): void {
    for (const range of this.#ranges) {
      const next = Math.max(range.next, Math.min(range.ring.first, range.end));
      this.#lost += next - range.next;
      range.next = next;
    }
  }

  /** Of an entry that was dropped meanwhile the seq is not known: it has to be looked at next. */
  #lowest(): Range | undefined {
    let lowest: Range | undefined;
    let lowestSeq = Number.POSITIVE_INFINITY;
    for (const range of this.#ranges) {
      if (range.next >= range.end) continue;
      const seq = range.ring.seqOf(range.next) ?? 0;
      if (seq < lowestSeq) {
        lowest = range;
        lowestSeq = seq;
      }
    }
    return lowest;
  }
}
