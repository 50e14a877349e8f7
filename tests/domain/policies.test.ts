// The lifecycle table with a restart policy: what makes a session wait, what ends the wait, and what
// attendants can do to a run.

import { describe, expect, test } from "bun:test";
import type { PolicyContext } from "../../src/domain/consult.ts";
import {
  gaveUpOf,
  isIdle,
  isOver,
  isSteady,
  type Lifecycle,
  type LifecycleEvent,
  publicState,
  reactsToFiles,
  waitingOf,
} from "../../src/domain/lifecycle.ts";
import type { RestartPolicy } from "../../src/domain/restart-policy.ts";
import type { ExitStatus } from "../../src/domain/session.ts";
import { type LifecycleContext, transition } from "../../src/domain/transition.ts";
import {
  CHANGE,
  CLEAN,
  changed,
  ended,
  endingWith,
  HELPER,
  lingering,
  manual,
  restIntent,
  restingWith,
  running,
  starting,
  stop,
} from "./phases.ts";

const NOW = 1_700_000_000_000;
const POLICY: RestartPolicy = {
  kind: "exponential",
  initialDelayMs: 1_000,
  maxDelayMs: 30_000,
  multiplier: 2,
  on: "any",
  resetAfterMs: 60_000,
  maxRestarts: 3,
};
const CRASH: ExitStatus = { code: 1, signal: null };
const LIMIT = { kind: "limit", limit: "max_rss", reason: "600M of 512M" } as const;
const UNWELL = { kind: "health", reason: "it hangs" } as const;

const drained: LifecycleEvent = { type: "drained", run: 1, leftBehind: [] };
const due: LifecycleEvent = { type: "due", run: 1 };
const over: LifecycleEvent = { type: "finishRun", run: 1, cause: LIMIT };

const wait = { kind: "waiting", attempt: 2, delayMs: 2_000, since: NOW } as const;
const waiting = restingWith({ armed: false, next: wait });

function contextOf(facts: Partial<PolicyContext> = {}, watched = false): LifecycleContext {
  const past = { attempts: 0, lastRunMs: 5_000, everRan: true };
  return { watched, policy: { restart: POLICY, ...past, now: NOW, ...facts } };
}

function step(state: Lifecycle, event: LifecycleEvent, context = contextOf()) {
  return transition(state, event, context);
}

/** The rest after a natural end. */
function restAfter(exit: ExitStatus, facts: Partial<PolicyContext> = {}): Lifecycle {
  return step({ ...ended, exit } as Lifecycle, drained, contextOf(facts)).state;
}

describe("an end by itself", () => {
  test("leaves the session waiting, and schedules its next run", () => {
    const { state, effects } = step(ended, drained, contextOf({ attempts: 1 }));
    expect(state).toEqual(waiting);
    expect(effects).toEqual([{ type: "schedule", run: 1, delayMs: 2_000 }]);
    expect(publicState(state)).toBe("exited");
    expect(isSteady(state)).toBe(true);
  });

  test("is not over while it waits: followers stay, and a stop has something to stop", () => {
    expect(isOver(waiting)).toBe(false);
    expect(isIdle(waiting)).toBe(false);
  });

  test("that the policy answers no more says why, and is over", () => {
    const state = restAfter(CRASH, { attempts: 3 });
    expect(gaveUpOf(state)).toBe("it was restarted 3 times in a row, and no run lasted 1m");
    expect(isOver(state)).toBe(true);
  });

  test.each([
    ["an exit code", CRASH, true],
    ["a signal that korun did not send", { code: null, signal: "SIGSEGV" }, true],
    ["an end that nobody saw", { code: null, signal: null }, true],
    ["an exit code of 0", CLEAN, false],
  ])("by %s is a failure or not", (_, exit, failed) => {
    const state = restAfter(exit, { restart: { ...POLICY, on: "failure" } });
    expect(waitingOf(state) !== undefined).toBe(failed);
    expect(gaveUpOf(state)).toBeNull();
  });

  test("with a stop pending is none by itself", () => {
    const { state } = step({ ...ended, pending: restIntent } as Lifecycle, drained);
    expect(waitingOf(state)).toBeUndefined();
    expect(isOver(state)).toBe(true);
  });

  test("with something left behind waits as well, and observes it meanwhile", () => {
    const event: LifecycleEvent = { type: "drained", run: 1, leftBehind: [HELPER] };
    const rest = step(ended, event);
    expect(rest.effects.map(({ type }) => type)).toEqual(["schedule", "observe"]);
    const gone: LifecycleEvent = { type: "leftBehindChanged", run: 1, leftBehind: [] };
    expect(step(rest.state, gone).effects).toEqual([]);
    const { state, effects } = step(rest.state, due);
    expect(effects).toEqual([{ type: "endTree", run: 1, force: false }]);
    expect(state).toMatchObject({ pending: { cause: { kind: "policy", attempt: 1 } } });
  });
});

