import { afterEach, describe, expect, test } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pageSize } from "../../src/native/page-size.ts";
import { UNMARKED } from "../../src/process/process-info.ts";
import { parseMark } from "../../src/process/procfs.ts";
import { parsePsLine } from "../../src/process/ps.ts";
import { parseStat } from "../../src/process/stat-line.ts";
import { requestTree, scanProcesses } from "../../src/process/tree.ts";
import { waitFor } from "../support/wait.ts";
import { cleanUp, makeFolder, startSession } from "./sessions.ts";

afterEach(cleanUp);

interface Stat {
  readonly name?: string;
  readonly state?: string;
  readonly flags?: number;
  readonly threads?: number;
  readonly times?: string;
}

function statLine({ name = "sleep", state = "S", ...rest }: Stat): string {
  const { flags = 0, threads = 1, times = "0 0 0 0" } = rest;
  const facts = `${flags} 122 0 0 0 ${times} 20 0 ${threads} 0 133475 3932160 530`;
  return `42 (${name}) ${state} 7 41 40 0 -1 ${facts} 18446744073709551615 1 1 0\n`;
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
      cpuMs: 0,
      reapedCpuMs: 0,
      rssBytes: 530 * pageSize(),
    });
  });

  test("gives its own time on a processor, and apart from it that of children it has reaped", () => {
    const used = parseStat(statLine({ times: "120 30 7 2" }));
    expect(used).toMatchObject({ cpuMs: 1_500, reapedCpuMs: 90 });
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
      expect(parseMark(environ)).toEqual({ ...UNMARKED, sessionId: "abc" });
    }
  });

  test("that only resembles a mark has none", () => {
    for (const environ of ["", "XKORUN_SESSION_ID=abc\0", "A=KORUN_DAEMON=1\0KORUN_DAEMON=10\0"]) {
      expect(parseMark(environ)).toEqual(UNMARKED);
    }
  });

  test("is that of a check before that of its session, wherever they stand", () => {
    for (const environ of [
      "KORUN_CHECK=abc/health\0KORUN_SESSION_ID=abc\0",
      "KORUN_SESSION_ID=abc\0A=b\0KORUN_CHECK=abc/health\0",
    ]) {
      expect(parseMark(environ)).toEqual({ ...UNMARKED, sessionId: "abc/health" });
    }
  });

  test("names the run, when it is a number", () => {
    const runOf = (run: string) => parseMark(`KORUN_SESSION_ID=abc\0KORUN_RUN=${run}\0`).run;
    expect(runOf("12")).toBe(12);
    for (const other of ["", "0", "-1", "soon"]) expect(runOf(other)).toBeUndefined();
  });

  test("tells a daemon", () => {
    expect(parseMark("A=\0KORUN_DAEMON=1\0B=\0")).toEqual({ ...UNMARKED, daemon: true });
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
    const { members } = await requestTree({ sessionId, leader: undefined });
    expect(members.map((process) => process.pid)).toEqual([leader.pid]);
  });

  test("that becomes another program is known by its new mark", async () => {
    const sessionId = crypto.randomUUID();
    const go = join(makeFolder(), "go");
    const script = `until test -e ${go}; do :; done; exec env -u KORUN_SESSION_ID KORUN_DAEMON=1 sleep 600`;
    const env = { PATH: process.env.PATH ?? "", KORUN_SESSION_ID: sessionId };
    const { leader } = startSession(["sh", "-c", script], { env });
    const mark = () => scanProcesses().find(leader)?.mark;
    await waitFor("its mark, twice", () => mark()?.sessionId === sessionId && mark());
    expect(mark()).toEqual({ ...UNMARKED, sessionId });
    writeFileSync(go, "");
    await waitFor("its other mark", () => mark()?.daemon);
    expect(mark()).toEqual({ ...UNMARKED, daemon: true });
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
    const line =
      "  501     1   500 Ss     1:02.25   2048 Thu Nov 20 07:50:03 2025     /usr/local/bin/node server";
    expect(parsePsLine(line)).toEqual({
      pid: 501,
      parent: 1,
      group: 500,
      startTime: new Date(2025, 10, 20, 7, 50, 3).getTime(),
      stopped: false,
      name: "node server",
      cpuMs: 62_250,
      reapedCpuMs: 0,
      rssBytes: 2_097_152,
    });
  });

  test("of a process that has ended is of no process", () => {
    expect(parsePsLine("501 1 500 Z+ 0:00.00 0 Thu Nov 20 07:50:03 2025 (node)")).toBeUndefined();
  });
});
