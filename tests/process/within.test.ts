import { expect, test } from "bun:test";
import { TOO_LATE, within } from "../../src/process/within.ts";

test("what comes in time is given as it is", async () => {
  expect(await within(60_000, Promise.resolve("word"))).toBe("word");
});

test("what takes too long is given up", async () => {
  expect(await within(1, new Promise(() => {}))).toBe(TOO_LATE);
});

test("what fails in time fails", async () => {
  const failing = Promise.reject(new Error("no word"));
  await expect(within(60_000, failing)).rejects.toThrow("no word");
});
