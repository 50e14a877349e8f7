import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { Collector } from "../../src/daemon/collector.ts";

describe("Garbage", () => {
  let collected = 0;

  beforeEach(() => {
    jest.useFakeTimers();
    collected = 0;
  });

  afterEach(() => void jest.useRealTimers());

  test("is collected once, after it has become quiet", () => {
    const collector = new Collector(() => collected++);
    for (let second = 0; second < 60; second += 1) {
      collector.happened();
      jest.advanceTimersByTime(1_000);
    }
    expect(collected).toBe(0);
    jest.advanceTimersByTime(20_000);
    expect({ collected, timers: jest.getTimerCount() }).toEqual({ collected: 1, timers: 0 });
  });

  test("is collected again after the next thing that happens", () => {
    const collector = new Collector(() => collected++);
    collector.happened();
    jest.advanceTimersByTime(60_000);
    collector.happened();
    jest.advanceTimersByTime(60_000);
    expect(collected).toBe(2);
  });

  test("is not waited for by a daemon that leaves", () => {
    const collector = new Collector(() => collected++);
    collector.happened();
    collector.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
