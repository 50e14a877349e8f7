// When a session that ended by itself is started again. Plain data and pure: what is to follow is
// computed from what has happened, and no clock is read here.

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
