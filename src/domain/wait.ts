// What can be waited for of a session, and when that wait is over. Pure.

import type { SessionSnapshot } from "./session.ts";

/** How long to wait unless it is said. */
export const DEFAULT_WAIT = "60s";

/** `exit`: at rest, be it for good or until something starts it again. */
export const WAIT_GOALS = ["ready", "running", "exit"] as const;

export type WaitGoal = (typeof WAIT_GOALS)[number];

/** `ended`: it is at rest, and nothing will start it by itself. */
export type WaitOutcome = "reached" | "timed_out" | "ended";

/** How a wait ends in this state of a session; undefined: it goes on. */
export function outcomeOf(
  goal: WaitGoal,
  { state, readiness }: Pick<SessionSnapshot, "state" | "readiness">,
  { isOver }: { readonly isOver: boolean },
): WaitOutcome | undefined {
  const isRunning = state === "running";
  if (goal === "exit") return state === "exited" || state === "failed" ? "reached" : undefined;
  if (isOver) return "ended";
  if (goal === "running") return isRunning ? "reached" : undefined;
  if (isRunning && readiness.ready) return "reached";
  // Nothing makes this run ready any more, and whether there will be another nobody knows.
  return isRunning && readiness.timedOut ? "timed_out" : undefined;
}
