// A leader in a terminal of its own is started in another way than others. All that holds of them
// holds of it.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, closeSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../src/domain/problem.ts";
import { readLimit } from "../../src/native/limits.ts";
import { type OpenedTerminal, openTerminal } from "../../src/native/terminal.ts";
import { isAlive } from "../../src/process/identity.ts";
import type { SpawnRequest } from "../../src/process/spawn.ts";
import { scanProcesses } from "../../src/process/tree.ts";
import { cleanUp, makeFolder, startSession, type TestSession } from "./sessions.ts";

const onLinux = describe.if(process.platform === "linux");

let terminal: OpenedTerminal;

beforeEach(() => {
  if (process.platform === "linux") terminal = openTerminal({ cols: 80, rows: 24 });
});

afterEach(async () => {
  await cleanUp();
  if (process.platform === "linux") closeSync(terminal.master);
});

function start(
  command: readonly [string, ...string[]],
  options: Partial<SpawnRequest> = {},
): TestSession {
  return startSession(command, { ends: { terminal }, ...options });
}

/** Runs a command to its end and gives what it showed. */
async function shownBy(
  command: readonly [string, ...string[]],
  options?: Partial<SpawnRequest>,
): Promise<string> {
  await start(command, options).exited;
  const bytes = Buffer.alloc(4_096);
  return bytes.toString("utf8", 0, readSync(terminal.master, bytes));
}

function problemOf(
  command: readonly [string, ...string[]],
  options: Partial<SpawnRequest> = {},
): Problem {
  try {
    start(command, options);
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error(`${command[0]} was started`);
}

function makeProgram(content: string): string {
  const file = join(makeFolder(), "program");
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  return file;
}

onLinux("A leader in a terminal", () => {
  test("leads a group and a session of its own, and is known by pid and start time", () => {
    const { leader } = start(["sleep", "600"]);
    const found = scanProcesses().find(leader);
    expect(found).toMatchObject({ pid: leader.pid, group: leader.pid, parent: process.pid });
    expect(isAlive(leader)).toBe(true);
    const [, rest = ""] = readFileSync(`/proc/${leader.pid}/stat`, "latin1").split(") ");
    const [, , , session, number] = rest.split(" ");
    expect(session).toBe(String(leader.pid));
    expect(number).not.toBe("0");
  });

  test("is named as its command was typed, and found on its own PATH from its own folder", async () => {
    const cwd = makeFolder();
    writeFileSync(join(cwd, "here"), "#!/bin/sh\necho $0 $1; pwd\n", { mode: 0o755 });
    expect(await shownBy(["sh", "-c", "echo $0"])).toBe("sh\r\n");
    expect(await shownBy(["./here", "an argument"], { cwd })).toBe(
      `./here an argument\r\n${cwd}\r\n`,
    );
  });

  test("has its caller's mask and limit of open files, and this process keeps its own", async () => {
    const before = [process.umask(), readLimit("openFiles")];
    const limits = { umask: 0o027, openFiles: 300 };
    expect(await shownBy(["sh", "-c", "umask; ulimit -Sn"], limits)).toMatch(/^0?027\r\n300\r\n$/);
    expect([process.umask(), readLimit("openFiles")]).toEqual(before);
  });

  test.each([
    ["its exit code", "exit 3", { code: 3, signal: null }],
    ["the signal that ended it", "kill -SEGV $$", { code: null, signal: "SIGSEGV" }],
    ["a signal that has no name", "kill -40 $$", { code: null, signal: "SIG40" }],
  ])("ends with %s", async (_, script, status) => {
    expect(await start(["sh", "-c", script]).exited).toEqual(status);
  });

  test("is reaped when it has ended", async () => {
    const { leader, exited } = start(["true"]);
    await exited;
    // Not even a zombie, which is what an end that nobody asked for leaves.
    expect(() => readFileSync(`/proc/${leader.pid}/stat`)).toThrow("ENOENT");
  });

  test("ends beside children that Bun waits for, and neither takes the other's end", async () => {
    const ends = Array.from({ length: 20 }, async (_, number) => {
      const script = `sleep 0.05; exit ${number}`;
      const isOther = number % 2 === 0;
      const session = isOther ? startSession(["sh", "-c", script]) : start(["sh", "-c", script]);
      return (await session.exited).code;
    });
    expect(await Promise.all(ends)).toEqual(Array.from({ length: 20 }, (_, number) => number));
  });
});

onLinux("A command that cannot be started in a terminal says why:", () => {
  test("no such command", () => {
    expect(problemOf(["korun-nope"]).code).toBe("command_not_found");
  });

  test("a script without a #! line", () => {
    expect(problemOf([makeProgram("echo hi\n")]).message).toStartWith("ENOEXEC: ");
  });

  test("a script whose interpreter is missing", () => {
    const script = makeProgram("#!/nowhere/python -u\n");
    expect(problemOf([script]).message).toBe(
      `ENOENT: ${script} needs the interpreter /nowhere/python, which does not exist`,
    );
  });

  test("arguments that are too large", () => {
    expect(problemOf(["true", "x".repeat(4_000_000)]).message).toStartWith("E2BIG: ");
  });

  test("a working directory that is gone", () => {
    const cwd = makeFolder();
    rmSync(cwd, { recursive: true });
    expect(problemOf(["true"], { cwd })).toMatchObject({ code: "bad_request", field: "cwd" });
  });
});
