import { afterEach, expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { openPidfd } from "../../src/native/pidfd.ts";
import { bootId, isAlive, startTimeOf, startTimeOfChild } from "../../src/process/identity.ts";
import { signalProcess } from "../../src/process/signal.ts";
import { cleanUp, startSession } from "./sessions.ts";

afterEach(cleanUp);

test("A boot has an id that stays", () => {
  expect(bootId()).toMatch(/^[0-9a-fA-F-]{36}$/);
  expect(bootId()).toBe(bootId());
});

test("A process is the same by pid and start time only", async () => {
  const { leader } = startSession(["sleep", "600"]);
  expect(startTimeOf(leader.pid)).toBe(leader.startTime);
  expect(isAlive(leader)).toBe(true);
  expect(isAlive({ ...leader, startTime: leader.startTime - 1 })).toBe(false);
});

test("A process that has ended has no start time", async () => {
  const { leader, exited } = startSession(["true"]);
  await exited;
  expect(startTimeOf(leader.pid)).toBeUndefined();
  expect(isAlive(leader)).toBe(false);
});

test.if(process.platform === "linux")(
  "A child that has ended is known by its start time until it is reaped",
  async () => {
    const { leader, exited } = startSession(["true"]);
    // It is reaped in a later turn of the event loop, and this loop leaves none.
    while (startTimeOf(leader.pid) !== undefined);
    expect(leader.startTime).toBeGreaterThan(0);
    expect(startTimeOfChild(leader.pid)).toBe(leader.startTime);
    expect(isAlive(leader)).toBe(false);
    await exited;
    expect(startTimeOfChild(leader.pid)).toBeUndefined();
  },
);

test("A signal reaches the process that is meant and not its successor by pid", async () => {
  const { leader, exited } = startSession(["sleep", "600"]);
  expect(signalProcess({ ...leader, startTime: leader.startTime - 1 }, "SIGTERM")).toBe(false);
  expect(isAlive(leader)).toBe(true);
  expect(signalProcess(leader, "SIGTERM")).toBe(true);
  expect(await exited).toEqual({ code: null, signal: "SIGTERM" });
  expect(signalProcess(leader, "SIGTERM")).toBe(false);
});

test.if(process.platform === "linux")(
  "A living process has a descriptor, a dead one none",
  async () => {
    const descriptor = openPidfd(process.pid);
    expect(descriptor).toBeGreaterThan(2);
    if (descriptor !== undefined) closeSync(descriptor);
    const { leader, exited } = startSession(["true"]);
    await exited;
    expect(openPidfd(leader.pid)).toBeUndefined();
  },
);
