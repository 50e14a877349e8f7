// The life of a session as one pure table. A command (restart, stop, a file change) sets what the
// session is to become and is taken at once, in every phase; what is under way is brought to its
// end first. Effects are data: whoever performs them answers with an event that carries the run's
// number, and an answer that comes too late for its run changes nothing.
//
//   starting ─ spawned ▶ running ─ leaderExited ▶ lingering ─ groupEmpty ▶ ended ─ drained ▶ resting
//                           └───────── a command ─────┴─────▶ ending ─ treeEnded ▶ cleared
//                                 cleared ─ drained ▶ resting, or starting the next run

import { atRest, callingOff, latest } from "./calling-off.ts";
import { consult, type PolicyContext } from "./consult.ts";
import {
  type Answer,
  attendedRun,
  type Effect,
  type Intent,
  isIdle,
  type Lifecycle,
  type LifecycleEvent,
  pendingOf,
  type RunEnd,
  reactsToFiles,
  waitingOf,
} from "./lifecycle.ts";
import type { ExitStatus, LeftBehind, StartCause } from "./session.ts";

/** What the table must know beside the state. */
export interface LifecycleContext {
  /** The session watches files. */
  readonly watched: boolean;
  /** Undefined: it has no restart policy. */
  readonly policy?: PolicyContext;
}

export interface Transition {
  readonly state: Lifecycle;
  readonly effects: readonly Effect[];
}

type Phase<P extends Lifecycle["phase"]> = Extract<Lifecycle, { phase: P }>;

/** The first transition of a session: its first run starts. */
export function begin(context: LifecycleContext): Transition {
  const first = start(1, { kind: "create" });
  return context.watched ? { ...first, effects: [{ type: "arm" }, ...first.effects] } : first;
}

/** What an event makes of a state. The very same state object comes back when it changes nothing. */
export function transition(
  state: Lifecycle,
  event: LifecycleEvent,
  context: LifecycleContext,
): Transition {
  const next = step(state, event, context);
  const watch = watchEffects(state, next.state, context);
  // What is due is no longer scheduled.
  const wait = event.type === "due" ? [] : waitEffects(state, next.state);
  const aside = [...watch, ...wait];
  return aside.length === 0 ? next : { ...next, effects: [...aside, ...next.effects] };
}

function watchEffects(
  before: Lifecycle,
  after: Lifecycle,
  { watched }: LifecycleContext,
): readonly Effect[] {
  if (!watched || reactsToFiles(before) === reactsToFiles(after)) return [];
  return [{ type: reactsToFiles(after) ? "arm" : "disarm" }];
}

function waitEffects(before: Lifecycle, after: Lifecycle): readonly Effect[] {
  const waiting = waitingOf(after);
  if (waiting === waitingOf(before)) return [];
  if (waiting === undefined) return [{ type: "unschedule", run: before.run }];
  return [{ type: "schedule", run: after.run, delayMs: waiting.delayMs }];
}

function step(state: Lifecycle, event: LifecycleEvent, context: LifecycleContext): Transition {
  switch (event.type) {
    case "restart":
      return pursue(state, { kind: "start", cause: event.cause });
    case "stop":
      return isIdle(state)
        ? { state, effects: [{ type: "refuse" }] }
        : pursue(state, restOf(event));
    case "fileChanged":
      // A restart that is pending starts from the changed files anyway.
      return pendingOf(state)?.kind !== "start" && reactsToFiles(state)
        ? pursue(state, { kind: "start", cause: event.cause })
        : stay(state);
    case "giveUpWatch":
      return state.phase === "resting" && state.armed
        ? stay({ ...state, armed: false })
        : stay(state);
    case "restartRun":
      return attendedRun(state) === event.run
        ? pursue(state, { kind: "start", cause: event.cause })
        : stay(state);
    case "finishRun":
      return attendedRun(state) === event.run
        ? pursue(state, { kind: "finish", cause: event.cause })
        : stay(state);
    default:
      return event.run === state.run ? answer(state, event, context) : stay(state);
  }
}

/** Sets the intent, and begins to end what stands in its way. */
function pursue(state: Lifecycle, intent: Intent): Transition {
  switch (state.phase) {
    case "starting":
    case "cleared":
      return stay({ ...state, pending: latest(state.pending, intent) });
    case "ended":
      return stay({ ...state, pending: latest(state.pending, callingOff(state, intent)) });
    case "running":
      return endTree(state, { leader: { kind: "alive", pid: state.pid }, intent });
    case "lingering":
      return endTree(state, { leader: { kind: "exited", exit: state.exit }, intent });
    case "ending": {
      const kill = isForce(intent) && !state.forced;
      const pending = latest(state.pending, intent);
      const next = { ...state, pending, forced: state.forced || kill };
      return { state: next, effects: kill ? [{ type: "kill", run: state.run }] : [] };
    }
    case "resting":
      return leaveRest(state, intent);
    default:
      return state satisfies never;
  }
}

function answer(state: Lifecycle, event: Answer, context: LifecycleContext): Transition {
  switch (event.type) {
    case "spawned":
      return state.phase === "starting" ? afterSpawn(state, event.pid) : stay(state);
    case "spawnFailed": {
      if (state.phase !== "starting") return stay(state);
      const end: RunEnd = { kind: "failed", error: event.error };
      return proceed(rest(state.run, { end, armed: context.watched }), state.pending, context);
    }
    case "leaderExited":
      return afterLeader(state, event.exit);
    case "groupEmpty":
      return state.phase === "lingering"
        ? {
            state: { phase: "ended", run: state.run, exit: state.exit, pending: undefined },
            effects: [{ type: "drain", run: state.run, look: true }],
          }
        : stay(state);
    case "treeEnded":
      return state.phase === "ending" ? afterTree(state, event.survivors) : stay(state);
    case "drained":
      return afterDrain(state, event.leftBehind, context);
    case "leftBehindChanged":
      return state.phase === "resting"
        ? stay({ ...state, leftBehind: event.leftBehind })
        : stay(state);
    case "due":
      return afterWait(state);
    default:
      return event satisfies never;
  }
}

