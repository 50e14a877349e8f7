import { expect, test } from "bun:test";
import { forgettable, nextLook } from "../../src/supervisor/retention.ts";

const always = () => true;
const never = () => false;

test("nothing is forgotten while there are no more at rest than are kept", () => {
  expect(forgettable(["a", "b"], { keep: 2, isOld: never, isDone: always })).toEqual([]);
});

test("the oldest at rest are forgotten beyond what is kept", () => {
  expect(forgettable(["a", "b", "c", "d"], { keep: 2, isOld: never, isDone: always })).toEqual([
    "a",
    "b",
  ]);
});

test("one that is not done with is kept, and no newer one goes in its place", () => {
  const isDone = (name: string) => name !== "a";
  expect(forgettable(["a", "b", "c", "d"], { keep: 2, isOld: never, isDone })).toEqual(["b"]);
  expect(forgettable(["a", "b", "c"], { keep: 2, isOld: never, isDone })).toEqual([]);
});

test("while none is at rest there is nothing to look at", () => {
  expect(nextLook([], { keptForMs: 1_000, now: 5_000 })).toBeUndefined();
});

test("the next look is when the next one gets old", () => {
  expect(nextLook([4_900, 4_200, 5_000], { keptForMs: 1_000, now: 5_000 })).toBe(200);
});

test("one that is old and was not forgotten is looked at again, but not at once", () => {
  const now = 1_000_000;
  expect(nextLook([0], { keptForMs: 1_000, now })).toBe(3_600_000);
  expect(nextLook([0, now], { keptForMs: 1_000, now })).toBe(1_000);
});

test("no wait is longer than a timer can be set for, and a clock that jumped changes nothing", () => {
  const day = 86_400_000;
  expect(nextLook([0], { keptForMs: 30 * day, now: 0 })).toBe(2 ** 31 - 1);
  expect(nextLook([400 * day], { keptForMs: day, now: 0 })).toBe(2 ** 31 - 1);
});
