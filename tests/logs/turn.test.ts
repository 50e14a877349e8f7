import { expect, test } from "bun:test";
import { isSliceOver, nextSlice } from "../../src/logs/turn.ts";

test("however many work in slices, everyone else has a turn before each has had its second", async () => {
  const rounds: string[] = [];
  let isDone = false;
  const others = (async () => {
    while (!isDone) {
      rounds.push("others");
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const work = async (name: string) => {
    for (let round = 0; round < 3; round += 1) {
      while (!isSliceOver());
      rounds.push(name);
      await nextSlice();
    }
  };
  const names = ["a", "b", "c"];
  await Promise.all(names.map(work));
  isDone = true;
  await others;
  const inTurn = rounds.join(" ").split("others");
  // Each waits behind those who waited before it, and the loop has its turn between two slices.
  expect(rounds.filter((name) => name !== "others")).toHaveLength(9);
  for (const between of inTurn) {
    const worked = between.trim().split(" ").filter(Boolean);
    expect(new Set(worked).size).toBe(worked.length);
  }
});
