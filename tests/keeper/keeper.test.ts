import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { GIVE_UP_SIGNAL, readKeeperNote } from "../../src/keeper/options.ts";
import { FileLock } from "../../src/native/lock.ts";
import { isAlive } from "../../src/process/identity.ts";
import { waitFor } from "../support/wait.ts";
import { gone, kill, Stage } from "./stage.ts";

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => stage[Symbol.asyncDispose]());

test("A launcher hears the daemon's own report, and the daemon has its keeper at once", async () => {
  const report = JSON.parse(await stage.launch());
  const status = await stage.next();
  expect(report).toEqual({ ok: true, pid: status.pid });
  expect(status.keeper).toMatchObject({ pid: stage.keeperPid, deaths: 0, problem: null });
  expect(stage.starts()).toMatchObject([{ hasLink: true, setAside: false }]);
});

test("A daemon that is killed fifty times comes back, and its child never knows", async () => {
  await stage.launch();
  let status = await stage.next();
  const child = await stage.spawn("exec sleep 600");
  const descriptors = openDescriptors(stage.keeperPid);
  for (let round = 1; round <= 50; round += 1) {
    kill(status.pid);
    status = await stage.next(status.pid);
    expect(status.keeper).toMatchObject({ pid: stage.keeperPid, deaths: round, problem: null });
  }
  expect(isAlive(child)).toBe(true);
  expect(stage.starts().some(({ setAside }) => setAside)).toBe(false);
  await waitFor("nothing to stay open in the keeper", () => {
    return openDescriptors(stage.keeperPid) === descriptors;
  });
});

test("A daemon that ends by itself with an error is started again", async () => {
  await stage.launch();
  const first = await stage.next();
  await stage.ask("exit", 1);
  await stage.next(first.pid);
});

