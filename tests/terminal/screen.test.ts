// A screen that is drawn into another terminal must be the same there: every test draws it into a
// second emulator and compares what both show.

import { describe, expect, test } from "bun:test";
import { Terminal } from "@xterm/headless";
import { Screen } from "../../src/terminal/screen.ts";
import { widen } from "../../src/terminal/widths.ts";

const SIZE = { cols: 20, rows: 6 };

async function screenAfter(text: string | Uint8Array): Promise<Screen> {
  const screen = new Screen(SIZE);
  await screen.write(Buffer.from(text as string));
  return screen;
}

/** What a terminal shows, and where its cursor is. */
async function shownOf(...texts: readonly string[]) {
  const terminal = new Terminal({ ...SIZE, scrollback: 0, allowProposedApi: true });
  widen(terminal);
  for (const text of texts) {
    await new Promise<void>((resolve) => terminal.write(text, resolve));
  }
  const { active } = terminal.buffer;
  const cells = Array.from({ length: SIZE.rows }, (_, row) => {
    const line = active.getLine(active.baseY + row);
    return Array.from({ length: SIZE.cols }, (_, column) => {
      const cell = line?.getCell(column);
      const ink = `${cell?.getFgColorMode()}/${cell?.getFgColor()}/${cell?.getBgColor()}`;
      const looks = [cell?.isBold(), cell?.isDim(), cell?.isItalic(), cell?.isUnderline()];
      const others = [cell?.isInverse(), cell?.isInvisible(), cell?.isStrikethrough()];
      const more = [cell?.isBlink(), cell?.isOverline(), cell?.getWidth()];
      return `${cell?.getChars() || " "} ${ink} ${[...looks, ...others, ...more].map(Number)}`;
    });
  });
  return { cells, type: active.type, x: active.cursorX, y: active.cursorY, modes: terminal.modes };
}

describe("a drawn screen looks like the one that it was made of", () => {
  test.each([
    ["text", "hello\r\nworld\r\n$ "],
    ["a prompt in the midst of a line", "one\r\n\x1b[1;32m$ \x1b[0mls"],
    ["colours that go on", "\x1b[1;38;5;120mgreen\r\nstill"],
    ["bold after dim", "\x1b[2mdim\x1b[0m\x1b[1mbold\x1b[0m"],
    ["dim after bold", "\x1b[1mbold\x1b[22;2mdim\x1b[0m"],
    ["bold of what was both", "\x1b[1;2mboth\x1b[22;1mbold"],
    ["dim of what was both", "\x1b[1;2mboth\x1b[22;2mdim\x1b[22mnone"],
    [
      "all that a letter can be",
      "\x1b[3;4;5;7;8;9;53mall\x1b[0m\x1b[48;5;201;38;2;22;1;2mx\x1b[97;104my",
    ],
    ["blanks in a colour", "\x1b[41m\x1b[2J\x1b[3;3Hx\x1b[42m\x1b[K\x1b[43m\x1b[5;2H\x1b[4X"],
    ["a cursor beyond the end of a row", `\r\n${"x".repeat(20)}\x1b[42m`],
    ["one in a row above others", `\x1b[4;1Hbelow\x1b[2;1H${"x".repeat(18)}日`],
    ["one in a row that was erased", `${"x".repeat(20)}\x1b[1K`],
    ["wide letters that are wrapped", `x${"日".repeat(15)}`],
    ["more lines than fit", Array.from({ length: 30 }, (_, line) => `line ${line}\r\n`).join("")],
    ["lines that are wrapped", "x".repeat(50)],
    ["letters that are wide", "日本語 🙂 ok"],
    ["an emoji with text behind it", "😀\x1b[1;3HX\r\n👩‍💻\x1b[2;5HY"],
    ["text anywhere", "\x1b[3;5Hmiddle\x1b[6;1Hbottom\x1b[1;1H"],
    ["a full-screen program", "shell$ vi\r\n\x1b[?1049h\x1b[2J\x1b[2;3Hvi\x1b[6;1H-- INSERT --"],
    ["one that has other colours than the shell", "\x1b[31mred\x1b[?1049h\x1b[0mplain"],
    ["rows that scroll", "\x1b[2;4r\x1b[2;1Ha\r\nb\r\nc\r\nd"],
    ["modes", "\x1b[?1h\x1b[?2004h\x1b[?1002h\x1b[?7lx"],
    ["a mouse in a full-screen program", "\x1b[?1049h\x1b[?1003h\x1b[?1006hx"],
  ])("%s", async (_, text) => {
    const screen = await screenAfter(text);
    expect(await shownOf(screen.draw())).toEqual(await shownOf(text));
    expect(await shownOf(screen.draw(), "next")).toEqual(await shownOf(text, "next"));
    screen.close();
  });

  test("also what is written to it afterwards", async () => {
    const before = "shell\r\n\x1b[?1049h\x1b[31m\x1b[2;5r\x1b[3;3Hx";
    const after = "y\r\nz\r\n\r\n\r\nw\x1b[?1049lback";
    const screen = await screenAfter(before);
    expect(await shownOf(screen.draw(), after)).toEqual(await shownOf(before, after));
    screen.close();
  });
});