describe("a start that failed", () => {
  const failed: LifecycleEvent = { type: "spawnFailed", run: 1, error: "ENOENT: nope" };

  test("at first is given up at once", () => {
    const { state, effects } = step(starting, failed, contextOf({ everRan: false }));
    expect(publicState(state)).toBe("failed");
    expect(gaveUpOf(state)).toBe("its command could not be started even once");
    expect(effects).toEqual([]);
  });

  test("later is one more failure, that no stable run before it forgives", () => {
    const { state } = step(starting, failed, contextOf({ attempts: 1, lastRunMs: 90_000 }));
    expect(waitingOf(state)).toMatchObject({ attempt: 2, delayMs: 2_000 });
  });

  test("beside what could not be ended counts on, though nothing was spawned", () => {
    const cause = { kind: "policy", attempt: 2, delay_ms: 2_000 } as const;
    const cleared: Lifecycle = {
      phase: "cleared",
      run: 1,
      end: { kind: "exited", exit: CRASH },
      leftBehind: [HELPER],
      pending: { kind: "start", cause },
    };
    const { state } = step(cleared, drained, contextOf({ attempts: 1 }));
    expect(publicState(state)).toBe("failed");
    expect(waitingOf(state)).toMatchObject({ attempt: 3, delayMs: 4_000 });
  });
});

describe("a wait", () => {
  test("that is over starts the next run, with the policy as its cause", () => {
    const cause = { kind: "policy", attempt: 2, delay_ms: 2_000 } as const;
    expect(step(waiting, due)).toEqual({
      state: { phase: "starting", run: 2, pending: undefined },
      effects: [{ type: "spawn", run: 2, cause }],
    });
  });

  test("is ended by a stop, and what then is due starts nothing", () => {
    const { state, effects } = step(waiting, stop);
    expect(effects).toEqual([{ type: "unschedule", run: 1 }]);
    expect(isIdle(state)).toBe(true);
    expect(step(state, due).state).toBe(state);
  });

  test("is cut short by a restart", () => {
    const { state, effects } = step(waiting, manual);
    expect(state).toMatchObject({ phase: "starting", run: 2 });
    expect(effects.map(({ type }) => type)).toEqual(["unschedule", "spawn"]);
  });

  test("is cut short by a file change", () => {
    const armed = restingWith({ armed: true, next: wait });
    expect(step(armed, changed, contextOf({}, true)).effects).toEqual([
      { type: "unschedule", run: 1 },
      { type: "spawn", run: 2, cause: CHANGE },
    ]);
    expect(step(waiting, changed).state).toBe(waiting);
  });

  test("goes on when another session takes over the watch", () => {
    const armed = restingWith({ armed: true, next: wait });
    const { state, effects } = step(armed, { type: "giveUpWatch" }, contextOf({}, true));
    expect(effects).toEqual([{ type: "disarm" }]);
    expect(waitingOf(state)).toBe(wait);
  });

  test("of an earlier run is over without effect", () => {
    const second: Lifecycle = { phase: "running", run: 2, pid: 20 };
    expect(step(second, due).state).toBe(second);
  });
});

test("what was given up stays said when its watch is disarmed", () => {
  const next = { kind: "gaveUp", reason: "enough" } as const;
  const { state } = step(restingWith({ armed: true, next }), stop, contextOf({}, true));
  expect(gaveUpOf(state)).toBe("enough");
  expect(isIdle(state)).toBe(true);
});

describe("a run that goes over a limit", () => {
  test.each([running, lingering])("is ended gracefully, with the watch still armed", (state) => {
    const next = step(state, over, contextOf({}, true));
    expect(next.effects).toEqual([{ type: "endTree", run: 1, force: false }]);
    expect(publicState(next.state)).toBe("stopping");
    expect(reactsToFiles(next.state)).toBe(true);
  });

  test("has failed, even where its leader then exits with 0", () => {
    const context = contextOf({ restart: { ...POLICY, on: "failure" } }, true);
    const cleared: Lifecycle = {
      phase: "cleared",
      run: 1,
      end: { kind: "exited", exit: CLEAN },
      leftBehind: [],
      pending: { kind: "finish", cause: LIMIT },
    };
    const { state } = step(cleared, drained, context);
    expect(state).toMatchObject({ phase: "resting", armed: true });
    expect(waitingOf(state)).toMatchObject({ attempt: 1 });
  });

  test("rests, armed, without a policy", () => {
    const finishing = endingWith({ kind: "finish", cause: LIMIT });
    const events: LifecycleEvent[] = [
      { type: "leaderExited", run: 1, exit: CLEAN },
      { type: "treeEnded", run: 1, survivors: [] },
      drained,
    ];
    let state: Lifecycle = finishing;
    for (const event of events) state = transition(state, event, { watched: true }).state;
    expect(state).toEqual(restingWith({ armed: true }));
  });

  test("is started anew by a change while it ends, and not at all after a stop", () => {
    const finishing = endingWith({ kind: "finish", cause: LIMIT });
    const context = contextOf({}, true);
    expect(step(finishing, changed, context).state).toMatchObject({
      pending: { kind: "start", cause: CHANGE },
    });
    expect(step(finishing, stop, context).state).toMatchObject({ pending: { kind: "rest" } });
  });
});

test("a run that is unwell is restarted, with that as the cause", () => {
  const event: LifecycleEvent = { type: "restartRun", run: 1, cause: UNWELL };
  const { state, effects } = step(running, event);
  expect(effects).toEqual([{ type: "endTree", run: 1, force: false }]);
  expect(state).toMatchObject({ pending: { kind: "start", cause: UNWELL } });
});

test("what attendants find means nothing to a run of which something else is asked", () => {
  const others = [starting, ended, waiting, endingWith(restIntent)];
  const found: LifecycleEvent[] = [over, { type: "restartRun", run: 1, cause: UNWELL }];
  for (const state of others) {
    for (const event of found) expect(step(state, event).state).toBe(state);
  }
  const second: Lifecycle = { phase: "running", run: 2, pid: 20 };
  for (const event of found) expect(step(second, event).state).toBe(second);
});
