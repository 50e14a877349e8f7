// What each policy makes of an end, as a function of what has happened.

import { describe, expect, test } from "bun:test";
import {
  type EndFacts,
  FLOOR_MS,
  NEVER_RESTART,
  nextRestart,
  type RestartPolicy,
  SHORT_RUN_MS,
} from "../../src/domain/restart-policy.ts";

const common = { on: "any", resetAfterMs: 60_000, maxRestarts: undefined } as const;
const always: RestartPolicy = { kind: "always", ...common };
const fixed: RestartPolicy = { kind: "fixed", delayMs: 2_500, ...common };
const exponential: RestartPolicy = {
  kind: "exponential",
  initialDelayMs: 1_000,
  maxDelayMs: 30_000,
  multiplier: 2,
  ...common,
};

const crash: EndFacts = { failed: true, ranMs: 5_000, everRan: true, attempts: 0 };

/** The delays of so many crashes in a row. */
function delays(policy: RestartPolicy, often: number, facts = crash): number[] {
  return Array.from({ length: often }, (_, attempts) => {
    const next = nextRestart(policy, { ...facts, attempts });
    return next !== undefined && "delayMs" in next ? next.delayMs : Number.NaN;
  });
}

describe("the delay", () => {
  test("of an exponential policy doubles exactly, up to its maximum and for ever", () => {
    expect(delays(exponential, 8)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(delays(exponential, 5_000).at(-1)).toBe(30_000);
  });

  test("grows by the multiplier, in whole milliseconds", () => {
    const gentle: RestartPolicy = { ...exponential, initialDelayMs: 100, multiplier: 1.5 };
    expect(delays(gentle, 5)).toEqual([100, 150, 225, 338, 506]);
    expect(delays({ ...exponential, multiplier: 1 }, 3)).toEqual([1_000, 1_000, 1_000]);
  });

  test("never exceeds the maximum, not even at first", () => {
    expect(delays({ ...exponential, maxDelayMs: 400 }, 2)).toEqual([400, 400]);
  });

  test("of a fixed policy is what was asked for, however short the run", () => {
    expect(delays(fixed, 3)).toEqual([2_500, 2_500, 2_500]);
    expect(delays({ ...fixed, delayMs: 50 }, 2, { ...crash, ranMs: 1 })).toEqual([50, 50]);
  });

  test("after ten short runs in a row is no less than makes ten starts a second", () => {
    const quick: RestartPolicy = { ...fixed, delayMs: 1 };
    const said = Array(10).fill(1);
    expect(delays(quick, 12, { ...crash, ranMs: 2.5 })).toEqual([...said, 98, 98]);
    expect(delays(quick, 11, { ...crash, ranMs: null })).toEqual([...said, 100]);
    expect(delays(quick, 11, { ...crash, ranMs: 100 })).toEqual([...said, 1]);
    expect(delays({ ...quick, delayMs: 99 }, 11, { ...crash, ranMs: 50 }).at(-1)).toBe(99);
  });

  test("is no less from the first on where a run that short forgives those before it", () => {
    const forgiving: RestartPolicy = { ...fixed, delayMs: 1, resetAfterMs: 0 };
    expect(delays(forgiving, 2, { ...crash, ranMs: 2 })).toEqual([98, 98]);
  });

  test("of `always` is none after a run that lasted", () => {
    expect(delays(always, 3, { ...crash, ranMs: SHORT_RUN_MS })).toEqual([0, 0, 0]);
  });

  test("is never none after a short run, so that an instant exit spins no CPU", () => {
    const short = { ...crash, ranMs: SHORT_RUN_MS - 1 };
    const instant = { ...exponential, initialDelayMs: 0 };
    for (const policy of [always, { ...fixed, delayMs: 0 }, instant]) {
      expect(delays(policy, 3, short)).toEqual([FLOOR_MS, FLOOR_MS, FLOOR_MS]);
      expect(delays(policy, 1, { ...crash, ranMs: null })).toEqual([FLOOR_MS]);
    }
  });
});

describe("the count", () => {
  test("goes up with each restart", () => {
    expect(nextRestart(fixed, { ...crash, attempts: 4 })).toMatchObject({ attempt: 5 });
  });

  test("is forgiven after a run of exactly the time that makes it stable", () => {
    const stable = { ...crash, attempts: 7 };
    expect(nextRestart(exponential, { ...stable, ranMs: 59_999 })).toEqual({
      attempt: 8,
      delayMs: 30_000,
    });
    expect(nextRestart(exponential, { ...stable, ranMs: 60_000 })).toEqual({
      attempt: 1,
      delayMs: 1_000,
    });
  });

  test("is not forgiven by a start that failed", () => {
    const policy = { ...fixed, resetAfterMs: 0 };
    expect(nextRestart(policy, { ...crash, attempts: 2, ranMs: null })).toMatchObject({
      attempt: 3,
    });
  });
});

describe("giving up", () => {
  test("comes after the last restart that is allowed, and says why", () => {
    const policy = { ...exponential, maxRestarts: 3 };
    expect(nextRestart(policy, { ...crash, attempts: 2 })).toMatchObject({ attempt: 3 });
    expect(nextRestart(policy, { ...crash, attempts: 3 })).toEqual({
      gaveUp: "it was restarted 3 times in a row, and no run lasted 1m",
    });
  });

  test("of a policy that allows no restart comes at once", () => {
    expect(nextRestart({ ...always, maxRestarts: 0 }, crash)).toEqual({
      gaveUp: "its policy allows no restart",
    });
  });

  test("is put off by a stable run", () => {
    const policy = { ...always, maxRestarts: 3 };
    expect(nextRestart(policy, { ...crash, attempts: 3, ranMs: 60_000 })).toMatchObject({
      attempt: 1,
    });
  });

  test("comes at once where the command never ran, since a typo stays one", () => {
    const typo = { failed: true, ranMs: null, everRan: false, attempts: 0 };
    for (const policy of [always, fixed, exponential]) {
      expect(nextRestart(policy, typo)).toEqual({
        gaveUp: "its command could not be started even once",
      });
      expect(nextRestart(policy, { ...typo, everRan: true })).toMatchObject({ attempt: 1 });
    }
  });
});

describe("an end", () => {
  test("is no business of a policy that never restarts", () => {
    expect(nextRestart(NEVER_RESTART, crash)).toBeUndefined();
  });

  test("that went well is answered by any policy but one for failures", () => {
    const well = { ...crash, failed: false };
    for (const policy of [always, fixed, exponential]) {
      expect(nextRestart(policy, well)).toMatchObject({ attempt: 1 });
      expect(nextRestart({ ...policy, on: "failure" }, well)).toBeUndefined();
      expect(nextRestart({ ...policy, on: "failure" }, crash)).toMatchObject({ attempt: 1 });
    }
  });
});
