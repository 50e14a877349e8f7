import { expect, test } from "bun:test";
import { Slices } from "../../src/watch/slices.ts";

test("work is done in its order, also what work adds", async () => {
  const slices = new Slices();
  const done: number[] = [];
  slices.later(() => {
    done.push(1);
    slices.later(() => done.push(3));
  });
  slices.later(() => done.push(2));
  expect(done).toEqual([]);
  await slices.idle();
  expect(done).toEqual([1, 2, 3]);
});

test("much work leaves the event loop its turns", async () => {
  const slices = new Slices();
  let turns = 0;
  const count = () => {
    turns += 1;
    if (!slices.isIdle) setImmediate(count);
  };
  for (let index = 0; index < 50; index += 1) slices.later(() => Bun.sleepSync(1));
  setImmediate(count);
  await slices.idle();
  expect(turns).toBeGreaterThan(3);
});

test("urgent work is done at once, and before the rest when there is too much of it", async () => {
  const slices = new Slices();
  const done: string[] = [];
  slices.later(() => done.push("later"));
  slices.soon(() => {
    done.push("at once");
    Bun.sleepSync(20);
  });
  slices.soon(() => done.push("soon"));
  expect(done[0]).toBe("at once");
  await slices.idle();
  expect(done).toEqual(["at once", "soon", "later"]);
});

test("cleared work is never done, and who waits for it goes on", async () => {
  const slices = new Slices();
  slices.later(() => {
    throw new Error("done");
  });
  const idle = slices.idle();
  slices.clear();
  await idle;
  expect(slices.isIdle).toBe(true);
});