describe("The keeper goes, and nothing is left behind,", () => {
  test("when the daemon ends on purpose", async () => {
    await stage.launch();
    await stage.next();
    await stage.ask("stop");
    expect(await stage.keeper?.exited).toBe(0);
    expect(stage.processes()).toEqual([]);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("when it is stopped with %s", async (signal) => {
    await stage.launch();
    await stage.next();
    kill(stage.keeperPid, signal);
    expect(await stage.keeper?.exited).toBe(0);
    expect(stage.terminations()).toBe(1);
    expect(stage.starts()).toHaveLength(1);
    expect(stage.processes()).toEqual([]);
  });

  test("when it is stopped while there is no daemon: the next one is told", async () => {
    await stage.launch();
    const first = await stage.next();
    stage.setMode("crash");
    kill(first.pid);
    await waitFor("a pause between two starts", () => stage.log().includes("in 250 ms"));
    stage.setMode("serve");
    kill(stage.keeperPid, "SIGTERM");
    expect(await stage.keeper?.exited).toBe(0);
    expect(stage.terminations()).toBe(1);
    expect(stage.processes()).toEqual([]);
  });

  test("when it is stopped twice while a daemon never comes to serve", async () => {
    await stage.launch();
    const first = await stage.next();
    stage.setMode("hang");
    kill(first.pid);
    await waitFor("a second start", () => stage.starts().length === 2);
    kill(stage.keeperPid, "SIGTERM");
    kill(stage.keeperPid, "SIGINT");
    await stage.keeper?.exited;
    expect(stage.processes()).toEqual([]);
  });
});

describe("A launcher that gives up", () => {
  test("leaves nothing behind of a daemon that never came to serve", async () => {
    stage.setMode("hang");
    const report = stage.launch();
    await waitFor("the daemon", () => stage.starts().length === 1);
    kill(stage.keeperPid, GIVE_UP_SIGNAL);
    expect(await stage.keeper?.exited).toBe(1);
    expect(await report).toBe("");
    expect(stage.starts()).toHaveLength(1);
    expect(stage.processes()).toEqual([]);
  });

  test("ends the tries of one that dies each time", async () => {
    stage.setMode("crash");
    const report = stage.launch();
    await waitFor("a pause between two starts", () => stage.log().includes("in 100 ms"));
    kill(stage.keeperPid, GIVE_UP_SIGNAL);
    expect(await stage.keeper?.exited).toBe(1);
    expect(await report).toBe("");
    expect(stage.starts().length).toBeLessThan(6);
  });

  test("does not harm one that serves after all", async () => {
    await stage.launch();
    const { pid } = await stage.next();
    kill(stage.keeperPid, GIVE_UP_SIGNAL);
    kill(pid);
    expect((await stage.next(pid)).keeper?.pid).toBe(stage.keeperPid);
    expect(stage.terminations()).toBe(0);
  });
});

test("A terminal that goes ends neither keeper nor daemon", async () => {
  await stage.launch();
  const first = await stage.next();
  kill(stage.keeperPid, "SIGHUP");
  kill(first.pid);
  expect((await stage.next(first.pid)).keeper?.pid).toBe(stage.keeperPid);
});

describe("A first daemon", () => {
  test("that says why it cannot start is not started again", async () => {
    stage.setMode("refuse");
    const report = JSON.parse(await stage.launch());
    expect(report).toEqual({ ok: false, message: "port 1 is taken", hint: "Take another." });
    expect(await stage.keeper?.exited).toBe(1);
    expect(stage.starts()).toHaveLength(1);
  });

  test("that dies without a word gets fresh rings in the end, and says so", async () => {
    stage.setMode("crash unless set aside");
    expect(JSON.parse(await stage.launch())).toMatchObject({ ok: true });
    const status = await stage.next();
    expect(stage.starts().map(({ setAside }) => setAside)).toEqual([...Array(5).fill(false), true]);
    expect(status.keeper).toMatchObject({ deaths: 5, problem: expect.stringContaining("aside") });
    // Only the one that was told to.
    stage.setMode("serve");
    kill(status.pid);
    expect((await stage.next(status.pid)).keeper).toMatchObject({ deaths: 6, problem: null });
    expect(stage.starts().at(-1)).toMatchObject({ setAside: false });
  });

  test("that even so dies without a word is given up", async () => {
    stage.setMode("crash");
    expect(await stage.launch()).toBe("");
    expect(await stage.keeper?.exited).toBe(7);
    expect(stage.starts()).toHaveLength(6);
    expect(stage.processes()).toEqual([]);
  });
});

test("A later daemon that cannot start is tried until it can", async () => {
  await stage.launch();
  const first = await stage.next();
  stage.setMode("refuse");
  kill(first.pid);
  await waitFor("some starts", () => stage.starts().length >= 4);
  expect(stage.starts().some(({ setAside }) => setAside)).toBe(false);
  expect(stage.log()).toContain("could not start: port 1 is taken");
  // Whoever finds no daemon meanwhile can read why.
  const refusal = { reason: "port 1 is taken", hint: "Take another." };
  const note = () => readKeeperNote(stage.home);
  expect(await waitFor("the reason", () => note()?.refusal)).toEqual(refusal);
  stage.setMode("serve");
  await stage.next(first.pid);
  await waitFor("the reason to go", () => note() !== undefined && !note()?.refusal);
});

test("A second keeper of a home leaves the first one alone", async () => {
  await stage.launch();
  const { pid } = await stage.next();
  const first = stage.keeper;
  expect(JSON.parse(await stage.launch())).toEqual({
    ok: false,
    message: `another keeper of ${stage.home} is at work`,
  });
  expect(await stage.keeper?.exited).toBe(1);
  stage.keeper = first;
  expect((await stage.status()).pid).toBe(pid);
  expect(stage.starts()).toHaveLength(1);
});

test("A keeper whose home another daemon has taken leaves", async () => {
  await stage.launch();
  const first = await stage.next();
  stage.setMode("hang");
  kill(first.pid);
  const second = await waitFor("a second start", () => stage.starts()[1]);
  const lock = FileLock.tryTake(join(stage.home, "daemon.lock"));
  expect(lock).toBeDefined();
  stage.setMode("serve");
  kill(second.pid);
  expect(await stage.keeper?.exited).toBe(0);
  lock?.release();
  await gone(second);
  expect(stage.processes()).toEqual([]);
});

function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
