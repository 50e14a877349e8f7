import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { Idleness, resolveIdleTimeout } from "../../src/daemon/idle.ts";

describe("KORUN_IDLE_TIMEOUT", () => {
  test.each([
    [undefined, undefined],
    ["", undefined],
    ["0", undefined],
    ["0s", undefined],
    ["250", 250],
    ["15m", 900_000],
    ["2h", 7_200_000],
  ])("%p means %p ms", (value, ms) => {
    expect(resolveIdleTimeout({ KORUN_IDLE_TIMEOUT: value })).toBe(ms);
  });

  test.each(["soon", "-1", "5 minutes", "1e3", "m"])("%p is refused", (value) => {
    expect(() => resolveIdleTimeout({ KORUN_IDLE_TIMEOUT: value })).toThrow(
      `KORUN_IDLE_TIMEOUT is "${value}"; wanted a duration such as 30s, 15m, 2h, or 0 for never`,
    );
  });
});

describe("a daemon that may leave", () => {
  let atRest = true;
  let left: string[] = [];

  function idleness(timeoutMs: number | undefined): Idleness {
    return new Idleness({
      timeoutMs,
      isAtRest: () => atRest,
      leave: (reason) => left.push(reason),
    });
  }

  beforeEach(() => {
    jest.useFakeTimers();
    [atRest, left] = [true, []];
  });

  afterEach(() => void jest.useRealTimers());

  test("leaves once it has had nothing to do for so long", () => {
    const idle = idleness(60_000);
    idle.changed();
    jest.advanceTimersByTime(120_000);
    expect(left).toEqual([]);
    idle.begin();
    jest.advanceTimersByTime(59_999);
    expect(left).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(left).toEqual(["nothing to do for 1m (KORUN_IDLE_TIMEOUT)"]);
  });

  test("waits for a first visit, however little time it has after that", () => {
    const idle = idleness(1);
    idle.begin();
    jest.advanceTimersByTime(4_999);
    expect(left).toEqual([]);
    idle.visitors?.enter().answered();
    jest.advanceTimersByTime(1);
    expect(left).toHaveLength(1);
  });

  test("has one timer while it is idle, and none while it is not", () => {
    const idle = idleness(60_000);
    expect(jest.getTimerCount()).toBe(0);
    idle.begin();
    idle.changed();
    expect(jest.getTimerCount()).toBe(1);
    atRest = false;
    idle.changed();
    expect(jest.getTimerCount()).toBe(0);
    atRest = true;
    idle.changed();
    expect(jest.getTimerCount()).toBe(1);
    idle.close();
    expect(jest.getTimerCount()).toBe(0);
  });

  test("begins anew with every change, and waits while somebody is served", () => {
    const idle = idleness(60_000);
    idle.begin();
    jest.advanceTimersByTime(59_000);
    const visit = idle.visitors?.enter();
    expect(jest.getTimerCount()).toBe(0);
    const over = visit?.stay();
    visit?.answered();
    expect(jest.getTimerCount()).toBe(0);
    over?.();
    over?.();
    jest.advanceTimersByTime(59_999);
    expect(left).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(left).toHaveLength(1);
  });

  test("waits longer than a timer can", () => {
    const day = 86_400_000;
    const idle = idleness(40 * day);
    idle.begin();
    jest.advanceTimersByTime(39 * day);
    expect(left).toEqual([]);
    jest.advanceTimersByTime(day);
    expect(left).toEqual(["nothing to do for 40d (KORUN_IDLE_TIMEOUT)"]);
  });

  test("never does without a time, and counts nobody", () => {
    const idle = idleness(undefined);
    idle.begin();
    idle.changed();
    expect(jest.getTimerCount()).toBe(0);
    expect(idle.visitors).toBeUndefined();
  });
});
