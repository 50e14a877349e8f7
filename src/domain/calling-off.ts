// What a stop calls off. The last intent wins, and yet it is not forgotten what would have come
// without it: whoever finds a session at rest is told, and what only the end of the daemon or of the
// machine keeps from running is lost, not stopped.

import { consult, type PolicyContext } from "./consult.ts";
import { type Intent, type Lifecycle, waitingOf } from "./lifecycle.ts";
import type { EndCause } from "./session.ts";

type Rest = Extract<Intent, { kind: "rest" }>;
type Resting = Extract<Lifecycle, { phase: "resting" }>;

/** Ends that nobody wanted, of what did not end by itself as far as anyone knows. */
const LOST: readonly EndCause["kind"][] = ["lost", "daemon_stop", "unknown"];

/** The later of two intents. A rest knows what it came over. */
export function latest(before: Intent | undefined, intent: Intent): Intent {
  if (before === undefined || intent.kind !== "rest") return intent;
  if (before.kind !== "rest") return { ...intent, over: before.kind };
  // A gentler stop does not take back a kill, nor the daemon's one that somebody asked for.
  const { by, ...first } = before;
  const rest = { ...first, force: before.force || intent.force };
  return by === undefined || intent.by === undefined ? rest : { ...rest, by };
}

/** The intent, with what it comes over where nothing is pending: a wait, or an end just now. */
export function callingOff(
  state: Extract<Lifecycle, { phase: "ended" | "resting" }>,
  intent: Intent,
): Intent {
  if (intent.kind !== "rest" || intent.over !== undefined) return intent;
  if (state.phase === "ended") return { ...intent, over: "end" };
  if (waitingOf(state) === undefined && state.calledOff === undefined) return intent;
  const { by, ...rest } = intent;
  const isByDaemon = by !== undefined && state.calledOff !== "stop";
  return { ...rest, over: "start", ...(isByDaemon ? { by } : {}) };
}

/** At rest by a stop, with what that has called off. */
export function atRest(resting: Resting, stop: Rest, policy: PolicyContext | undefined): Resting {
  const disarmed = { ...resting, armed: false };
  if (!wouldStart(resting, stop, policy)) return disarmed;
  return { ...disarmed, calledOff: stop.by ?? "stop" };
}

/** Whether it would run now had the daemon, or the machine, not gone down. */
export function isLost(state: Lifecycle, lastEnd: EndCause | null): boolean {
  if (state.phase !== "resting" || waitingOf(state) !== undefined) return false;
  if (state.calledOff !== undefined) return state.calledOff !== "stop";
  return state.end.kind === "exited" && lastEnd !== null && LOST.includes(lastEnd.kind);
}

function wouldStart(resting: Resting, stop: Rest, policy: PolicyContext | undefined): boolean {
  const { over } = stop;
  if (over === undefined || over === "start") return over === "start";
  return waitingOf(consult(resting, over === "end" ? undefined : stop, policy)) !== undefined;
}
