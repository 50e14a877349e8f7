import { describe, expect, test } from "bun:test";
import { type Death, planStart, recentDeaths } from "../../src/keeper/policy.ts";

const KILLED: Omit<Death, "at"> = { ready: true, killed: true, refused: false };
const CRASHED: Omit<Death, "at"> = { ready: false, killed: false, refused: false };

function deaths(count: number, of: Omit<Death, "at">, from = 0, every = 100): Death[] {
  return Array.from({ length: count }, (_, index) => ({ ...of, at: from + index * every }));
}

function plan(history: readonly Death[], setAsideAt?: number) {
  return planStart({ deaths: history, setAsideAt }, history.at(-1)?.at ?? 0);
}

test("A daemon that served and was killed is followed at once, however often that happens", () => {
  expect(plan(deaths(300, KILLED))).toEqual({ delayMs: 0, setAside: false });
});

test("A first crash costs no time, and further ones more and more of it, up to 5 s", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9, 50].map(
    (count) => plan(deaths(count, CRASHED)).delayMs,
  );
  expect(delays).toEqual([0, 50, 100, 250, 500, 1_000, 2_500, 5_000, 5_000, 5_000]);
});

test("A daemon that served and was killed ends a row of crashes", () => {
  const history = [...deaths(4, CRASHED), ...deaths(1, KILLED, 500)];
  expect(plan(history).delayMs).toBe(0);
  expect(plan([...history, ...deaths(2, CRASHED, 600)]).delayMs).toBe(50);
});

test("Deaths are forgotten after a minute", () => {
  const history = deaths(4, CRASHED);
  expect(planStart({ deaths: history, setAsideAt: undefined }, 60_299)).toEqual({
    delayMs: 0,
    setAside: false,
  });
  expect(recentDeaths(history, 60_299)).toEqual(history.slice(3));
  expect(recentDeaths(history, 60_300)).toEqual([]);
});

describe("Rings are set aside", () => {
  test("after five crashes within a minute, and not after four", () => {
    expect(plan(deaths(4, CRASHED)).setAside).toBe(false);
    expect(plan(deaths(5, CRASHED)).setAside).toBe(true);
    expect(plan(deaths(5, CRASHED, 0, 14_999)).setAside).toBe(true);
    expect(plan(deaths(5, CRASHED, 0, 15_000)).setAside).toBe(false);
  });

  test("also when each daemon served for a while", () => {
    expect(plan(deaths(5, { ...CRASHED, ready: true })).setAside).toBe(true);
  });

  test("never for kills, nor for starts that were refused for a reason", () => {
    expect(plan(deaths(50, { ...KILLED, ready: false })).setAside).toBe(false);
    expect(plan(deaths(50, { ...CRASHED, refused: true })).setAside).toBe(false);
    const kills = deaths(50, KILLED, 500);
    expect(plan([...deaths(4, CRASHED), ...kills]).setAside).toBe(false);
  });

  test("once, unless a daemon came to serve since", () => {
    const before = deaths(5, CRASHED);
    const [since, served] = [deaths(9, CRASHED, 500), { ...CRASHED, ready: true, at: 450 }];
    expect(plan([...before, ...since], 400).setAside).toBe(false);
    expect(plan([...before, served, ...since.slice(0, 3)], 400).setAside).toBe(false);
    expect(plan([...before, served, ...since.slice(0, 4)], 400).setAside).toBe(true);
  });
});
