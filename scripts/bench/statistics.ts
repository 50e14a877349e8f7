// Numbers from many measurements: medians, percentiles, and two things measured in turn.

/** The middle of some numbers. Throws when there are none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The number that a share of the values, from 0 to 1, does not exceed. Throws without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error("nothing was measured");
  return value;
}

/** What was measured of the one and of the other. */
export interface Pair {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

/** Measures two things in turn, so that what slows the machine for a while slows both. */
export async function inTurn(
  rounds: number,
  measure: { ours: () => number | Promise<number>; theirs: () => number | Promise<number> },
): Promise<Pair> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who comes first changes, since the first may find the machine in another state.
    if (round % 2 === 0) ours.push(await measure.ours());
    theirs.push(await measure.theirs());
    if (round % 2 !== 0) ours.push(await measure.ours());
  }
  return { ours, theirs };
}
