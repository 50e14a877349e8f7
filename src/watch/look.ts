// Why a path is looked at, which decides what a difference means.

/** What changed before `since` (epoch ms) is learnt, not told. */
export interface Baseline {
  since: number;
}

/** `first`: an event was just seen. `settled`: it has been quiet since. */
export type Look = "first" | "settled" | Baseline;

/** A baseline that tells nothing. */
export const SILENT: Readonly<Baseline> = { since: Number.POSITIVE_INFINITY };

/** A baseline that tells everything. */
export const TOLD: Readonly<Baseline> = { since: Number.NEGATIVE_INFINITY };

/** The baseline a look is part of, if it is. */
export function baselineOf(look: Look): Baseline | undefined {
  return look === "first" || look === "settled" ? undefined : look;
}
