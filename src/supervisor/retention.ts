// How many sessions at rest are remembered. Each holds its rings, so they cannot be kept forever.

/** Sessions at rest that are kept with their output; the oldest beyond that are forgotten. */
export const KEPT_AT_REST = 100;

/**
 * Which sessions to forget, of those at rest in the order in which they came to rest: all but the
 * newest `keep`, and only those that `isDone` calls done with.
 */
export function forgettable<T>(
  rested: readonly T[],
  { keep, isDone }: { keep: number; isDone(session: T): boolean },
): readonly T[] {
  return rested.slice(0, Math.max(0, rested.length - keep)).filter(isDone);
}
