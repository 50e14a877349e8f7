import { expect, test } from "bun:test";
import { plainText, withoutEscapes } from "../../src/logs/plain.ts";

function plain(text: string): string {
  return plainText(Buffer.from(text));
}

test.each([
  ["colours", "\x1b[1;31merror\x1b[0m: no\x1b[K", "error: no"],
  ["colours with colons and private modes", "\x1b[38:2::1:2:3mred\x1b[?25l", "red"],
  ["links", "\x1b]8;;http://localhost\x1b\\here\x1b]8;;\x07!", "here!"],
  ["titles", "\x1b]0;my shell\x07$ ", "$ "],
  ["strings for the terminal", "a\x1bPq#0\x1b\\b\x1b_x\x1b\\c", "abc"],
  ["character sets and resets", "\x1b(Ba\x1bcb\x1b7c\x1b=", "abc"],
  ["a sequence that is cut off", "done\x1b[3", "done"],
  ["a string that is cut off", "done\x1b]0;tit", "done"],
  ["an escape at the very end", "done\x1b", "done"],
  ["an escape that begins nothing", "a\x1b\nb", "a\nb"],
])("%s are left out", (_, given, wanted) => {
  expect(plain(given)).toBe(wanted);
});

test("what is no escape sequence stays, byte for byte", () => {
  const bytes = Buffer.from("\ufeffa\tb\rc\x07 ü \x9b [31m", "utf8");
  expect(withoutEscapes(bytes)).toBe(bytes);
  expect(plainText(bytes)).toBe(bytes.toString());
});
