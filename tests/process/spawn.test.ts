import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Problem } from "../../src/domain/problem.ts";
import { readLimit } from "../../src/native/limits.ts";
import { isAlive } from "../../src/process/identity.ts";
import type { SpawnRequest } from "../../src/process/spawn.ts";
import { FIRST_STAMP } from "../../src/process/stamp.ts";
import { scanProcesses } from "../../src/process/tree.ts";
import { waitFor } from "../support/wait.ts";
import { cleanUp, makeFolder, outputOf, startSession } from "./sessions.ts";

afterEach(cleanUp);

function makeProgram(content: string): string {
  const file = join(makeFolder(), "program");
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  return file;
}

function problemOf(
  command: readonly [string, ...string[]],
  options?: Partial<SpawnRequest>,
): Problem {
  try {
    startSession(command, options);
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error(`${command[0]} was started`);
}

describe("A leader", () => {
  test("leads a process group of its own and is known by pid and start time", async () => {
    const { leader } = startSession(["sleep", "600"]);
    const found = scanProcesses().find(leader);
    expect(found).toMatchObject({ pid: leader.pid, group: leader.pid, parent: process.pid });
    expect(isAlive(leader)).toBe(true);
  });

  test.if(process.platform === "linux")("is known also if it ends before anyone looks", () => {
    const quick = Array.from({ length: 50 }, () => startSession(["true"]));
    expect(quick.filter(({ leader }) => leader.startTime === 0)).toEqual([]);
  });

  test("leads a session of its own, away from the terminal", async () => {
    if (process.platform !== "linux") return;
    const { leader } = startSession(["sleep", "600"]);
    const stat = readFileSync(`/proc/${leader.pid}/stat`, "latin1").split(") ")[1]?.split(" ");
    expect(stat?.slice(3, 5)).toEqual([String(leader.pid), "0"]);
  });

  test("is named as its command was typed", async () => {
    expect(await outputOf(["sh", "-c", "echo $0"])).toBe("sh\n");
  });

  test("gets every argument as it is", async () => {
    const odd = ["", "a b", "$HOME", "'", "--help", "ä"];
    const output = await outputOf(["sh", "-c", 'printf "<%s>" "$@"', "sh", ...odd]);
    expect(output).toBe(odd.map((word) => `<${word}>`).join(""));
  });

  test("sees the environment it is given and nothing of this process's", async () => {
    const output = await outputOf(["/usr/bin/env"], { env: { ONLY: "this", EMPTY: "" } });
    expect(output.trim().split("\n").sort()).toEqual(["EMPTY=", "ONLY=this"]);
  });

  test("runs in the working directory, where relative programs are found", async () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/tool"), '#!/bin/sh\necho "$0 $(pwd)"\n', { mode: 0o755 });
    expect(await outputOf(["bin/tool"], { cwd: folder })).toBe(`bin/tool ${folder}\n`);
    const env = { PATH: "bin:/usr/bin:/bin" };
    expect(await outputOf(["tool"], { cwd: folder, env })).toBe(`bin/tool ${folder}\n`);
  });

  test("reads the end of its input at once", async () => {
    expect(await startSession(["cat"]).exited).toEqual({ code: 0, signal: null });
  });

  test("has no open files but the three it is given", async () => {
    if (process.platform !== "linux") return;
    const stranger = openSync("/dev/null", "r");
    // The fourth is the directory that ls reads.
    const output = await outputOf(["ls", "/proc/self/fd"]);
    closeSync(stranger);
    expect(output.trim().split("\n")).toEqual(["0", "1", "2", "3"]);
  });

  test("ignores and blocks no signal, whatever this process does", async () => {
    if (process.platform !== "linux") return;
    const output = await outputOf(["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]);
    expect(output).toBe("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  });

  test("has its caller's mask and limit of open files, and this process keeps its own", async () => {
    const ownMask = process.umask();
    const ownLimit = readLimit("openFiles");
    const limits = { umask: 0o027, openFiles: 300 };
    expect(await outputOf(["sh", "-c", "umask; ulimit -Sn"], limits)).toMatch(/^0?027\n300\n$/);
    expect(process.umask()).toBe(ownMask);
    expect(readLimit("openFiles")).toEqual(ownLimit);
  });

  test("starts although this process holds more files than its limit allows", async () => {
    const held = Array.from({ length: 300 }, () => openSync("/dev/null", "r"));
    try {
      const output = await outputOf(["sh", "-c", "ulimit -Sn"], { openFiles: 64 });
      expect(Number(output)).toBeGreaterThan(300);
      expect(Number(output)).toBeLessThan(1_000);
    } finally {
      for (const descriptor of held) closeSync(descriptor);
    }
  });

  test("keeps the hard limit, so that it may raise its own", async () => {
    const hard = String(readLimit("openFiles")?.hard);
    const output = await outputOf(["sh", "-c", "ulimit -Hn"], { openFiles: 300 });
    expect([hard, "unlimited"]).toContain(output.trim());
  });
});

describe("The end of a leader is reported", () => {
  test("with its exit code", async () => {
    expect(await startSession(["sh", "-c", "exit 3"]).exited).toEqual({ code: 3, signal: null });
  });

  test("with the name of the signal that ended it", async () => {
    const { exited } = startSession(["sh", "-c", "kill -SEGV $$"]);
    expect(await exited).toEqual({ code: null, signal: "SIGSEGV" });
  });

  test("with the number of a signal that has no name", async () => {
    if (process.platform !== "linux") return;
    const { exited } = startSession(["sh", "-c", "kill -40 $$"]);
    expect(await exited).toEqual({ code: null, signal: "SIG40" });
  });

  test("also when nothing but the system remembers it", async () => {
    const sessions = Array.from({ length: 20 }, () =>
      startSession(["sh", "-c", "sleep 0.05; exit 4"]),
    );
    const ends = sessions.map((session) => session.exited);
    Bun.gc(true);
    expect(new Set((await Promise.all(ends)).map((end) => end.code))).toEqual(new Set([4]));
  });
});

describe("A command that cannot be started says why:", () => {
  test("no such command", () => {
    const problem = problemOf(["korun-nope"]);
    expect(problem.code).toBe("command_not_found");
    expect(problem.message).toStartWith('ENOENT: no command "korun-nope" on PATH (');
  });

  test("a script without a #! line", () => {
    const script = makeProgram("echo hi\n");
    const problem = problemOf([script]);
    expect(problem.code).toBe("not_executable");
    expect(problem.message).toBe(
      `ENOEXEC: ${script} is no program for this machine, nor a script with a #! line`,
    );
    expect(problem.hint).toContain(`sh ${script}`);
  });

  test("an empty file", () => {
    expect(problemOf([makeProgram("")]).message).toStartWith("ENOEXEC: ");
  });

  test("a script whose interpreter is missing", () => {
    const script = makeProgram("#!/nowhere/python -u\n");
    const problem = problemOf([script]);
    expect(problem.code).toBe("not_executable");
    expect(problem.message).toBe(
      `ENOENT: ${script} needs the interpreter /nowhere/python, which does not exist`,
    );
  });

  test("a script with Windows line ends", () => {
    const script = makeProgram("#!/bin/sh\r\necho hi\r\n");
    expect(problemOf([script]).message).toBe(
      `ENOENT: the #! line of ${script} ends with a carriage return`,
    );
  });

  test("arguments that are too large", () => {
    const problem = problemOf(["true", "x".repeat(4_000_000)]);
    expect(problem.code).toBe("not_executable");
    expect(problem.message).toStartWith("E2BIG: ");
  });

  test("a working directory that is gone", () => {
    const cwd = makeFolder();
    rmSync(cwd, { recursive: true });
    const problem = problemOf(["true"], { cwd });
    expect(problem.code).toBe("bad_request");
    expect(problem.field).toBe("cwd");
    expect(problem.message).toBe(`ENOENT: working directory ${cwd} is gone`);
  });

  test("a working directory that is a file", () => {
    const cwd = makeProgram("");
    expect(problemOf(["true"], { cwd }).message).toBe(`ENOTDIR: ${cwd} is not a directory`);
  });

  test("and leaves this process's mask and limits as they were", () => {
    const own = () => [process.umask(), readLimit("openFiles"), readLimit("realtime")];
    const before = own();
    problemOf([makeProgram("")], { umask: 0o077, openFiles: 256, stamp: FIRST_STAMP });
    expect(own()).toEqual(before);
  });
});

test("A leader that has ended is not alive, even before anyone asked how it ended", async () => {
  const { leader } = startSession(["true"]);
  await waitFor("the leader to end", () => !isAlive(leader));
  expect(scanProcesses().find(leader)).toBeUndefined();
});