function afterSpawn(state: Phase<"starting">, pid: number): Transition {
  if (state.pending === undefined) return stay({ phase: "running", run: state.run, pid });
  return endTree(state, { leader: { kind: "alive", pid }, intent: state.pending });
}

function afterLeader(state: Lifecycle, exit: ExitStatus): Transition {
  const { run } = state;
  if (state.phase === "running") {
    return {
      state: { phase: "lingering", run, exit },
      effects: [{ type: "awaitGroup", run }],
    };
  }
  if (state.phase !== "ending" || state.leader.kind !== "alive") return stay(state);
  return stay({ ...state, leader: { kind: "exited", exit } });
}

function afterTree(state: Phase<"ending">, survivors: readonly LeftBehind[]): Transition {
  const { run, leader, pending } = state;
  // Nobody could tell how the leader ended: unknown, never a guess.
  const unknown: RunEnd = { kind: "exited", exit: { code: null, signal: null } };
  const end = leader.kind === "alive" ? unknown : leader;
  return {
    state: { phase: "cleared", run, end, leftBehind: survivors, pending },
    effects: [{ type: "drain", run, look: false }],
  };
}

function afterDrain(
  state: Lifecycle,
  leftBehind: readonly LeftBehind[],
  context: LifecycleContext,
): Transition {
  if (state.phase === "ended") {
    const end: RunEnd = { kind: "exited", exit: state.exit };
    const resting = rest(state.run, { end, armed: context.watched, leftBehind });
    return proceed(resting, state.pending, context);
  }
  if (state.phase !== "cleared") return stay(state);
  const { run, pending } = state;
  const armed = pending.kind !== "rest" && context.watched;
  const [survivor] = state.leftBehind;
  if (survivor === undefined) {
    return proceed(rest(run, { end: state.end, armed }), pending, context);
  }
  // Beside what could not be ended a second child would run: a pending start fails, and says why.
  const failed: RunEnd = { kind: "failed", error: cannotEnd(survivor) };
  const end = pending.kind === "start" ? failed : state.end;
  const resting = rest(run, { end, armed, leftBehind: state.leftBehind });
  return pending.kind === "rest"
    ? settle(atRest(resting, pending, context.policy))
    : settle(consult(resting, pending, context.policy));
}

/** Goes on from the end of a run: to rest, or to what is pending. */
function proceed(
  resting: Phase<"resting">,
  pending: Intent | undefined,
  context: LifecycleContext,
): Transition {
  if (pending === undefined || pending.kind === "finish") {
    return settle(consult(resting, pending, context.policy));
  }
  if (pending.kind === "start" || resting.leftBehind.length > 0) return leaveRest(resting, pending);
  return settle(atRest(resting, pending, context.policy));
}

function afterWait(state: Lifecycle): Transition {
  const waiting = waitingOf(state);
  if (state.phase !== "resting" || waiting === undefined) return stay(state);
  const { attempt, delayMs: delay_ms } = waiting;
  return leaveRest(state, { kind: "start", cause: { kind: "policy", attempt, delay_ms } });
}

function leaveRest(state: Phase<"resting">, wanted: Intent): Transition {
  const intent = callingOff(state, wanted);
  if (state.leftBehind.length > 0) return endTree(state, { leader: state.end, intent });
  if (intent.kind === "start") return start(state.run + 1, intent.cause);
  if (intent.kind === "finish") return stay(state);
  const next = waitingOf(state) ? undefined : state.next;
  return stay(atRest({ ...state, next }, intent, undefined));
}

function start(run: number, cause: StartCause): Transition {
  return {
    state: { phase: "starting", run, pending: undefined },
    effects: [{ type: "spawn", run, cause }],
  };
}

function endTree(
  from: Lifecycle,
  plan: { leader: Phase<"ending">["leader"]; intent: Intent },
): Transition {
  const { run } = from;
  const forced = isForce(plan.intent);
  const leftBehind = from.phase === "resting" ? from.leftBehind : [];
  return {
    state: { phase: "ending", run, leader: plan.leader, leftBehind, forced, pending: plan.intent },
    effects: [{ type: "endTree", run, force: forced }],
  };
}

function settle(state: Phase<"resting">): Transition {
  const { run, leftBehind } = state;
  return { state, effects: leftBehind.length > 0 ? [{ type: "observe", run, leftBehind }] : [] };
}

function rest(
  run: number,
  facts: { end: RunEnd; armed: boolean; leftBehind?: readonly LeftBehind[] },
): Phase<"resting"> {
  return { phase: "resting", run, leftBehind: [], next: undefined, ...facts };
}

function stay(state: Lifecycle): Transition {
  return { state, effects: [] };
}

function restOf({ force, by }: Extract<LifecycleEvent, { type: "stop" }>): Intent {
  return by === undefined ? { kind: "rest", force } : { kind: "rest", force, by };
}

function isForce(intent: Intent): boolean {
  return intent.kind === "rest" && intent.force;
}

function cannotEnd(survivor: LeftBehind): string {
  return `EBUSY: ${survivor.name} (pid ${survivor.pid}) of an earlier run could not be ended`;
}
