// The lifecycle table, row by row: what a stop, a restart and a file change make of each phase.

import { describe, expect, test } from "bun:test";
import { isOver, type Lifecycle, publicState } from "../../src/domain/lifecycle.ts";
import {
  after,
  CHANGE,
  CLEAN,
  changed,
  crashed,
  ended,
  HELPER,
  kill,
  lingering,
  manual,
  restarting,
  restingWith,
  running,
  starting,
  stop,
  stopped,
  stopping,
  watchIntent,
} from "./phases.ts";

describe("stop", () => {
  test("ends everything and disarms the watch, whether or not the leader lives", () => {
    for (const state of [running, lingering]) {
      const next = after(state, stop);
      expect(next.effects).toEqual([{ type: "disarm" }, { type: "endTree", run: 1, force: false }]);
      expect(publicState(next.state)).toBe("stopping");
    }
  });

  test("during a start is public at once and ends the run as soon as it is there", () => {
    const asked = after(starting, stop);
    expect(publicState(asked.state)).toBe("stopping");
    const spawned = after(asked.state, { type: "spawned", run: 1, pid: 10 });
    expect(spawned).toEqual({
      state: stopping,
      effects: [{ type: "endTree", run: 1, force: false }],
    });
  });

  test("during a start that fails ends failed and disarmed", () => {
    const { state } = after(starting, stop, { type: "spawnFailed", run: 1, error: "ENOENT: x" });
    expect(publicState(state)).toBe("failed");
    expect(isOver(state)).toBe(true);
  });

  test("during a restart ends stopped", () => {
    const { state } = after(
      running,
      manual,
      stop,
      { type: "leaderExited", run: 1, exit: CLEAN },
      { type: "treeEnded", run: 1, survivors: [] },
      { type: "drained", run: 1, leftBehind: [] },
    );
    expect(state).toEqual({ ...stopped, calledOff: "stop" } as Lifecycle);
  });

  test("while the last output of a natural end is read ends stopped and ends what left the group", () => {
    const asked = after(ended, stop);
    expect(publicState(asked.state)).toBe("stopping");
    expect(after(asked.state, { type: "drained", run: 1, leftBehind: [] }).state).toEqual(stopped);
    const more = after(asked.state, { type: "drained", run: 1, leftBehind: [HELPER] });
    expect(more.effects).toEqual([{ type: "endTree", run: 1, force: false }]);
  });

  test("of a crashed session disarms its watch", () => {
    expect(after(crashed, stop)).toEqual({ state: stopped, effects: [{ type: "disarm" }] });
  });

  test("of a session at rest ends what it left behind, and keeps how its run ended", () => {
    const next = after(restingWith({ armed: false, leftBehind: [HELPER] }), stop);
    expect(next.effects).toEqual([{ type: "endTree", run: 1, force: false }]);
    const { state } = after(
      next.state,
      { type: "treeEnded", run: 1, survivors: [] },
      { type: "drained", run: 1, leftBehind: [] },
    );
    expect(state).toEqual(stopped);
  });

  test("of a session at rest with nothing armed, pending or left behind is refused", () => {
    expect(after(stopped, stop)).toEqual({ state: stopped, effects: [{ type: "refuse" }] });
    expect(after(stopped, kill)).toEqual({ state: stopped, effects: [{ type: "refuse" }] });
  });

  test("asked for twice is no fault and ends nothing twice", () => {
    expect(after(stopping, stop)).toEqual({ state: stopping, effects: [] });
  });

  test("with force kills at once, and a stop under way as well, only once", () => {
    expect(after(running, kill).effects).toContainEqual({ type: "endTree", run: 1, force: true });
    const forced = after(stopping, kill);
    expect(forced.effects).toEqual([{ type: "kill", run: 1 }]);
    expect(after(forced.state, kill).effects).toEqual([]);
  });

  test("with force during a start kills the run as soon as it is there", () => {
    const { effects } = after(starting, kill, stop, { type: "spawned", run: 1, pid: 10 });
    expect(effects).toEqual([{ type: "endTree", run: 1, force: true }]);
  });
});

