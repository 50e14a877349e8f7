// What a child writes is what can be read, whatever bytes it is made of.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Korun } from "../support/korun.ts";
import { act, create, inspect, page, shell, textOf, until, untilExited } from "./support/api.ts";

/** A session that prints exactly these bytes, and its end. */
async function print(korun: Korun, bytes: Uint8Array | string): Promise<string> {
  writeFileSync(join(korun.work, "bytes"), bytes);
  const id = await create(korun, { command: ["cat", "bytes"] });
  const { stdout_bytes, exit_code } = await untilExited(korun, id);
  expect([exit_code, stdout_bytes]).toEqual([0, Buffer.byteLength(bytes)]);
  return id;
}

async function linesOf(korun: Korun, id: string): Promise<string[]> {
  return (await page(korun, id, "limit=20000")).entries.map(({ line }) => line);
}

const STRANGE = Buffer.concat([
  Buffer.from("invalid \xff\xfe\xc3( utf-8\n", "latin1"),
  Buffer.from("a\0b\0\n"),
  Buffer.from("\x1b[31mred\x1b[0m \x07\n"),
  Buffer.from("50%\r75%\r100%\n"),
  Buffer.from("\u{feff}mark, é, 語, \u{1f980}\n"),
  Buffer.from("\n\n \n"),
]);

test("text of one stream is byte for byte what the child wrote", async () => {
  await using korun = new Korun();
  const everything = Buffer.concat([STRANGE, Uint8Array.from({ length: 256 }, (_, byte) => byte)]);
  // Nowhere in it does a `\r` come before a `\n`.
  const id = await print(korun, everything);
  expect(await textOf(korun, id, "stdout")).toEqual(everything);
});

test("JSON shows invalid UTF-8 as U+FFFD, and NUL, ANSI, a bare CR and a mark as they are", async () => {
  await using korun = new Korun();
  const id = await print(korun, STRANGE);
  expect(await linesOf(korun, id)).toEqual([
    "invalid \u{fffd}\u{fffd}\u{fffd}( utf-8",
    "a\0b\0",
    "\x1b[31mred\x1b[0m \x07",
    "50%\r75%\r100%",
    "\u{feff}mark, é, 語, \u{1f980}",
    "",
    "",
    " ",
  ]);
});

test("a carriage return before a newline is no part of the line", async () => {
  await using korun = new Korun();
  const id = await print(korun, "one\r\ntwo\r\r\n\r\nthree\r");
  expect(await linesOf(korun, id)).toEqual(["one", "two\r", "", "three\r"]);
  expect((await textOf(korun, id, "stdout")).toString()).toBe("one\ntwo\r\n\nthree\r");
});

test("a character that comes in two writes is one character", async () => {
  await using korun = new Korun();
  const seen = "until [ -e seen ]; do sleep 0.01; done";
  const id = await create(
    korun,
    shell(
      `printf 'sm\\303'; ${seen}; printf '\\270rrebr\\303\\270d \\360\\237'; printf '\\246\\200\\n'`,
    ),
  );
  // The first half has been read by the time the second is written.
  await until(korun, id, (it) => it.stdout_bytes === 3);
  writeFileSync(join(korun.work, "seen"), "");
  await untilExited(korun, id);
  expect(await linesOf(korun, id)).toEqual(["smørrebrød \u{1f980}"]);
});

test("last words without a newline are an entry, which ends in text when a later run follows", async () => {
  await using korun = new Korun();
  const id = await print(korun, "one\nlast words");
  expect(await linesOf(korun, id)).toEqual(["one", "last words"]);
  expect((await textOf(korun, id, "stdout")).toString()).toBe("one\nlast words");
  await act(korun, id, "restart?wait=1");
  await until(korun, id, (it) => it.run === 2 && it.state === "exited");
  const twice = "one\nlast words\none\nlast words";
  expect((await textOf(korun, id, "stdout")).toString()).toBe(twice);
});

test("a living child's unfinished line is counted in bytes, and an entry once it is finished", async () => {
  await using korun = new Korun();
  const id = await create(
    korun,
    shell("printf prompt; until [ -e go ]; do sleep 0.01; done; echo"),
  );
  expect(await until(korun, id, (it) => it.stdout_bytes === 6)).toMatchObject({ stdout_lines: 0 });
  writeFileSync(join(korun.work, "go"), "");
  expect(await untilExited(korun, id)).toMatchObject({ stdout_lines: 1, stdout_bytes: 7 });
});

test("blended text names the stream of every line", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("echo out; printf 'no end' >&2"));
  await untilExited(korun, id);
  const lines = (await textOf(korun, id, "blended")).toString().split("\n");
  expect(lines.toSorted()).toEqual(["", "[stderr] no end", "[stdout] out"]);
});

test("a child that prints nothing has an empty log", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["true"] });
  await untilExited(korun, id);
  expect(await page(korun, id)).toMatchObject({ entries: [], next_seq: 1 });
  expect((await textOf(korun, id, "blended")).length).toBe(0);
  expect(await inspect(korun, id)).toMatchObject({ stdout_bytes: 0, blended_lines: 0 });
});

test("a child's standard input is at its end", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("cat; echo over"));
  await untilExited(korun, id);
  expect(await linesOf(korun, id)).toEqual(["over"]);
});
