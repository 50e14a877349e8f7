import { expect, test } from "bun:test";
import { forgettable } from "../../src/supervisor/retention.ts";

const always = () => true;

test("nothing is forgotten while there are no more at rest than are kept", () => {
  expect(forgettable(["a", "b"], { keep: 2, isDone: always })).toEqual([]);
});

test("the oldest at rest are forgotten beyond what is kept", () => {
  expect(forgettable(["a", "b", "c", "d"], { keep: 2, isDone: always })).toEqual(["a", "b"]);
});

test("one that is not done with is kept, and no newer one goes in its place", () => {
  const isDone = (name: string) => name !== "a";
  expect(forgettable(["a", "b", "c", "d"], { keep: 2, isDone })).toEqual(["b"]);
  expect(forgettable(["a", "b", "c"], { keep: 2, isDone })).toEqual([]);
});
