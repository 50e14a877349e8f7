import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { groupEmpty, groupLives, leftBehind } from "../../src/process/group.ts";
import { startTimeOf } from "../../src/process/identity.ts";
import { signalGroup } from "../../src/process/signal.ts";
import { waitFor } from "../support/wait.ts";
import { BUN, cleanUp, DETACH, LISTENER, makeFolder, startSession } from "./sessions.ts";

afterEach(cleanUp);

/** Stands in for waiting on a process descriptor; notes whom it was asked about. */
function makeWaiter() {
  const asked: number[] = [];
  const waitGone = async (pid: number) => {
    asked.push(pid);
    await waitFor(`the end of ${pid}`, () => startTimeOf(pid) === undefined);
  };
  return { asked, waitGone };
}

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<false>((r) => setImmediate(r, false)),
  ]);
}

describe("A group is empty", () => {
  test("once its only process has ended, without waiting for anything", async () => {
    const session = startSession(["true"]);
    await session.exited;
    const { asked, waitGone } = makeWaiter();
    await groupEmpty(session.leader.pid, waitGone);
    expect(asked).toEqual([]);
  });

  test("only when what the leader left in the background has ended too", async () => {
    const session = startSession(["sh", "-c", "sleep 600 & sleep 600 &"]);
    await session.exited;
    const { asked, waitGone } = makeWaiter();
    const empty = groupEmpty(session.leader.pid, waitGone);
    await waitFor("both to be waited for", () => asked.length === 2);
    expect(await isSettled(empty)).toBe(false);
    signalGroup(session.leader.pid, "SIGKILL");
    await empty;
    expect(asked).toHaveLength(2);
  });

  test("only when what its members started meanwhile has ended too", async () => {
    const last = "sleep 600 & echo $!";
    const session = startSession(["sh", "-c", `(read -r _ < /dev/null; sleep 0.2; ${last}) &`]);
    await session.exited;
    const { asked, waitGone } = makeWaiter();
    const empty = groupEmpty(session.leader.pid, waitGone);
    const [pid] = await session.printed(/\d+/);
    await waitFor("the last one to be waited for", () => asked.includes(Number(pid)));
    expect(await isSettled(empty)).toBe(false);
    signalGroup(session.leader.pid, "SIGKILL");
    await empty;
  });

  test("also where no process can be waited for", async () => {
    const session = startSession(["sh", "-c", "sleep 600 &"]);
    await session.exited;
    const empty = groupEmpty(session.leader.pid);
    expect(await isSettled(empty)).toBe(false);
    signalGroup(session.leader.pid, "SIGKILL");
    await empty;
  });

  test.if(Bun.which("setsid") !== null)(
    "when the last member leaves it while it is waited for, and lives on",
    async () => {
      const sign = join(makeFolder(), "leave");
      const waiting = `until [ -e '${sign}' ]; do read -r _ < /dev/null; done`;
      const session = startSession(["sh", "-c", `(${waiting}; exec setsid sleep 600) & echo $!`]);
      const [pid] = await session.printed(/\d+/);
      await session.exited;
      const { asked, waitGone } = makeWaiter();
      const empty = groupEmpty(session.leader.pid, waitGone);
      await waitFor("it to be waited for", () => asked.includes(Number(pid)));
      writeFileSync(sign, "");
      await empty;
      expect(startTimeOf(Number(pid))).toBeDefined();
    },
  );

  test("although a process that left it lives on", async () => {
    const session = startSession([BUN, DETACH, "leave", "run", BUN, LISTENER]);
    const [, pid] = await session.printed(/^(\d+) \d+$/m);
    await session.exited;
    await groupEmpty(session.leader.pid, makeWaiter().waitGone);
    expect(startTimeOf(Number(pid))).toBeDefined();
  });
});

describe("Left behind", () => {
  test("is what carries the session's id, by pid and name", async () => {
    const session = startSession([BUN, DETACH, "leave", "run", "sleep", "600"]);
    await session.exited;
    const [helper, ...others] = await leftBehind(session.sessionId);
    expect(helper).toEqual({ pid: expect.any(Number), name: "sleep" });
    expect(others).toEqual([]);
  });

  test("is nothing when all have ended", async () => {
    const session = startSession(["true"]);
    await session.exited;
    expect(await leftBehind(session.sessionId)).toEqual([]);
  });
});

test("A group lives on without its leader as long as a process of the session is in it", async () => {
  const session = startSession(["sh", "-c", "sleep 600 &"]);
  const { sessionId, leader } = session;
  await session.exited;
  expect(await groupLives(sessionId, leader.pid)).toBe(true);
  expect(await groupLives(crypto.randomUUID(), leader.pid)).toBe(false);
  signalGroup(leader.pid, "SIGKILL");
  await waitFor("its end", async () => !(await groupLives(sessionId, leader.pid)));
});
