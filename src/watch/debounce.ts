// When a burst of changes is over: quiet for a while after the last one, but never put off beyond
// a ceiling after the first, and held while the repository is being written. Time is given.

/** Longest a burst is put off after its first change, in ms. */
export const CEILING_MS = 5_000;

/** How soon to ask again whether a hold is over, in ms. */
const HOLD_STEP_MS = 25;

export interface Burst {
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface Moment {
  readonly now: number;
  readonly quietMs: number;
  /** Asked only when the burst would be over: whether something says that more is to come. */
  readonly isHeld: () => boolean;
}

/** A burst with one more change in it. */
export function extend(burst: Burst | undefined, now: number): Burst {
  return { firstAt: burst?.firstAt ?? now, lastAt: now };
}

/** How long to wait before asking again, in ms. 0: the burst is over. */
export function waitFor(burst: Burst, moment: Moment): number {
  const ceiling = burst.firstAt + CEILING_MS - moment.now;
  if (ceiling <= 0) return 0;
  const quiet = burst.lastAt + moment.quietMs - moment.now;
  if (quiet > 0) return Math.min(quiet, ceiling);
  return moment.isHeld() ? Math.min(HOLD_STEP_MS, ceiling) : 0;
}
