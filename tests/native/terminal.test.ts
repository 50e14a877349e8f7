import { afterEach, expect, test } from "bun:test";
import { closeSync, readSync, writeSync } from "node:fs";
import { reapedStatus } from "../../src/native/reaper.ts";
import { spawnOnTerminal } from "../../src/native/spawn.ts";
import {
  dimensionsOf,
  keyboardModeOf,
  openTerminal,
  resizeTerminal,
} from "../../src/native/terminal.ts";
import { waitFor } from "../support/wait.ts";

const onLinux = test.if(process.platform === "linux");

const masters: number[] = [];

afterEach(() => {
  for (const master of masters.splice(0)) closeSync(master);
});

/** A program on a terminal of its own, and all that it has shown so far. */
class Shown {
  readonly master: number;
  readonly path: string;
  readonly pid: number;
  #text = "";
  #isOver = false;

  constructor(script: string, env: Readonly<Record<string, string>> = {}) {
    const { master, path } = openTerminal({ cols: 101, rows: 33 });
    masters.push(master);
    this.master = master;
    this.path = path;
    this.pid = spawnOnTerminal({
      program: "/bin/sh",
      args: ["the-shell", "-c", script],
      cwd: "/usr",
      env: { PATH: process.env.PATH ?? "/bin:/usr/bin", ...env },
      terminal: path,
    });
  }

  get text(): string {
    for (;;) {
      try {
        const bytes = Buffer.alloc(4_096);
        const length = readSync(this.master, bytes);
        this.#text += bytes.toString("utf8", 0, length);
      } catch (thrown) {
        this.#isOver ||= String(thrown).includes("EIO");
        return this.#text;
      }
    }
  }

  until(text: string): Promise<boolean> {
    return waitFor(`the terminal to show ${JSON.stringify(text)}`, () => this.text.includes(text));
  }

  /** Everything it ever shows, and how it ends. */
  async end() {
    const status = await waitFor("the program to end", () => reapedStatus(this.pid));
    await waitFor("the terminal to hang up", () => this.text !== undefined && this.#isOver);
    return { status, text: this.text };
  }
}

onLinux("A program has its terminal on all three, as its own, of the size asked for", async () => {
  const shown = new Shown(
    'for n in 0 1 2; do [ -t $n ] || exit 9; done; tty; stty size; exec ps -o "tty=" -p $$',
  );
  const { status, text } = await shown.end();
  const name = shown.path.replace("/dev/", "");
  expect(text.split("\r\n").map((line) => line.trim())).toEqual([shown.path, "33 101", name, ""]);
  expect(status).toEqual({ code: 0, signal: null });
});

onLinux(
  "It leads a session, sees its folder, name and variables, and nothing else is open",
  async () => {
    const shown = new Shown(
      'echo "$0 $(pwd) $HELLO"; set -- $(cat /proc/self/stat); echo "$([ $6 = $$ ] && echo leads)"; (cd /proc/$$/fd && echo *); tr "\\0" "\\n" </proc/$$/environ',
      { HELLO: "w ö", "odd.name": "kept" },
    );
    const { text } = await shown.end();
    expect(text).toContain("the-shell /usr w ö\r\nleads\r\n0 1 2\r\n");
    expect(text).toContain("odd.name=kept");
  },
);

onLinux("A program begins with every signal at its default and none blocked", async () => {
  const { text } = await new Shown("exec grep -E 'Sig(Blk|Ign)' /proc/self/status").end();
  expect(text.replaceAll("\r\n", " ")).toBe("SigBlk:\t0000000000000000 SigIgn:\t0000000000000000 ");
});

onLinux(
  "What the keyboard sends reaches it, and Ctrl-C interrupts the foreground job",
  async () => {
    const shown = new Shown(
      'read word; echo "got $word"; trap "echo stopped; exit 3" INT; sh -c "echo on; exec sleep 600"',
    );
    writeSync(shown.master, "hello\r");
    await shown.until("got hello");
    await shown.until("on\r\n");
    writeSync(shown.master, "\x03");
    const { status, text } = await shown.end();
    expect(text).toContain("^Cstopped");
    expect(status).toEqual({ code: 3, signal: null });
  },
);

onLinux("A program is told of another size, which the terminal remembers", async () => {
  const shown = new Shown('trap "stty size; exit" WINCH; echo on; sleep 600 & wait; wait');
  await shown.until("on\r\n");
  resizeTerminal(shown.master, { cols: 40, rows: 7 });
  await shown.until("7 40\r\n");
  expect(dimensionsOf(shown.master)).toEqual({ cols: 40, rows: 7 });
  process.kill(-shown.pid, "SIGKILL");
  await shown.end();
});

onLinux("A terminal reads lines until its program wants every key", async () => {
  const shown = new Shown("echo on; read go; stty raw -echo; echo off; read go");
  await shown.until("on\r\n");
  expect(keyboardModeOf(shown.master)).toEqual({ byLine: true, endOfInput: 4 });
  writeSync(shown.master, "\n");
  await shown.until("off");
  expect(keyboardModeOf(shown.master)).toEqual({ byLine: false, endOfInput: 4 });
  writeSync(shown.master, "\n");
  await shown.end();
});

onLinux("Correcting a typed letter of several bytes takes all of it away", async () => {
  const shown = new Shown("read word; printf %s $word | od -An -tx1");
  writeSync(shown.master, "aö\x7f\n");
  expect((await shown.end()).text).toContain(" 61\r\n");
});

onLinux("Whoever lets go of the terminal hangs it up", async () => {
  const shown = new Shown("echo on; sleep 600");
  await shown.until("on\r\n");
  closeSync(masters.pop() ?? -1);
  expect(await waitFor("the program to end", () => reapedStatus(shown.pid))).toEqual({
    code: null,
    signal: "SIGHUP",
  });
});

onLinux("What cannot be executed is an error with the system's code, and no process", () => {
  const { master, path } = openTerminal({ cols: 80, rows: 24 });
  masters.push(master);
  const spawn = (program: string, cwd = "/") =>
    spawnOnTerminal({ program, args: [program], env: {}, cwd, terminal: path });
  expect(() => spawn("/no/such/program")).toThrow(expect.objectContaining({ code: "ENOENT" }));
  expect(() => spawn("/etc")).toThrow(expect.objectContaining({ code: "EACCES" }));
  expect(() => spawn("/bin/true", "/no/such")).toThrow(expect.objectContaining({ code: "ENOENT" }));
});

onLinux("There is no size where there is no terminal", () => {
  expect(dimensionsOf(-1)).toBeUndefined();
});
