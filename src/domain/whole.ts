// Numbers of things that are counted in whole ones.

/** The nearest whole number; undefined for one that is negative, infinite or too large to be exact. */
export function whole(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) && value >= 0 ? rounded : undefined;
}
