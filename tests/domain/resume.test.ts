// A wait for a restart under the next daemon, which has nothing but the wall clock to go by.

import { describe, expect, test } from "bun:test";
import { gaveUpOf, type Lifecycle, waitingOf } from "../../src/domain/lifecycle.ts";
import { type Findings, resume } from "../../src/domain/resume.ts";
import {
  CLEAN,
  endingWith,
  restarting,
  restingWith,
  running,
  stopping,
  UNWATCHED,
  WATCHED,
} from "./phases.ts";

const SINCE = 1_700_000_000_000;
const wait = { kind: "waiting", attempt: 2, delayMs: 4_000, since: SINCE } as const;
const waiting = restingWith({ armed: false, next: wait });

function resumed(state: Lifecycle, findings: Partial<Findings>) {
  const cause = { kind: "manual" } as const;
  const found = { sameBoot: true, leader: undefined, exit: undefined, cause, now: SINCE };
  return resume(state, { ...found, ...findings }, UNWATCHED);
}

describe("a wait", () => {
  test.each([
    ["was cut in the middle goes on for what is left", 1_500, 2_500],
    ["would be over is over at once", 9_000, 0],
    ["seems not to have begun, since the clock went back, is waited for whole", -3_600_000, 4_000],
    ["seems long over, since the clock went forward, is over at once", 3_600_000, 0],
  ])("that %s", (_, passedMs, delayMs) => {
    const now = SINCE + passedMs;
    const { state, effects, answers } = resumed(waiting, { now });
    expect(effects).toEqual([{ type: "schedule", run: 1, delayMs }]);
    expect(answers).toEqual([]);
    const next = waitingOf(state);
    expect(next).toMatchObject({ attempt: 2, delayMs: 4_000 });
    // What is said of its end is true by the new clock.
    expect(next && next.since + next.delayMs).toBe(now + delayMs);
  });

  test("is not gone on with after a reboot: nothing starts by itself", () => {
    const { state, effects } = resumed(waiting, { sameBoot: false });
    expect(effects).toEqual([]);
    expect(state).toEqual({ ...restingWith({ armed: false }), calledOff: "lost" } as Lifecycle);
  });
});

describe("what a reboot came before", () => {
  const left = { ...restarting, leader: { kind: "exited", exit: CLEAN } } as Lifecycle;
  const over = endingWith({ kind: "rest", force: false, over: "start" });
  const byDaemon = endingWith({ kind: "rest", force: false, over: "start", by: "daemon_stop" });
  test.each([
    ["a restart is called off by it", left, "lost"],
    ["what a stop was calling off is called off by that", over, "stop"],
    ["or by that of the daemon", byDaemon, "daemon_stop"],
    ["a plain stop calls nothing off", stopping, undefined],
    ["what ran was to start no more", running, undefined],
  ])("%s", (_, saved, calledOff) => {
    expect(resumed(saved, { sameBoot: false }).state).toMatchObject(
      calledOff === undefined ? { phase: "resting" } : { calledOff },
    );
    expect("calledOff" in resumed(saved, { sameBoot: false }).state).toBe(calledOff !== undefined);
  });

  test("stays called off, by whom it was", () => {
    const stopped = { ...restingWith({ armed: false }), calledOff: "stop" } as Lifecycle;
    for (const sameBoot of [true, false]) {
      expect(resumed(stopped, { sameBoot }).state).toEqual(stopped);
    }
  });
});

test("what was given up stays so, after a reboot too", () => {
  const state = restingWith({ armed: false, next: { kind: "gaveUp", reason: "enough" } });
  for (const sameBoot of [true, false]) {
    expect(gaveUpOf(resumed(state, { sameBoot }).state)).toBe("enough");
  }
});

test("a watched session that waits is armed as well", () => {
  const armed = restingWith({ armed: true, next: wait });
  const cause = { kind: "manual" } as const;
  const findings = { sameBoot: true, leader: undefined, exit: undefined, cause, now: SINCE };
  expect(resume(armed, findings, WATCHED).effects.map(({ type }) => type)).toEqual([
    "arm",
    "schedule",
  ]);
});
