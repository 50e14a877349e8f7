import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, constants, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeFifo } from "../../src/native/pipe.ts";
import { bootId } from "../../src/process/identity.ts";
import type { ProcessIdentity } from "../../src/process/process-info.ts";
import { waitFor } from "../support/wait.ts";
import { kill, Stage } from "./stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  await stage.launch();
});

afterEach(() => stage[Symbol.asyncDispose]());

test("How and when an orphan ended while there was no daemon is noted", async () => {
  const first = await stage.next();
  const [gate, otherGate] = [makeGate(), makeGate()];
  const exiting = await stage.spawn(`read line < ${gate}; exit 7`);
  const crashing = await stage.spawn(`read line < ${otherGate}; kill -SEGV $$`);
  const living = await stage.spawn("exec sleep 600");
  await endDaemon(first.pid);

  const before = Date.now();
  await openGate(gate);
  await openGate(otherGate);
  const records = await waitFor("both ends to be noted", () => {
    return stage.exits().length === 2 ? stage.exits() : undefined;
  });
  const after = Date.now();
  expect(records).toContainEqual({ ...end(exiting), code: 7, signal: null });
  expect(records).toContainEqual({ ...end(crashing), code: null, signal: "SIGSEGV" });
  for (const { at } of records) {
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(after);
  }

  const next = await resumeDaemon();
  expect(next.ended).toEqual([]);
  // The next daemon is told when it asks, too.
  const run = { session: "a", run: 1 };
  const held = await stage.hold({ ...run, leader: exiting });
  expect(held).toMatchObject({ ended: { code: 7 }, problem: null });
  const other = { ...run, run: 2, leader: living };
  expect(await stage.hold(other)).toEqual({ ended: null, wasHeld: false, problem: null });
  expect(await stage.hold(other)).toEqual({ ended: null, wasHeld: true, problem: null });
});

test("An orphan that ends under a later daemon is noted, and told", async () => {
  const first = await stage.next();
  const child = await stage.spawn("exec sleep 600");
  kill(first.pid);
  await stage.next(first.pid);
  kill(child.pid, "SIGTERM");
  const [record] = await waitFor("the daemon to hear of it", async () => {
    const { ended } = await stage.status();
    return ended.length > 0 ? ended : undefined;
  });
  expect(record).toEqual({ ...end(child), code: null, signal: "SIGTERM" });
  expect(stage.exits()).toEqual([record as never]);
});

test("A child whose end only the killed daemon saw is not lost", async () => {
  const first = await stage.next();
  const gate = makeGate();
  const child = await stage.spawn(`read line < ${gate}; exit 9`);
  await stage.hold({ session: "a", run: 1, leader: child });
  await openGate(gate);
  await waitFor("the daemon to reap it", () => !isThere(child.pid));
  expect(stage.exits()).toEqual([]);
  kill(first.pid);
  await stage.next(first.pid);
  expect(stage.exits()).toEqual([{ ...end(child), code: 9, signal: null }]);
});

test("Of a session's other processes nothing is noted, and no zombie stays", async () => {
  await stage.next();
  // Each leaves an orphan in the group of its leader.
  for (let round = 0; round < 20; round += 1) {
    const leader = await stage.spawn("(exec sleep 0.01) & exit 0");
    await waitFor("the leader to be reaped", () => !isThere(leader.pid));
  }
  await waitFor("orphans to be reaped", () => zombiesOf(stage.keeperPid) === 0);
  expect(stage.exits()).toEqual([]);
});

/** An exit record of a process, less its status; `at` is looked at elsewhere. */
function end({ pid, startTime }: ProcessIdentity) {
  return { pid, startTime, boot: bootId(), at: expect.any(Number) as unknown as number };
}

/** Kills the daemon so that the next one does not serve. */
async function endDaemon(pid: number): Promise<void> {
  const starts = stage.starts().length;
  stage.setMode("hang");
  kill(pid);
  await waitFor("the next daemon to hang", () => stage.starts().length > starts);
}

function resumeDaemon() {
  stage.setMode("serve");
  kill(stage.starts().at(-1)?.pid ?? 0);
  return stage.next();
}

/** A pipe that a shell waits at. */
function makeGate(): string {
  const path = join(stage.home, `gate.${crypto.randomUUID()}`);
  makeFifo(path);
  return path;
}

/** Lets the shell through, once it is there: until then the pipe cannot be opened like this. */
async function openGate(path: string): Promise<void> {
  const { O_WRONLY, O_NONBLOCK } = constants;
  closeSync(await waitFor("a process at the gate", () => openSync(path, O_WRONLY | O_NONBLOCK)));
}

function isThere(pid: number): boolean {
  return read(`/proc/${pid}/stat`) !== "";
}

function zombiesOf(parent: number): number {
  const stats = readdirSync("/proc").map((name) => read(`/proc/${name}/stat`));
  return stats.filter((stat) => / Z (\d+) /.exec(stat)?.[1] === String(parent)).length;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // gone
  }
}
