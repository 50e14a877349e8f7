// When a session that ended by itself is started again. Plain data and pure: what is to follow is
// computed from what has happened, and no clock is read here.

import { formatDuration } from "./duration.ts";

/** Which ends a policy answers: any, or only those that were failures. */
export type PolicyScope = "any" | "failure";

interface Common {
  readonly on: PolicyScope;
  /** A run that lasted so long forgives the restarts before it, in ms. */
  readonly resetAfterMs: number;
}

interface Counted {
  /** Restarts without a stable run between them, before giving up; undefined: no end. */
  readonly maxRestarts: number | undefined;
}

/** The four policies. Delays are in ms. */
export type RestartPolicy =
  | { readonly kind: "never" }
  | ({ readonly kind: "always" } & Common & Counted)
  | ({ readonly kind: "fixed"; readonly delayMs: number } & Common & Counted)
  | ({
      readonly kind: "exponential";
      readonly initialDelayMs: number;
      readonly maxDelayMs: number;
      /** At least 1. */
      readonly multiplier: number;
    } & Common &
      Counted);

/** A run that lasted so long is stable, in ms, unless the policy says otherwise. */
export const DEFAULT_RESET_AFTER_MS = 60_000;

export const NEVER_RESTART: RestartPolicy = { kind: "never" };

/** After a run shorter than this, in ms, a policy that asks for no pause at all … */
export const SHORT_RUN_MS = 1_000;

/** … waits so long, in ms: what ends at once, again and again, costs next to nothing. */
export const FLOOR_MS = 1_000;

/** So many restarts in a row keep any delay that was said, … */
export const KEPT_DELAYS = 10;

/**
 * … and those after them begin so long after the run before them did, in ms, as does each one for
 * bad health: ten starts a second, and no more.
 */
export const LEAST_PERIOD_MS = 100;

/** The end of a run, and what came before it. */
export interface EndFacts {
  /** It ended in another way than with exit code 0. */
  readonly failed: boolean;
  /** How long it lasted by a steady clock, in ms; null for one that could not be started. */
  readonly ranMs: number | null;
  /** Some run of the session could be started. */
  readonly everRan: boolean;
  /** Restarts by the policy without a stable run between them. */
  readonly attempts: number;
}

/** What a policy makes of an end: a restart after so many ms, its `attempt` counted from 1. */
export type NextRestart =
  | { readonly delayMs: number; readonly attempt: number }
  /** No further one, and why. */
  | { readonly gaveUp: string };

/** What is to follow; undefined for an end that the policy does not answer. */
export function nextRestart(policy: RestartPolicy, facts: EndFacts): NextRestart | undefined {
  if (policy.kind === "never" || (policy.on === "failure" && !facts.failed)) return undefined;
  // What never ran is a mistake in the command, and would be one again.
  if (!facts.everRan) return { gaveUp: "its command could not be started even once" };
  const { maxRestarts, resetAfterMs } = policy;
  const attempts = isStable(policy, facts.ranMs) ? 0 : facts.attempts;
  if (maxRestarts !== undefined && attempts >= maxRestarts) {
    return { gaveUp: exhausted(attempts, resetAfterMs) };
  }
  const attempt = attempts + 1;
  const delayMs = pauseOf(policy, attempt);
  const ranMs = facts.ranMs ?? 0;
  if (delayMs === 0 && ranMs < SHORT_RUN_MS) return { attempt, delayMs: FLOOR_MS };
  // Whoever forgives that soon never comes to count.
  const spins = attempt > KEPT_DELAYS || resetAfterMs < LEAST_PERIOD_MS;
  const leastMs = spins ? Math.ceil(LEAST_PERIOD_MS - ranMs) : 0;
  return { attempt, delayMs: Math.max(delayMs, leastMs) };
}

/** Whether a run that lasted so long, in ms, forgives the restarts before it. */
export function isStable(policy: RestartPolicy, ranMs: number | null): boolean {
  return policy.kind !== "never" && ranMs !== null && ranMs >= policy.resetAfterMs;
}

function pauseOf(policy: Exclude<RestartPolicy, { kind: "never" }>, attempt: number): number {
  switch (policy.kind) {
    case "always":
      return 0;
    case "fixed":
      return policy.delayMs;
    case "exponential": {
      const { initialDelayMs, maxDelayMs, multiplier } = policy;
      // Of 0, even an infinite multiple is 0.
      if (initialDelayMs === 0) return 0;
      return Math.min(Math.round(initialDelayMs * multiplier ** (attempt - 1)), maxDelayMs);
    }
    default:
      return policy satisfies never;
  }
}

function exhausted(attempts: number, resetAfterMs: number): string {
  if (attempts === 0) return "its policy allows no restart";
  const often = attempts === 1 ? "once" : `${attempts} times in a row`;
  return `it was restarted ${often}, and no run lasted ${formatDuration(resetAfterMs)}`;
}