describe("restart", () => {
  test("ends the run and starts the next one, never before the first is gone", () => {
    const asked = after(running, manual);
    expect(asked.effects).toEqual([{ type: "endTree", run: 1, force: false }]);
    const exited = after(asked.state, { type: "leaderExited", run: 1, exit: CLEAN });
    expect(exited.effects).toEqual([]);
    const gone = after(exited.state, { type: "treeEnded", run: 1, survivors: [] });
    expect(gone.effects).toEqual([{ type: "drain", run: 1, look: false }]);
    expect(after(gone.state, { type: "drained", run: 1, leftBehind: [] })).toEqual({
      state: { phase: "starting", run: 2, pending: undefined },
      effects: [{ type: "spawn", run: 2, cause: { kind: "manual" } }],
    });
  });

  test("during a stop ends running, with the watch armed again", () => {
    const asked = after(stopping, manual);
    expect(asked).toEqual({ state: restarting, effects: [{ type: "arm" }] });
  });

  test("of a session at rest starts it at once and arms it", () => {
    expect(after(stopped, manual).effects).toEqual([
      { type: "arm" },
      { type: "spawn", run: 2, cause: { kind: "manual" } },
    ]);
  });

  test("of a session at rest first ends what earlier runs left behind", () => {
    const { effects } = after(restingWith({ armed: true, leftBehind: [HELPER] }), manual);
    expect(effects).toEqual([{ type: "endTree", run: 1, force: false }]);
  });

  test("during a start runs anew once the start has answered, even with a failure", () => {
    const asked = after(starting, manual);
    expect(publicState(asked.state)).toBe("starting");
    expect(after(asked.state, { type: "spawned", run: 1, pid: 10 }).state).toEqual(restarting);
    expect(after(asked.state, { type: "spawnFailed", run: 1, error: "ENOENT: x" }).effects).toEqual(
      [{ type: "spawn", run: 2, cause: { kind: "manual" } }],
    );
  });

  test("starts nothing beside a process that could not be ended, and says which", () => {
    const { state, effects } = after(
      restarting,
      { type: "leaderExited", run: 1, exit: CLEAN },
      { type: "treeEnded", run: 1, survivors: [HELPER] },
      { type: "drained", run: 1, leftBehind: [] },
    );
    expect(state).toEqual({
      phase: "resting",
      run: 1,
      end: { kind: "failed", error: "EBUSY: gradle (pid 77) of an earlier run could not be ended" },
      armed: true,
      leftBehind: [HELPER],
      next: undefined,
    });
    expect(effects).toEqual([{ type: "observe", run: 1, leftBehind: [HELPER] }]);
  });

  test("takes an exit status that nobody could tell as unknown", () => {
    const { state } = after(stopping, { type: "treeEnded", run: 1, survivors: [] });
    expect(state).toMatchObject({ end: { kind: "exited", exit: { code: null, signal: null } } });
  });
});

describe("a file change", () => {
  test("restarts a running session, and one whose leader has gone, with its path as the cause", () => {
    for (const state of [running, lingering]) {
      expect(after(state, changed).state).toMatchObject({ phase: "ending", pending: watchIntent });
    }
  });

  test("during a start or at the last output of a run restarts as well", () => {
    for (const state of [starting, ended]) {
      expect(after(state, changed).state).toMatchObject({ pending: watchIntent });
    }
  });

  test("starts a crashed session again", () => {
    expect(after(crashed, changed).effects).toEqual([{ type: "spawn", run: 2, cause: CHANGE }]);
  });

  test("is ignored by a stopped session and during a stop, in every phase of it", () => {
    const stops = [
      after(starting, stop).state,
      after(ended, stop).state,
      stopping,
      after(stopping, { type: "treeEnded", run: 1, survivors: [] }).state,
      stopped,
    ];
    for (const state of stops) expect(after(state, changed)).toEqual({ state, effects: [] });
  });

  test("during a pending restart does not add a second one", () => {
    expect(after(restarting, changed)).toEqual({ state: restarting, effects: [] });
    const pending = after(starting, manual).state;
    expect(after(pending, changed)).toEqual({ state: pending, effects: [] });
  });

  test("that was to restart gives way to a later manual restart", () => {
    expect(after(running, changed, manual).state).toEqual(restarting);
  });
});
