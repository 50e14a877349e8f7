// All that can be said of a session at one moment, put together from what each part of it knows.

import { isLost } from "../domain/calling-off.ts";
import { NOT_READY } from "../domain/checks.ts";
import {
  endOf,
  gaveUpOf,
  type Lifecycle,
  pidOf,
  publicState,
  waitingOf,
} from "../domain/lifecycle.ts";
import type { SessionSnapshot } from "../domain/session.ts";
import type { AttendantStatus } from "./attendants/attendant.ts";
import type { RecordedFacts } from "./record.ts";

/** What the parts of a session know. */
export interface Known
  extends Pick<SessionSnapshot, "id" | "spec" | "lastEnd" | "watching" | "output" | "terminal"> {
  readonly state: Lifecycle;
  readonly facts: RecordedFacts;
  readonly attendants: AttendantStatus;
}

export function snapshotOf({ state, facts, attendants, ...known }: Known): SessionSnapshot {
  const end = endOf(state);
  const waiting = waitingOf(state);
  return {
    ...known,
    ...facts,
    state: publicState(state),
    pid: pidOf(state),
    run: state.run,
    exit: end?.kind === "exited" ? end.exit : null,
    error: end?.kind === "failed" ? end.error : null,
    leftBehind: "leftBehind" in state ? state.leftBehind : [],
    nextRestartAt: waiting === undefined ? null : waiting.since + waiting.delayMs,
    gaveUp: gaveUpOf(state),
    calledOff: state.phase === "resting" ? (state.calledOff ?? null) : null,
    lost: isLost(state, known.lastEnd),
    readiness: NOT_READY,
    health: null,
    ...attendants,
  };
}
