import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeRediscovered, rediscover } from "../../src/daemon/rediscovery.ts";
import { findLivingSessions } from "../../src/process/adopt.ts";
import { startTimeOf } from "../../src/process/identity.ts";
import { noteLeader } from "../../src/process/leader-note.ts";
import { aSession } from "../store/samples.ts";
import { waitFor } from "../support/wait.ts";

const NOBODY: ReadonlySet<string> = new Set();

let folder: string;
let id: string;
const children: Bun.Subprocess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-found-"));
  id = crypto.randomUUID();
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

describe("the leader of a run", () => {
  test("that has ended is the one that was noted, if others go on", async () => {
    const { pid } = start({ run: 3 });
    noteLeader(folder, { run: 3, leader: { pid: 4_194_305, startTime: 1 } });
    const { session, run } = await found();
    expect(session.leader).toEqual({ pid: 4_194_305, startTime: 1 });
    expect(session.state).toMatchObject({ phase: "running", run: 3 });
    expect(run).toMatchObject({ number: 3, pid: 4_194_305, cause: { kind: "manual" } });
    // What it ran is told by whoever lives.
    expect([session.spec.command, pid > 0]).toEqual([["sleep", "600"], true]);
  });

  test("is not who was noted in another boot, and has nothing to do with it now", async () => {
    const { pid } = start({ run: 1 });
    noteLeader(folder, { run: 1, leader: identityOf(process.pid) });
    expect((await found()).session.leader).toEqual(identityOf(pid));
  });

  test("is not that of a run before, which nobody could note", async () => {
    const { pid } = start({ run: 2 });
    noteLeader(folder, { run: 1, leader: { pid: 4_194_305, startTime: 1 } });
    const { session } = await found();
    expect([session.state.run, session.leader]).toEqual([2, identityOf(pid)]);
  });
});

describe("what is known of it", () => {
  test("are no name that another session has by now, and none that is no name", async () => {
    start({ run: 1, name: "web" });
    expect((await found(new Set(["web"]))).session.spec.name).toBeUndefined();
    expect((await found()).session.spec.name).toBe("web");
    children.pop()?.kill("SIGKILL");
    start({ run: 2, name: "no name" });
    await waitFor("the next one alone", async () => (await found()).session.state.run === 2);
    expect((await found()).session.spec.name).toBeUndefined();
  });

  test("are the ways to it: without pipes it runs in a terminal", async () => {
    start({ run: 1 });
    expect((await found()).session.spec).toMatchObject({ pty: { cols: 80 }, stdin: "none" });
    for (const name of ["stdout.fifo", "stdin.fifo"]) writeFileSync(join(folder, name), "");
    expect((await found()).session.spec).toMatchObject({ pty: undefined, stdin: "pipe" });
  });
});

test("a session is told by its name, and of many not all", () => {
  const one = aSession(id);
  expect(describeRediscovered([one])).toStartWith(`Session web (${id}) was not known`);
  expect(describeRediscovered(Array(7).fill(one))).toContain("and 2 more. They run on");
});

async function found(names = NOBODY) {
  const living = (await findLivingSessions([id])).find(({ sessionId }) => sessionId === id);
  if (living === undefined) throw new Error("nothing lives of it");
  return rediscover(living, { folder, names });
}

function start({ run, name }: { run: number; name?: string }): Bun.Subprocess {
  const own = { KORUN_SESSION_ID: id, KORUN_RUN: String(run) };
  const child = Bun.spawn(["sleep", "600"], {
    detached: true,
    env: { PATH: process.env.PATH, ...own, ...(name === undefined ? {} : { KORUN_NAME: name }) },
    stdio: ["ignore", "ignore", "ignore"],
  });
  children.push(child);
  return child;
}

function identityOf(pid: number) {
  return { pid, startTime: startTimeOf(pid) ?? 0 };
}
