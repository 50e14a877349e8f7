import { expect, test } from "bun:test";
import { SETTLE_MS, Settle } from "../../src/watch/settle.ts";

test("a path is looked at once at first, and once when it is quiet", () => {
  const settle = new Settle();
  expect(settle.touch("a", 0)).toBe(true);
  expect(settle.nextAt()).toBe(SETTLE_MS);
  expect(settle.due(SETTLE_MS - 1)).toEqual([]);
  expect(settle.due(SETTLE_MS)).toEqual(["a"]);
  expect(settle.nextAt()).toBeUndefined();
});

test("a path that is touched on and on is looked at in steps, the last time when it is quiet", () => {
  const settle = new Settle();
  expect(SETTLE_MS).toBe(20);
  const looks: number[] = [];
  for (let now = 0; now < 100; now += 1) {
    if (now < 50 && settle.touch("a", now)) looks.push(now);
    if (settle.due(now).length > 0) looks.push(now);
  }
  expect(looks).toEqual([0, 20, 40, 60, 80]);
});

test("paths fall due in the order they were touched, each by itself", () => {
  const settle = new Settle();
  settle.touch("a", 0);
  settle.touch("b", 1);
  settle.touch("a", 2);
  expect(settle.due(SETTLE_MS)).toEqual(["a"]);
  expect(settle.nextAt()).toBe(SETTLE_MS + 1);
  expect(settle.due(SETTLE_MS + 1)).toEqual(["b"]);
  expect(settle.due(2 * SETTLE_MS)).toEqual(["a"]);
  expect(settle.nextAt()).toBeUndefined();
});
