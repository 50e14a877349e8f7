import { expect, test } from "bun:test";
import { closest } from "../../src/domain/closest.ts";

const commands = ["serve", "run", "ls", "inspect", "restart", "stop", "rm", "logs"];

test.each([
  ["sevre", "serve"],
  ["srve", "serve"],
  ["inspct", "inspect"],
  ["inspekt", "inspect"],
  ["restrat", "restart"],
  ["insp", "inspect"],
  ["log", "logs"],
])("%s was meant to be %s", (typed, meant) => {
  expect(closest(typed, commands)).toBe(meant);
});

test.each(["frobnicate", "xyz", "", "q"])("%p is like nothing", (typed) => {
  expect(closest(typed, commands)).toBeUndefined();
});

test("among nothing, nothing is close", () => {
  expect(closest("serve", [])).toBeUndefined();
});
