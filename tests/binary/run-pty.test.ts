// `korun run --pty`: as if the command itself ran on our terminal.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, Korun } from "../support/korun.ts";
import { render } from "../support/rendered.ts";
import { waitFor } from "../support/wait.ts";
import { CTRL_C, Terminal } from "./support/terminal.ts";

function run(korun: Korun, script: string, flags: readonly string[] = []): Terminal {
  const args = ["run", "--pty", "--name", "job", ...flags, "--", "sh", "-c", script];
  return Terminal.korun(korun, args, { columns: 93 });
}

describe("on a terminal", () => {
  test("the command has one too, of the same size, and nothing else is shown", async () => {
    await using korun = new Korun();
    await using terminal = run(korun, "test -t 0 && test -t 1 && test -t 2 && stty size; exit 6");
    expect(await terminal.exited).toBe(6);
    expect((await render(terminal.shown, { columns: 93 })).rows.join("\n").trim()).toBe("24 93");
    expect(terminal.shown).toStartWith("24 93\r\n");
  });

  test("keys reach it, and its exit code is ours", async () => {
    await using korun = new Korun();
    await using terminal = run(korun, 'printf "name? "; read name; echo "hello $name"; exit 3');
    await terminal.until("name? ");
    terminal.type("korun\r");
    expect(await terminal.exited).toBe(3);
    expect(terminal.shown).toContain("name? korun\r\nhello korun\r\n");
  });

  test("Ctrl-C is the command's own business", async () => {
    await using korun = new Korun();
    const script = "trap 'echo no; exit 9' INT; echo ready; while :; do sleep 0.02; done";
    await using terminal = run(korun, script);
    await terminal.until("ready");
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(9);
    expect(terminal.shown).not.toContain("korun:");
    expect(await korun.session("job")).toMatchObject({ exit_code: 9, last_end: { kind: "exit" } });
  });

  test("what would leave `korun attach` is a key like any other", async () => {
    await using korun = new Korun();
    await using terminal = run(
      korun,
      "stty raw -echo; echo ready; dd bs=1 count=1 2>/dev/null | od -c",
    );
    await terminal.until("ready");
    terminal.type("\x1d");
    expect(await terminal.exited).toBe(0);
    expect(terminal.shown).toContain("035");
  });

  test("a command that ends at once has shown all", async () => {
    await using korun = new Korun();
    await using terminal = run(korun, "seq 1 5000");
    expect(await terminal.exited).toBe(0);
    const lines = terminal.lines.filter((line) => /^\d+$/.test(line));
    expect(lines).toEqual(Array.from({ length: 5_000 }, (_, index) => String(index + 1)));
  });

  test("our terminal is as it was, whatever the command did to its own", async () => {
    await using korun = new Korun();
    const inner = `stty raw -echo; printf '\\033[?1049h\\033[?1000h\\033[?25lmess'; kill -9 $$`;
    const script = `stty -a > before; "$@"; code=$?; stty -a > after; echo "left with $code"`;
    const command = [BINARY, "run", "--pty", "--", "sh", "-c", inner];
    await using terminal = new Terminal(korun, ["sh", "-c", script, "sh", ...command]);
    await terminal.until("left with 137");
    const [before, after] = ["before", "after"].map((name) =>
      readFileSync(join(korun.work, name), "utf8"),
    );
    expect(after).toBe(before ?? "");
    expect(await render(terminal.shown)).toMatchObject({ isAlternate: false, mouse: "none" });
    expect(terminal.shown).toContain("\x1b[?25h");
  });

  test("a terminal that closes stops it", async () => {
    await using korun = new Korun();
    await using terminal = run(korun, "echo ready; exec sleep 1000");
    await terminal.until("ready");
    terminal.close();
    const ended = await korun.until("job", ({ state }) => state === "exited");
    expect(ended.last_end?.kind).toBe("stop");
  });

  test("between two runs, Ctrl-C is for korun", async () => {
    await using korun = new Korun();
    const flag = join(korun.work, "flag");
    await Bun.write(flag, "1");
    await using terminal = run(korun, "echo run $KORUN_RUN; exit 1", ["-w", flag]);
    await terminal.until("waiting for a file change\r\n");
    await Bun.write(flag, "2");
    await terminal.until("run 2");
    await waitFor("its end", () => terminal.shown.split("waiting for").length === 3);
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(1);
  });

  test("and so it is where the program that ended had asked for another form of it", async () => {
    await using korun = new Korun();
    const script = "printf '\\033[>4;2mover'; exit 1";
    const args = ["run", "--pty", "--restart", "fixed:1h", "--", "sh", "-c", script];
    await using terminal = Terminal.korun(korun, args);
    await terminal.until("again");
    terminal.type("\x1b[27;5;99~");
    expect(await terminal.exited).toBe(1);
  });

  test("one of the same name that lives is attached to, and can be left", async () => {
    await using korun = new Korun();
    const command = ["--pty", "--name", "job", "--", "sh", "-c", "echo ready; exec sleep 1000"];
    await korun.ok(["serve", ...command]);
    await using terminal = Terminal.korun(korun, ["run", ...command]);
    await terminal.until("Ctrl-] detaches");
    await terminal.until("ready");
    terminal.type("\x1d");
    expect(await terminal.exited).toBe(0);
    expect(await korun.session("job")).toMatchObject({ state: "running" });
  });
});

test("without a terminal of ours, the command still has one, and its output is printed", async () => {
  await using korun = new Korun();
  const result = await korun.run([
    "run",
    "--pty",
    "--",
    "sh",
    "-c",
    "test -t 1 && echo yes; exit 4",
  ]);
  expect(result).toEqual({ code: 4, stdout: "yes\n", stderr: "" });
});
