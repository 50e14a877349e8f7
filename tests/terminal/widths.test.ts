import { expect, test } from "bun:test";
import { Terminal } from "@xterm/headless";
import { widen, widthOf } from "../../src/terminal/widths.ts";

test.each([
  ["ASCII", "abc~", 4],
  ["an emoji", "😀", 2],
  ["one of Unicode 14", "\u{1fae0}", 2],
  ["one with a skin tone", "👍🏽", 4],
  ["a family, as many as are in it", "👩‍👧", 4],
  ["a flag", "🇩🇪", 2],
  ["a sign that is made an emoji", "❤\ufe0f", 1],
  ["a key in its frame", "1\ufe0f\u20e3", 1],
  ["Chinese", "漢字", 4],
  ["Hangul", "한글", 4],
  ["Hangul in its parts", "\u1112\u1161\u11ab", 2],
  ["a letter and an accent", "e\u0301", 1],
  ["a vowel of Hindi that stands beside its letter", "\u0915\u093e", 2],
  ["one that stands above it", "\u0915\u0947", 1],
  ["a frame", "┌─┐", 3],
  ["a letter that is wide in Japan only", "±", 1],
])("%s takes as many columns as its program reckons with", async (_, text, columns) => {
  const widths = Array.from(text, (letter) => Number(widthOf(letter.codePointAt(0) ?? 0)));
  expect(widths.reduce((sum, width) => sum + width)).toBe(columns);
  const terminal = new Terminal({ cols: 20, rows: 2, allowProposedApi: true });
  widen(terminal);
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  expect(terminal.buffer.active.cursorX).toBe(columns);
  expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe(text);
  terminal.dispose();
});
