import { expect, test } from "bun:test";
import { Picture } from "../../../src/cli/attach/redraw.ts";

const SIZE = { columns: 10, rows: 5 };

test("a picture takes the place of the one before it, whatever their heights", () => {
  const picture = new Picture();
  expect(picture.draw(["one", "two"], SIZE)).toBe("\rone\x1b[K\ntwo\x1b[K\n\x1b[J");
  expect(picture.draw(["three"], SIZE)).toBe("\r\x1b[2Athree\x1b[K\n\x1b[J");
  expect(picture.draw(["four", "five"], SIZE)).toBe("\r\x1b[1Afour\x1b[K\nfive\x1b[K\n\x1b[J");
});

test("lines are cut to the width, since those that wrap could not be found again", () => {
  const drawn = new Picture().draw(["0123456789", "0123456789a"], SIZE);
  expect(drawn).toBe("\r0123456789\x1b[K\n012345678…\x1b[K\n\x1b[J");
});

test("a picture that is too high says how much of it is not shown", () => {
  const picture = new Picture();
  const drawn = picture.draw(["1", "2", "3", "4", "5", "6"], SIZE);
  expect(drawn).toBe("\r1\x1b[K\n2\x1b[K\n3\x1b[K\n… 3 more\x1b[K\n\x1b[J");
  expect(picture.draw(["1", "2", "3", "4"], SIZE)).toStartWith("\r\x1b[4A1\x1b[K\n");
});

test("a terminal that does not say how large it is gets no cut line and a usual height", () => {
  const lines = Array.from({ length: 30 }, (_, line) => `line ${line} ${"x".repeat(100)}`);
  const drawn = new Picture().draw(lines, { columns: 0, rows: 0 });
  expect(drawn.split("\n")).toHaveLength(24);
  expect(drawn).toContain(`line 0 ${"x".repeat(100)}\x1b[K`);
});
