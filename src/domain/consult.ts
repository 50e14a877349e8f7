// Where the lifecycle asks the restart policy: a session comes to rest, and nobody wanted that.

import type { Intent, Lifecycle } from "./lifecycle.ts";
import { nextRestart, type RestartPolicy } from "./restart-policy.ts";

/** A restart policy, and what it depends on. */
export interface PolicyContext {
  readonly restart: RestartPolicy;
  /** Restarts by the policy without a stable run between them. */
  readonly attempts: number;
  /** How long the newest run that ended had lasted, in ms; null before one has. */
  readonly lastRunMs: number | null;
  /** Some run could be started. */
  readonly everRan: boolean;
  /** Epoch ms. */
  readonly now: number;
}

type Resting = Extract<Lifecycle, { phase: "resting" }>;

/** The rest with what the policy makes of it. `pending` is the intent that it ended, if any. */
export function consult(
  resting: Resting,
  pending: Intent | undefined,
  policy: PolicyContext | undefined,
): Resting {
  if (policy === undefined) return resting;
  const { end } = resting;
  const endedWell = end.kind === "exited" && end.exit.code === 0 && pending === undefined;
  const verdict = nextRestart(policy.restart, {
    failed: !endedWell,
    ranMs: end.kind === "failed" ? null : policy.lastRunMs,
    everRan: policy.everRan,
    attempts: attemptOf(pending) ?? policy.attempts,
  });
  if (verdict === undefined) return resting;
  const next =
    "gaveUp" in verdict
      ? ({ kind: "gaveUp", reason: verdict.gaveUp } as const)
      : ({ kind: "waiting", ...verdict, since: policy.now } as const);
  return { ...resting, next };
}

/** A restart that came to nothing was one more attempt. */
function attemptOf(pending: Intent | undefined): number | undefined {
  if (pending?.kind !== "start" || pending.cause.kind !== "policy") return undefined;
  return pending.cause.attempt;
}
