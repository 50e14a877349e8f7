// The phases of a session and what can happen to it, as the tests of the table name them.

import type {
  Effect,
  Intent,
  Lifecycle,
  LifecycleEvent,
  Next,
} from "../../src/domain/lifecycle.ts";
import type { LeftBehind } from "../../src/domain/session.ts";
import { transition } from "../../src/domain/transition.ts";

export const WATCHED = { watched: true };
export const UNWATCHED = { watched: false };
export const CLEAN = { code: 0, signal: null };
export const CHANGE = { kind: "watch", path: "src/a.ts", event: "modified" } as const;
export const HELPER: LeftBehind = { pid: 77, name: "gradle" };

export const manual: LifecycleEvent = { type: "restart", cause: { kind: "manual" } };
export const stop: LifecycleEvent = { type: "stop", force: false };
export const kill: LifecycleEvent = { type: "stop", force: true };
export const changed: LifecycleEvent = { type: "fileChanged", cause: CHANGE };

export const restIntent: Intent = { kind: "rest", force: false };
export const manualIntent: Intent = { kind: "start", cause: { kind: "manual" } };
export const watchIntent: Intent = { kind: "start", cause: CHANGE };

export const starting: Lifecycle = { phase: "starting", run: 1, pending: undefined };
export const running: Lifecycle = { phase: "running", run: 1, pid: 10 };
export const lingering: Lifecycle = { phase: "lingering", run: 1, exit: CLEAN };
export const ended: Lifecycle = { phase: "ended", run: 1, exit: CLEAN, pending: undefined };
export const stopping = endingWith(restIntent);
export const restarting = endingWith(manualIntent);
export const crashed = restingWith({ armed: true });
export const stopped = restingWith({ armed: false });

/** The state after a sequence of events, with the effects of the last one. */
export function after(
  state: Lifecycle,
  ...events: readonly LifecycleEvent[]
): { state: Lifecycle; effects: readonly Effect[] } {
  let at = { state, effects: [] as readonly Effect[] };
  for (const event of events) at = transition(at.state, event, WATCHED);
  return at;
}

export function endingWith(pending: Intent): Lifecycle {
  return {
    phase: "ending",
    run: 1,
    leader: { kind: "alive", pid: 10 },
    leftBehind: [],
    forced: false,
    pending,
  };
}

export function restingWith(facts: {
  armed: boolean;
  leftBehind?: readonly LeftBehind[];
  next?: Next;
}): Lifecycle {
  return {
    phase: "resting",
    run: 1,
    end: { kind: "exited", exit: CLEAN },
    leftBehind: [],
    next: undefined,
    ...facts,
  };
}
