// How many sessions at rest are remembered, and for how long. Each holds its rings on disk, so they
// cannot be kept forever.

import { LONGEST_TIMER_MS } from "../domain/duration.ts";

/** Sessions at rest that are kept with their output; the oldest beyond that are forgotten. */
export const KEPT_AT_REST = 100;

/** How long a session is kept at rest, in ms. */
export const KEPT_FOR_MS = 30 * 86_400_000;

/** What decides about sessions at rest. */
interface Rules<T> {
  /** The newest so many. */
  readonly keep: number;
  readonly isOld: (session: T) => boolean;
  /** Nothing can start it again, and nothing is left to be ended. */
  readonly isDone: (session: T) => boolean;
}

/**
 * Which sessions to forget, of those at rest in the order in which they came to rest: all but the
 * newest `keep`, and those that are old; and only those that are done with.
 */
export function forgettable<T>(rested: readonly T[], rules: Rules<T>): readonly T[] {
  const { keep, isOld, isDone } = rules;
  const excess = rested.length - keep;
  return rested.filter((session, place) => (place < excess || isOld(session)) && isDone(session));
}

/** Which to forget when somebody asks: of all but the newest `keep`, those that are old. */
export function prunable<T>(rested: readonly T[], rules: Rules<T>): T[] {
  const { keep, isOld, isDone } = rules;
  const excess = rested.length - keep;
  return rested.filter((session, place) => place < excess && isOld(session) && isDone(session));
}

/** When to look again at a session that is old and not done with, in ms: it is in no hurry. */
const LOOK_AGAIN_MS = 3_600_000;

/**
 * How long until one of the sessions at rest should be looked at, in ms: when the next one gets
 * old. `since` when each is at rest, as `now` in epoch ms. Undefined while none is.
 */
export function nextLook(
  since: readonly number[],
  { keptForMs, now }: { keptForMs: number; now: number },
): number | undefined {
  const waits = since.map((began) => {
    const left = began + keptForMs - now;
    return left > 0 ? left : LOOK_AGAIN_MS;
  });
  return waits.length === 0 ? undefined : Math.min(...waits, LONGEST_TIMER_MS);
}
