import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerminalEnd } from "../../src/capture/child-ends.ts";
import { Capture } from "../../src/capture/handle.ts";
import type { SessionCapture } from "../../src/capture/session-capture.ts";
import type { SessionInput } from "../../src/domain/input.ts";
import type { ExitStatus } from "../../src/domain/session.ts";
import { copyDescriptor } from "../../src/native/descriptor.ts";
import { reapedStatus } from "../../src/native/reaper.ts";
import { spawnOnTerminal } from "../../src/native/spawn.ts";
import { waitFor } from "../support/wait.ts";

const SIZE = { cols: 100, rows: 30 };
const ways = { pty: SIZE } as const;

const linux = describe.if(process.platform === "linux");

let directory: string;
let capture: Capture;
let session: SessionCapture;
const living = new Set<number>();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "korun-terminal-"));
  capture = Capture.start({
    directory,
    onFailure: (reason) => {
      throw new Error(reason);
    },
  });
  session = capture.open(join(directory, "session"), ways);
});

afterEach(async () => {
  for (const pid of living) {
    process.kill(-pid, "SIGKILL");
    await ended(pid);
  }
  await session.release();
  capture.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The pid of a script in the session's terminal, and the master of that. */
function start(script: string, number = 1): { pid: number; master: number } {
  const { terminal } = session.begin(number) as TerminalEnd;
  const pid = spawnOnTerminal({
    program: "/bin/sh",
    args: ["sh", "-c", script],
    cwd: directory,
    env: { PATH: process.env.PATH ?? "" },
    terminal: terminal.path,
  });
  session.started();
  living.add(pid);
  return { pid, master: terminal.master };
}

async function ended(pid: number): Promise<ExitStatus> {
  const status = await waitFor("the child to end", () => reapedStatus(pid));
  living.delete(pid);
  return status;
}

function keyboard(): SessionInput {
  if (session.input === undefined) throw new Error("it has no input");
  return session.input;
}

function type(text: string, options: object = {}) {
  return keyboard().write(Buffer.from(text), { timeoutMs: 30_000, ...options });
}

function lines(): string[] {
  const { entries } = session.log.page({ stream: "blended", limit: 20_000, from: "oldest" });
  return entries.map(({ bytes }) => Buffer.from(bytes).toString());
}

linux("The terminal of a session", () => {
  test("has all of what was shown as lines of stdout, by the time it is drained", async () => {
    const { pid } = start("stty size; seq 5000; echo oops >&2; printf 'last words'");
    expect(await ended(pid)).toEqual({ code: 0, signal: null });
    await session.drain();
    const numbers = Array.from({ length: 5_000 }, (_, index) => String(index + 1));
    expect(lines()).toEqual(["30 100", ...numbers, "oops", "last words"]);
    expect(session.log.counters()).toMatchObject({ stdoutLines: 5_003, stderrLines: 0 });
  });

  test("leaves no carriage return at the end of a line, whoever wrote it", async () => {
    const { pid } = start("printf 'one\\r\\ntwo\\n\\r\\n10%%\\r20%%\\n'");
    await ended(pid);
    await session.drain();
    expect(lines()).toEqual(["one", "two", "", "10%\r20%"]);
    // The next daemon finds the same lines, and counts the same bytes.
    const { stdoutBytes } = session.log.counters();
    expect(stdoutBytes).toBe("one\r\r\ntwo\r\n\r\r\n10%\r20%\r\n".length);
    await session.release({ keep: true });
    session = capture.adopt(join(directory, "session"), { run: 1, isLive: false, ways });
    await session.drain();
    expect(lines()).toEqual(["one", "two", "", "10%\r20%"]);
  });

  test("is typed into, and its echo is in the log", async () => {
    const { pid } = start('read word; echo "got $word"');
    expect(await type("hello\r")).toEqual({ written: 6 });
    await ended(pid);
    await session.drain();
    expect(lines()).toEqual(["hello", "got hello"]);
  });

  test.each(["text", "text\n", ""])("ends its input after %p", async (text) => {
    const { pid } = start("stty -echo; echo on; cat; echo over");
    await waitFor("it to read", () => lines().includes("on"));
    await type(text, { end: true });
    expect(await ended(pid)).toEqual({ code: 0, signal: null });
    await session.drain();
    const [, ...rest] = lines();
    expect(rest.join("")).toBe(`${text.trim()}over`);
  });

  test("has another size from now on, in further runs too", async () => {
    expect(keyboard().size()).toEqual(SIZE);
    const { pid } = start("trap 'stty size; exit' WINCH; echo on; sleep 600 & wait");
    await waitFor("it to wait", () => lines().includes("on"));
    keyboard().resize({ cols: 40, rows: 7 });
    await waitFor("it to look", () => lines().includes("7 40"));
    process.kill(-pid, "SIGKILL");
    await ended(pid);
    await session.drain();
    await ended(start("stty size", 2).pid);
    await session.drain();
    expect(lines().at(-1)).toBe("7 40");
  });

  test("goes on with the next daemon that has its master, and says that it was interrupted", async () => {
    const { pid, master } = start("stty -echo; echo one; read go; echo two");
    await waitFor("the first line", () => lines().includes("one"));
    expect(session.terminal()).toEqual({ ...SIZE, state: "open", interruptedAt: null });
    keyboard().resize({ cols: 90, rows: 20 });
    const kept = copyDescriptor(master);
    await session.release({ keep: true });
    const before = Date.now();
    session = capture.adopt(join(directory, "session"), { run: 1, terminal: kept, ways });
    expect(session.terminal()).toMatchObject({ cols: 90, rows: 20, state: "open" });
    expect(session.terminal()?.interruptedAt).toBeGreaterThanOrEqual(before);
    await type("\r");
    await ended(pid);
    await session.drain();
    expect(lines()).toEqual(["one", "two"]);
    expect(session.terminal()?.state).toBe("closed");
  });

  test("is lost with its master: the child is hung up, and nothing can be typed", async () => {
    const { pid } = start("echo on; sleep 600");
    await waitFor("it to begin", () => lines().includes("on"));
    await session.release({ keep: true });
    expect(await ended(pid)).toEqual({ code: null, signal: "SIGHUP" });
    session = capture.adopt(join(directory, "session"), { run: 1, ways });
    expect(session.terminal()?.state).toBe("lost");
    expect(type("x")).rejects.toThrow("Its terminal is lost");
    expect(lines()).toEqual(["on"]);
  });

  test("holds up nobody when its program does not read, and says how much was written", async () => {
    start("stty raw -echo; echo on; sleep 600");
    await waitFor("it to begin", () => lines().includes("on"));
    const stuck = type("x".repeat(500_000), { timeoutMs: 50 });
    expect(stuck).rejects.toThrow(/^The process does not read its input: \d+ of 500000 bytes/);
    await stuck.catch(() => {});
  });

  test("is not there between two runs", async () => {
    expect(type("x")).rejects.toThrow("It does not run");
    await ended(start("true").pid);
    await session.drain();
    expect(type("x")).rejects.toThrow("It does not run");
  });
});
