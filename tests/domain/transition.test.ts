// The lifecycle table where nobody commands: starts, natural ends, and answers.

import { describe, expect, test } from "bun:test";
import {
  isOver,
  isSteady,
  type Lifecycle,
  type LifecycleEvent,
  publicState,
} from "../../src/domain/lifecycle.ts";
import { begin, transition } from "../../src/domain/transition.ts";
import {
  after,
  CLEAN,
  crashed,
  ended,
  HELPER,
  lingering,
  restarting,
  running,
  starting,
  stop,
  stopped,
  stopping,
  UNWATCHED,
  WATCHED,
} from "./phases.ts";

describe("a first run", () => {
  test("arms the watch before it spawns, so that no change is missed", () => {
    expect(begin(WATCHED)).toEqual({
      state: starting,
      effects: [{ type: "arm" }, { type: "spawn", run: 1, cause: { kind: "create" } }],
    });
  });

  test("arms nothing when nothing is watched", () => {
    expect(begin(UNWATCHED).effects.map(({ type }) => type)).toEqual(["spawn"]);
  });

  test("that cannot be spawned leaves the session failed, and armed for a fixed file", () => {
    const failed = after(starting, { type: "spawnFailed", run: 1, error: "ENOENT: nope" });
    expect(failed.state).toEqual({
      phase: "resting",
      run: 1,
      end: { kind: "failed", error: "ENOENT: nope" },
      armed: true,
      leftBehind: [],
      next: undefined,
    });
    expect(publicState(failed.state)).toBe("failed");
  });
});

describe("a natural end", () => {
  test("goes from the leader's exit over the empty group and the last output to rest", () => {
    const exited = after(running, { type: "leaderExited", run: 1, exit: CLEAN });
    expect(exited).toEqual({ state: lingering, effects: [{ type: "awaitGroup", run: 1 }] });
    const empty = after(exited.state, { type: "groupEmpty", run: 1 });
    expect(empty).toEqual({ state: ended, effects: [{ type: "drain", run: 1, look: true }] });
    const drained = after(empty.state, { type: "drained", run: 1, leftBehind: [] });
    expect(drained).toEqual({ state: crashed, effects: [] });
  });

  test("is public only at rest", () => {
    expect([running, lingering, ended, crashed].map(publicState)).toEqual([
      "running",
      "running",
      "running",
      "exited",
    ]);
  });

  test("observes what left the group", () => {
    const rest = after(ended, { type: "drained", run: 1, leftBehind: [HELPER] });
    expect(rest.effects).toEqual([{ type: "observe", run: 1, leftBehind: [HELPER] }]);
    const gone = after(rest.state, { type: "leftBehindChanged", run: 1, leftBehind: [] });
    expect(gone.state).toEqual(crashed);
  });

  test("without a watch leaves the session over", () => {
    const { state } = transition(ended, { type: "drained", run: 1, leftBehind: [] }, UNWATCHED);
    expect(isOver(state)).toBe(true);
  });
});

describe("an answer", () => {
  test("for an earlier run changes nothing", () => {
    const second: Lifecycle = { phase: "running", run: 2, pid: 20 };
    const late: LifecycleEvent[] = [
      { type: "leaderExited", run: 1, exit: CLEAN },
      { type: "groupEmpty", run: 1 },
      { type: "treeEnded", run: 1, survivors: [] },
      { type: "drained", run: 1, leftBehind: [HELPER] },
      { type: "leftBehindChanged", run: 1, leftBehind: [] },
    ];
    for (const event of late) expect(after(second, event).state).toBe(second);
  });

  test("that a stop has overtaken changes nothing", () => {
    expect(after(stopping, { type: "groupEmpty", run: 1 }).state).toBe(stopping);
  });
});

test("giving up the watch disarms a session at rest, and touches no other", () => {
  expect(after(crashed, { type: "giveUpWatch" }).state).toEqual(stopped);
  expect(after(crashed, { type: "giveUpWatch" }).effects).toEqual([{ type: "disarm" }]);
  expect(after(running, { type: "giveUpWatch" })).toEqual({ state: running, effects: [] });
});

test("nothing is steady while something asked for is under way", () => {
  const steady = [running, lingering, ended, crashed, stopped];
  const unsteady = [starting, stopping, restarting, after(ended, stop).state];
  expect(steady.map(isSteady)).toEqual(steady.map(() => true));
  expect(unsteady.map(isSteady)).toEqual(unsteady.map(() => false));
});
