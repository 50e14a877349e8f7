// What a person sees on a terminal, and a program in a pipe.

import { expect, test } from "bun:test";
import { Korun } from "../support/korun.ts";
import { Terminal, type TerminalOptions } from "./support/terminal.ts";

const LONG = `sleep 600; echo ${"x".repeat(200)}`;

/** What a command shows on a terminal of its own. */
async function shown(
  korun: Korun,
  args: readonly string[],
  options: TerminalOptions = {},
): Promise<string> {
  await using terminal = Terminal.korun(korun, args, options);
  expect(await terminal.exited).toBe(0);
  return terminal.shown;
}

test("a table has colour on a terminal and fits it, and neither in a pipe", async () => {
  await using korun = new Korun();
  await korun.serve(LONG, ["--name", "web"]);
  const table = await shown(korun, ["ls"], { columns: 70 });
  expect(table).toContain("\x1b[32mrunning\x1b[39m");
  const widths = table.split("\r\n").map((line) => Bun.stringWidth(line));
  expect(Math.max(...widths)).toBe(70);
  expect(table).toContain("…");

  const piped = await korun.ok(["ls"]);
  expect(piped).not.toContain("\x1b");
  // Cut as well, but not to a width that nothing has.
  expect(piped).toContain("x".repeat(170));
});

test("NO_COLOR takes the colour from a terminal, FORCE_COLOR gives it to a pipe", async () => {
  await using korun = new Korun();
  const id = await korun.serve(LONG, ["--name", "web"]);
  for (const args of [["ls"], ["inspect", id], ["daemon", "status"], ["--help"]]) {
    expect(await shown(korun, args)).toContain("\x1b[");
    expect(await shown(korun, args, { env: { NO_COLOR: "1" } })).not.toContain("\x1b");
    expect(await shown(korun, args, { env: { TERM: "dumb" } })).not.toContain("\x1b");
    const piped = await korun.run(args, { env: { FORCE_COLOR: "1" } });
    expect(piped.stdout).toContain("\x1b[");
    const both = await korun.run(args, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
    expect(both.stdout).not.toContain("\x1b");
  }
});

test("--json and a session's own output are the same on a terminal", async () => {
  await using korun = new Korun();
  const id = await korun.serve("printf '\\033[31mred\\033[0m\\n'", ["--name", "web"]);
  await korun.until(id, ({ state }) => state === "exited");
  const json = await shown(korun, ["inspect", "--json", id], { columns: 20 });
  expect(json.replaceAll("\r\n", "\n")).toBe(`${await korun.ok(["inspect", "--json", id])}\n`);
  const output = await shown(korun, ["logs", "--stream", "stdout", id]);
  expect(output).toBe("\x1b[31mred\x1b[0m\r\n");
});

test("control characters in names and commands are shown written out", async () => {
  await using korun = new Korun();
  const id = await korun.ok(["serve", "--", "sh", "-c", "exec sleep 600 # \x1b[2J\x07\r\n"]);
  for (const args of [["ls"], ["inspect", id]]) {
    const text = await shown(korun, args, { columns: 300, env: { NO_COLOR: "1" } });
    expect(text).toContain("$'exec sleep 600 # \\x1b[2J\\x07\\r\\n'");
    expect(text).not.toContain("\x1b");
    expect(text).not.toContain("\x07");
  }
});

test("an error on a terminal is the same line", async () => {
  await using korun = new Korun();
  await using terminal = Terminal.korun(korun, ["inspect", "web"]);
  expect(await terminal.exited).toBe(1);
  expect(terminal.lines[0]).toBe("korun: no daemon is running");
});
