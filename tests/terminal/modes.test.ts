import { describe, expect, test } from "bun:test";
import { TerminalModes } from "../../src/terminal/modes.ts";

const CORNER = { row: 1, column: 1 };

function modesAfter(...texts: readonly (string | Uint8Array)[]): TerminalModes {
  const modes = new TerminalModes();
  for (const text of texts) modes.push(Buffer.from(text as string));
  return modes;
}

describe("what a program has set is undone, and can be set again elsewhere", () => {
  test.each([
    ["the mouse and its form", "\x1b[?1002h\x1b[?1006h", "\x1b[?1002l\x1b[?1006l"],
    ["several at once", "\x1b[?1000;1006h", "\x1b[?1000l\x1b[?1006l"],
    ["a cursor that is not shown", "\x1b[?25l", "\x1b[?25h"],
    ["marks around what is pasted", "\x1b[?2004h", "\x1b[?2004l"],
    ["lines that are not wrapped", "\x1b[?7l", "\x1b[?7h"],
    ["the keypad of an application", "\x1b=", "\x1b[?66l"],
    ["inserting", "\x1b[4h", "\x1b[4l"],
    ["the shape of the cursor", "\x1b[5 q", "\x1b[0 q"],
    ["letters that draw lines", "\x1b(0", "\x1b(B"],
    ["the other set of letters", "\x1b)0\x0e", "\x1b)B\x0f"],
    ["keys in another form", "\x1b[>4;2m", "\x1b[>4m"],
    ["two levels of a keyboard", "\x1b[>1u\x1b[>5u", "\x1b[<2u"],
    ["the colour of letters", "\x1b]10;#ffffff\x07", "\x1b]110\x1b\\"],
    ["what is behind them", "\x1b]11;rgb:00/00/7f\x1b\\", "\x1b]111\x1b\\"],
    ["the colour of the cursor", "\x1b]12;red\x07", "\x1b]112\x1b\\"],
    ["colours one after the other", "\x1b]10;red;?;blue\x07", "\x1b]110\x1b\\\x1b]112\x1b\\"],
    ["the palette", "\x1b]4;1;#123456;2;rgb:1/2/3\x1b\\", "\x1b]104\x1b\\"],
    ["rows that scroll", "\x1b[2;10r", "\x1b7\x1b[r\x1b8"],
  ])("%s", (_, set, undone) => {
    const modes = modesAfter(set);
    expect(modes.undo()).toBe(undone);
    const again = modesAfter(modes.restore(CORNER));
    expect(again.undo()).toBe(undone);
    expect(modesAfter(set, undone).restore(CORNER)).toBe("");
  });

  test("the alternate screen is left, and entered again by whoever draws it", () => {
    const modes = modesAfter("\x1b[?1049h");
    expect(modes.isAlternate).toBe(true);
    expect(modes.undo()).toBe("\x1b[?1049l");
    expect(modes.restore(CORNER)).toBe("");
  });

  test("rows that scroll take the cursor away: it is put back", () => {
    expect(modesAfter("\x1b[2;10r").restore({ row: 5, column: 7 })).toBe("\x1b[2;10r\x1b[5;7H");
    const inside = modesAfter("\x1b[2;10r\x1b[?6h");
    expect(inside.restore({ row: 5, column: 7 })).toBe("\x1b[2;10r\x1b[?6h\x1b[4;7H");
  });
});

test("the palette is reset as one, and restored colour by colour", () => {
  const modes = modesAfter("\x1b]4;1;red;2;blue\x07\x1b]4;2;green\x07\x1b]104;1\x07");
  expect(modes.restore(CORNER)).toBe("\x1b]4;2;green\x1b\\");
  expect(modes.undo()).toBe("\x1b]104\x1b\\");
});

test("a whole palette comes in one sequence, and a longer text costs no more", () => {
  const all = Array.from({ length: 256 }, (_, index) => `${index};rgb:1111/2222/3333`);
  const modes = modesAfter(`\x1b]4;${all.join(";")}\x07`);
  expect(modes.restore(CORNER).split("rgb:1111/2222/3333")).toHaveLength(257);
  const flooded = modesAfter(`\x1b]4;${"1;#000;".repeat(1_000_000)}2;#fff\x07\x1b]11;red\x07`);
  expect(flooded.restore(CORNER)).toBe("\x1b]4;1;#000\x1b\\\x1b]11;red\x1b\\");
});

describe("nothing is to be undone", () => {
  test.each([
    ["of plain text and colours", "hello \x1b[1;31mworld\x1b[0m\r\n"],
    ["of what was set and reset", "\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l"],
    ["after a reset", "\x1b[?1049h\x1b[?1000h\x1b[?25l\x1b[2;5r\x1b[>1u\x1bc"],
    ["of modes that nobody knows", "\x1b[?31337h"],
    ["of colours that were asked for", "\x1b]10;?\x07\x1b]11;?\x1b\\\x1b]4;1;?\x07"],
    [
      "of colours that were reset",
      "\x1b]11;red\x07\x1b]4;1;red;2;red\x07\x1b]111\x07\x1b]104;1;2\x07",
    ],
    ["of a colour that is none", "\x1b]11;\x07\x1b]10;\u00e9\x07\x1b]4;x;red\x07\x1b]11\x07"],
    ["of a colour that was broken off", "\x1b]11;red\x18"],
    ["of a link", "\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\"],
    ["of a title that looks like a mode", "\x1b]0;[?25l\x07"],
  ])("%s", (_, text) => {
    expect(modesAfter(text).undo()).toBe("");
  });
});

describe("what is not whole yet is counted", () => {
  test.each([
    ["nothing of whole text", "hello\x1b[31m", 0],
    ["an escape", "hello\x1b", 1],
    ["a sequence", "hello\x1b[38;5;1", 8],
    ["a title, however long", `x\x1b]0;${"t".repeat(5_000)}`, 5_004],
    ["a sequence that begins in another", "\x1b[12\x1b[3", 3],
    ["nothing of one that was cancelled", "\x1b[12\x18", 0],
    ["nothing of a title that ended", "\x1b]0;title\x1b\\", 0],
  ])("%s", (_, text, pending) => {
    expect(modesAfter(text).pending).toBe(pending);
    // However it was cut.
    expect(modesAfter(...text).pending).toBe(pending);
  });

  test("a letter of several bytes", () => {
    const bytes = Buffer.from("a🙂");
    expect(modesAfter(bytes.subarray(0, 2)).pending).toBe(1);
    expect(modesAfter(bytes.subarray(0, 4)).pending).toBe(3);
    expect(modesAfter(bytes.subarray(0, 3), bytes.subarray(3, 4)).pending).toBe(3);
    expect(modesAfter(bytes).pending).toBe(0);
  });

  test("a mode that comes in two pieces is taken", () => {
    expect(modesAfter("\x1b[?10", "00h").undo()).toBe("\x1b[?1000l");
  });

  test("what was begun and then skipped is not", () => {
    const modes = modesAfter("\x1b[?10");
    modes.skip();
    modes.push(Buffer.from("00h"));
    expect(modes.undo()).toBe("");
  });
});
