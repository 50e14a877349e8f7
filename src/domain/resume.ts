// How a session goes on under another daemon. Its state was saved at each transition, so the new
// daemon finds it in some phase, and finds out what became of its processes meanwhile; from there
// the table of transition.ts rules as before. Whatever answer a phase was waiting for died with the
// old daemon: the effect is simply asked for again.

import {
  type Answer,
  type Effect,
  type Lifecycle,
  pendingOf,
  type RunEnd,
  reactsToFiles,
  waitingOf,
} from "./lifecycle.ts";
import type { CalledOff, ExitStatus, StartCause } from "./session.ts";
import type { LifecycleContext } from "./transition.ts";

/** What the new daemon found out about a session's newest run. */
export interface Findings {
  /** The machine was not restarted: what lived then may live still. */
  readonly sameBoot: boolean;
  /** The leader's pid if it lives, or if it was started and nobody has recorded that. */
  readonly leader: number | undefined;
  /** How the leader ended, if it did and somebody knows. */
  readonly exit: ExitStatus | undefined;
  /** Why the run was started, to start it again should it never have been. */
  readonly cause: StartCause;
  /** Epoch ms. */
  readonly now: number;
}

/** An end that nobody saw. Unknown, never a guess. */
export const UNKNOWN_EXIT: ExitStatus = { code: null, signal: null };

/** How a session goes on. */
export interface Resumption {
  readonly state: Lifecycle;
  /** What is to be done again, first. */
  readonly effects: readonly Effect[];
  /** What happened while no daemon ran, to be taken afterwards. */
  readonly answers: readonly Answer[];
}

/** The state of a saved session under a new daemon, and what follows from what was found. */
export function resume(
  saved: Lifecycle,
  findings: Findings,
  context: LifecycleContext,
): Resumption {
  const next = findings.sameBoot ? goOn(saved, findings) : afterReboot(saved);
  if (!context.watched || !reactsToFiles(next.state)) return next;
  return { ...next, effects: [{ type: "arm" }, ...next.effects] };
}

/** Whether the session was running, or about to, when the machine went down. */
export function wasLost(saved: Lifecycle, findings: Pick<Findings, "sameBoot">): boolean {
  return !findings.sameBoot && saved.phase !== "resting";
}

function goOn(saved: Lifecycle, findings: Findings): Resumption {
  const { run } = saved;
  const exit = findings.exit ?? UNKNOWN_EXIT;
  switch (saved.phase) {
    case "starting":
      return goOnStarting(saved, findings);
    case "running":
      return findings.leader === undefined
        ? hears(saved, { type: "leaderExited", run, exit })
        : does(saved);
    case "lingering":
      return does(saved, { type: "awaitGroup", run });
    case "ended":
      return does(saved, { type: "drain", run, look: true });
    case "ending": {
      const ended = saved.leader.kind === "alive" && findings.leader === undefined;
      const state = ended ? { ...saved, leader: { kind: "exited", exit } as const } : saved;
      return does(state, { type: "endTree", run, force: saved.forced, again: true });
    }
    case "cleared":
      return does(saved, { type: "drain", run, look: false });
    case "resting":
      return goOnResting(saved, findings);
    default:
      return saved satisfies never;
  }
}

/** The child was made or not, and only the one that was made may live on. */
function goOnStarting(
  saved: Extract<Lifecycle, { phase: "starting" }>,
  findings: Findings,
): Resumption {
  const { run, pending } = saved;
  if (findings.leader !== undefined) {
    return hears(saved, { type: "spawned", run, pid: findings.leader });
  }
  if (pending === undefined) return does(saved, { type: "spawn", run, cause: findings.cause });
  const end: RunEnd = { kind: "exited", exit: findings.exit ?? UNKNOWN_EXIT };
  return does(
    { phase: "cleared", run, end, leftBehind: [], pending },
    { type: "drain", run, look: false },
  );
}

/**
 * What is left of a wait is waited for by the wall clock, since no other one outlives a daemon. It
 * may have jumped: a wait is never longer than it was to be, and never over before it began.
 */
function goOnResting(
  saved: Extract<Lifecycle, { phase: "resting" }>,
  { now }: Findings,
): Resumption {
  const { run, leftBehind } = saved;
  const observe: Effect[] = leftBehind.length > 0 ? [{ type: "observe", run, leftBehind }] : [];
  const waiting = waitingOf(saved);
  if (waiting === undefined) return does(saved, ...observe);
  const { delayMs, since } = waiting;
  const left = Math.min(Math.max(0, since + delayMs - now), delayMs);
  const next = { ...waiting, since: now + left - delayMs };
  return does({ ...saved, next }, { type: "schedule", run, delayMs: left }, ...observe);
}

/** Nothing that ran lives on, and nothing starts by itself: `korun restart --lost` does that. */
function afterReboot(saved: Lifecycle): Resumption {
  const { run } = saved;
  const end: RunEnd = { kind: "exited", exit: UNKNOWN_EXIT };
  const gone = { leftBehind: [], next: undefined } as const;
  const calledOff = calledOffBefore(saved);
  if (saved.phase !== "resting") {
    return does({ phase: "resting", run, end, armed: false, ...gone, ...calledOff });
  }
  return waitingOf(saved) === undefined
    ? does({ ...saved, leftBehind: [] })
    : does({ ...saved, ...gone, ...calledOff });
}

/** What the end of the machine called off, or a stop that was still under way. */
function calledOffBefore(saved: Lifecycle): { readonly calledOff?: CalledOff } {
  const pending = pendingOf(saved);
  if (waitingOf(saved) !== undefined || pending?.kind === "start") return { calledOff: "lost" };
  const isOver = pending?.kind === "rest" && pending.over === "start";
  return isOver ? { calledOff: pending.by ?? "stop" } : {};
}

function does(state: Lifecycle, ...effects: readonly Effect[]): Resumption {
  return { state, effects, answers: [] };
}

function hears(state: Lifecycle, ...answers: readonly Answer[]): Resumption {
  return { state, effects: [], answers };
}
