// Entries of one or two rings in the order of their seq: a range of numbers in each, and a walk
// that always takes the smaller seq. With one ring the merge is the ring itself.

import type { Entry } from "./entry.ts";
import type { RingReader } from "./ring-reader.ts";

/** A half-open range of entry numbers of one ring. */
interface Range {
  readonly ring: RingReader;
  next: number;
  end: number;
}

export class Merge {
  readonly #ranges: readonly Range[];

  private constructor(ranges: readonly Range[]) {
    this.#ranges = ranges;
  }

  /** Everything held in the rings with a seq below `until`. */
  static of(rings: readonly RingReader[], until: number): Merge {
    return new Merge(rings.map((ring) => ({ ring, next: ring.first, end: ring.search(until) })));
  }

  /** How many entries there are. */
  get length(): number {
    return this.#ranges.reduce((sum, range) => sum + Math.max(0, range.end - range.next), 0);
  }

  /** Number of the first entry, for each ring. */
  starts(): number[] {
    return this.#ranges.map((range) => range.next);
  }

  /** The last `limit` of these entries. */
  newest(limit: number): Merge {
    const starts = this.#ranges.map((range) => range.end);
    if (this.length <= limit) return this;
    for (let taken = 0; taken < limit; taken += 1) {
      let newest = -1;
      let newestSeq = -1;
      for (const [index, range] of this.#ranges.entries()) {
        const start = starts[index] ?? range.end;
        if (start <= range.next) continue;
        const seq = range.ring.seqOf(start - 1);
        if (seq > newestSeq) {
          newest = index;
          newestSeq = seq;
        }
      }
      const start = starts[newest];
      if (start === undefined) break;
      starts[newest] = start - 1;
    }
    return new Merge(
      this.#ranges.map((range, index) => ({ ...range, next: starts[index] ?? range.end })),
    );
  }

  /** Those of these entries whose seq is at least `seq`. */
  since(seq: number): Merge {
    return new Merge(
      this.#ranges.map((range) => ({
        ...range,
        next: Math.min(range.end, range.ring.search(seq, range.next)),
      })),
    );
  }

  /** Copies of the first entries, at most `limit`, leaving out what was dropped meanwhile. */
  take(limit: number): Entry[] {
    const entries: Entry[] = [];
    while (entries.length < limit) {
      const range = this.#lowest();
      if (range === undefined) break;
      const entry = range.ring.read(range.next);
      range.next += 1;
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  #lowest(): Range | undefined {
    let lowest: Range | undefined;
    let lowestSeq = Number.POSITIVE_INFINITY;
    for (const range of this.#ranges) {
      if (range.next >= range.end) continue;
      const seq = range.ring.seqOf(range.next);
      if (seq < lowestSeq) {
        lowest = range;
        lowestSeq = seq;
      }
    }
    return lowest;
  }
}
