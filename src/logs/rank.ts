// The number in its ring that belongs to a seq, also where the entry of that seq is gone: so what
// was dropped from there on can be counted. Since one counter numbers the entries of both rings,
// exactly `seq - 1` entries come before a seq: what one ring no longer knows, the other can tell.

import type { RingReader } from "./ring-reader.ts";

/**
 * How many entries of `ring` there ever were with a seq below `seq`. Exact while either ring holds
 * its entries around there; where both have dropped them it may be too low, by at most what `other`
 * dropped from there on.
 */
export function rankOf(
  seq: number,
  { ring, other }: { readonly ring: RingReader; readonly other: RingReader },
): number {
  const number = ring.search(seq);
  // Known, since the entry before it is held and has a lower seq.
  if (number > ring.first) return number;
  return Math.min(number, Math.max(0, seq - 1 - other.search(seq)));
}
