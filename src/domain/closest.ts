// The known word that a typo most likely meant.

/** The closest of `known`, or undefined when none is close enough to be what was meant. */
export function closest(typed: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((word) => ({ word, distance: distanceBetween(typed, word) }))
    .sort((one, other) => one.distance - other.distance);
  const best = ranked[0];
  if (best === undefined) return undefined;
  const start =
    typed.replace(/^-+/, "").length >= 3 && known.find((word) => word.startsWith(typed));
  if (start) return start;
  const length = best.word.replace(/^-+/, "").length;
  return length > 1 && best.distance <= Math.max(1, Math.floor(length / 3)) ? best.word : undefined;
}

/** Edits (insert, delete, replace, swap of neighbours) that make one word of the other. */
function distanceBetween(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1];
      const replaced = at(last, j - 1) + (same ? 0 : 1);
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swap = swapped && i > 1 ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced, swap));
    }
    beforeLast = last;
    last = row;
  }
  return at(last, other.length);
}

function at(row: readonly number[], place: number): number {
  return row[place] ?? Number.POSITIVE_INFINITY;
}