test("a line that was wrapped is still one line when the terminal grows", async () => {
  const screen = await screenAfter("x".repeat(30));
  expect(screen.draw()).toBe("x".repeat(30));
  screen.close();
});

test("bold and dim end together, and neither takes the other along", async () => {
  const screen = await screenAfter("\x1b[2mdim\x1b[0m\x1b[1mbold\x1b[0m");
  expect(screen.draw()).toBe("\x1b[2mdim\x1b[0;1mbold\x1b[0m");
  screen.close();
});

test("erasing all up to the last place is no harm to the emulator", async () => {
  const screen = await screenAfter("\x1b[?1049h\x1b[2;2Hgone\x1b[6;20Hx\x1b[1J\x1b[Hleft");
  expect(screen.draw()).toBe("\x1b[?1049h\x1b[Hleft");
  screen.close();
});

test("text behind an emoji is where its program has put it", async () => {
  const screen = await screenAfter("😀\x1b[1;3HX");
  expect(screen.draw()).toBe("😀X");
  screen.close();
});

test("a hidden cursor and a mouse that reports in the newer form are passed on", async () => {
  const screen = await screenAfter("\x1b[?25l\x1b[?1006h");
  expect(screen.draw()).toContain("\x1b[?25l");
  expect(screen.draw()).toContain("\x1b[?1006h");
  screen.close();
});

test("half a sequence is neither shown nor part of the drawing", async () => {
  const screen = await screenAfter("abc\x1b[3");
  expect(screen.pending).toBe(3);
  expect(await shownOf(screen.draw(), "\x1b[3", "1md")).toEqual(await shownOf("abc\x1b[31md"));
  screen.close();
});

test("what follows a skip is not taken for the rest of what came before", async () => {
  const screen = await screenAfter("abc\x1b]0;a title that never ends");
  await screen.skip();
  await screen.write(Buffer.from("def"));
  expect(screen.draw()).toContain("abcdef");
  screen.close();
});

test("a screen that is resized is drawn in its new size", async () => {
  const screen = await screenAfter("x".repeat(20));
  screen.resize({ cols: 10, rows: 4 });
  expect(screen.size).toEqual({ cols: 10, rows: 4 });
  await screen.write(Buffer.from("\x1b[H\x1b[2J1234567890ab"));
  expect(screen.draw()).toContain("1234567890ab");
  screen.close();
});

test("all rows of a screen that was made larger scroll", async () => {
  const screen = new Screen({ cols: 20, rows: 3 });
  await screen.write(Buffer.from("\x1b[1;3r\x1b[Hone\r\ntwo\r\nthree"));
  screen.resize(SIZE);
  const inserted = "\x1b[H\x1b[L";
  const drawn = await shownOf(screen.draw(), inserted);
  await screen.write(Buffer.from(inserted));
  expect(drawn).toEqual(await shownOf(screen.draw()));
  screen.close();
});
