import { afterEach, describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { parseMark, parseStat } from "../../src/process/procfs.ts";
import { parsePsLine } from "../../src/process/ps.ts";
import { scanProcesses } from "../../src/process/tree.ts";
import { waitFor } from "../support/wait.ts";
import { cleanUp, makeFolder, startSession } from "./sessions.ts";

afterEach(cleanUp);

interface Stat {
  readonly name?: string;
  readonly state?: string;
  readonly flags?: number;
  readonly threads?: number;
}

function statLine({ name = "sleep", state = "S", flags = 0, threads = 1 }: Stat): string {
  const times = "122 0 0 0 0 0 0 0 20 0";
  return `42 (${name}) ${state} 7 41 40 0 -1 ${flags} ${times} ${threads} 0 133475 3932160 530\n`;
}

describe("A line of /proc/<pid>/stat", () => {
  test("gives pid, parent, group, start time and name", () => {
    expect(parseStat(statLine({}))).toEqual({
      pid: 42,
      parent: 7,
      group: 41,
      startTime: 133475,
      stopped: false,
      name: "sleep",
    });
  });

  test("is read rightly whatever the process is named", () => {
    for (const name of ["a) R 1 1 (b", "two\nlines", ")", "", " "]) {
      expect(parseStat(statLine({ name }))).toMatchObject({ name, parent: 7, startTime: 133475 });
    }
    expect(parseStat(statLine({ name: "\xc3\xa4" }))?.name).toBe("ä");
  });

  test("of a process that has ended is of no process", () => {
    expect(parseStat(statLine({ state: "Z" }))).toBeUndefined();
    expect(parseStat(statLine({ state: "X" }))).toBeUndefined();
  });

  test("of a process whose first thread alone has ended is of a living one", () => {
    expect(parseStat(statLine({ state: "Z", threads: 3 }))).toMatchObject({ pid: 42 });
  });

  test("of a thread of the kernel's is of no process", () => {
    expect(parseStat(statLine({ flags: 0x20_8040 }))).toBeUndefined();
  });

  test("tells a stopped process", () => {
    expect(parseStat(statLine({ state: "T" }))?.stopped).toBe(true);
  });

  test("of another form is of no process", () => {
    for (const line of ["", "42", "42 (sleep"]) expect(parseStat(line)).toBeUndefined();
  });
});

describe("An environment", () => {
  test("names the session exactly, first, last or between", () => {
    for (const environ of [
      "KORUN_SESSION_ID=abc\0PATH=/bin\0",
      "PATH=/bin\0KORUN_SESSION_ID=abc\0",
      "PATH=/bin\0KORUN_SESSION_ID=abc",
      "A=\0KORUN_SESSION_ID=abc\0B=\0",
    ]) {
      expect(parseMark(environ)).toEqual({ sessionId: "abc", daemon: false });
    }
  });

  test("that only resembles a mark has none", () => {
    for (const environ of ["", "XKORUN_SESSION_ID=abc\0", "A=KORUN_DAEMON=1\0KORUN_DAEMON=10\0"]) {
      expect(parseMark(environ)).toEqual({ sessionId: undefined, daemon: false });
    }
  });

  test("tells a daemon", () => {
    expect(parseMark("A=\0KORUN_DAEMON=1\0B=\0")).toEqual({ sessionId: undefined, daemon: true });
  });
});

describe.if(process.platform === "linux")("A real process", () => {
  test("is found by a mark that lies far back in a large environment", async () => {
    const sessionId = crypto.randomUUID();
    const bulk = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`BULK_${index}`, "x".repeat(10_000)]),
    );
    const env = { PATH: process.env.PATH ?? "", ...bulk, KORUN_SESSION_ID: sessionId };
    const { leader } = startSession(["sleep", "600"], { env });
    const found = scanProcesses().session({ sessionId, leader: undefined });
    expect(found.map((process) => process.pid)).toEqual([leader.pid]);
  });

  test("may be named like anything", async () => {
    const name = "a) R 1\n(b";
    const program = join(makeFolder(), name);
    copyFileSync("/bin/sh", program);
    const { leader } = startSession([program, "-c", "read -r _ < /dev/zero; :"]);
    const found = await waitFor("the process", () => scanProcesses().find(leader));
    expect(found).toMatchObject({ name, group: leader.pid, parent: process.pid });
  });
});

describe("A line of ps", () => {
  test("gives pid, parent, group, start time and name", () => {
    const line = "  501     1   500 Ss   Thu Nov 20 07:50:03 2025     /usr/local/bin/node server";
    expect(parsePsLine(line)).toEqual({
      pid: 501,
      parent: 1,
      group: 500,
      startTime: new Date(2025, 10, 20, 7, 50, 3).getTime(),
      stopped: false,
      name: "node server",
    });
  });

  test("of a process that has ended is of no process", () => {
    expect(parsePsLine("501 1 500 Z+ Thu Nov 20 07:50:03 2025 (node)")).toBeUndefined();
  });
});
