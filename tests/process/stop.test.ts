import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../../src/process/identity.ts";
import { endTree } from "../../src/process/stop.ts";
import { scanProcesses } from "../../src/process/tree.ts";
import { waitFor } from "../support/wait.ts";
import {
  BUN,
  cleanUp,
  DETACH,
  identify,
  isPortFree,
  LISTENER,
  makeFolder,
  startSession,
  type TestSession,
} from "./sessions.ts";

/** Longer than any test: what ends before it did not need it. */
const LONG_GRACE_MS = 600_000;
const SHORT_GRACE_MS = 150;

afterEach(cleanUp);

/** Waits for a listener below the session, and gives its identity and port. */
async function listenerOf(session: TestSession) {
  const [, pid, port] = await session.printed(/^(\d+) (\d+)$/m);
  return { identity: identify(Number(pid)), port: Number(port) };
}

function livingOf(session: TestSession): readonly number[] {
  return scanProcesses()
    .session(session)
    .map((process) => process.pid);
}

describe("A leader", () => {
  test("that obeys SIGTERM is not killed", async () => {
    const session = startSession([
      "sh",
      "-c",
      "trap 'exit 7' TERM; echo up; while :; do sleep 1; done",
    ]);
    await session.printed(/up/);
    expect(await endTree(session, { graceMs: LONG_GRACE_MS })).toEqual([]);
    expect(isAlive(session.leader)).toBe(false);
    expect(await session.exited).toEqual({ code: 7, signal: null });
  });

  test("that ignores SIGTERM is killed after the grace", async () => {
    const session = startSession([BUN, LISTENER, "ignore-term"]);
    const { port } = await listenerOf(session);
    expect(await endTree(session, { graceMs: SHORT_GRACE_MS })).toEqual([]);
    expect(await session.exited).toEqual({ code: null, signal: "SIGKILL" });
    expect(await isPortFree(port)).toBe(true);
  });

  test("gets SIGTERM once, however long it takes", async () => {
    const session = startSession([BUN, LISTENER, "ignore-term"]);
    await listenerOf(session);
    await endTree(session, { graceMs: SHORT_GRACE_MS });
    expect(session.output().match(/term/g)).toEqual(["term"]);
  });

  test("that is stopped can still end gracefully", async () => {
    const session = startSession(["sh", "-c", "trap 'echo bye; exit 0' TERM; kill -STOP $$"]);
    await waitFor("the leader to be stopped", () => scanProcesses().find(session.leader)?.stopped);
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(await session.exited).toEqual({ code: 0, signal: null });
    expect(session.output()).toBe("bye\n");
  });

  test("without any grace is killed at once", async () => {
    const session = startSession([
      "sh",
      "-c",
      "trap 'exit 7' TERM; echo up; while :; do sleep 1; done",
    ]);
    await session.printed(/up/);
    await endTree(session, { graceMs: 0 });
    expect(await session.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("whose pid now belongs to another process is not signalled", async () => {
    const stranger = startSession(["sleep", "600"]);
    const leader = { pid: stranger.leader.pid, startTime: stranger.leader.startTime - 1 };
    const left = await endTree({ sessionId: "none", leader }, { graceMs: SHORT_GRACE_MS });
    expect(left).toEqual([]);
    expect(isAlive(stranger.leader)).toBe(true);
  });
});

describe("The whole tree ends:", () => {
  test("a server whose shell waits for it", async () => {
    const session = startSession(["sh", "-c", `'${BUN}' '${LISTENER}'; echo over`]);
    const { identity, port } = await listenerOf(session);
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(isAlive(identity)).toBe(false);
    expect(await isPortFree(port)).toBe(true);
  });

  test("a server whose shell is dead already", async () => {
    const session = startSession(["sh", "-c", `'${BUN}' '${LISTENER}' &`]);
    const { identity, port } = await listenerOf(session);
    await session.exited;
    expect(isAlive(identity)).toBe(true);
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(isAlive(identity)).toBe(false);
    expect(await isPortFree(port)).toBe(true);
  });

  test("a server that ignores SIGTERM, whose shell dies of it", async () => {
    const session = startSession(["sh", "-c", `'${BUN}' '${LISTENER}' ignore-term; echo over`]);
    const { identity, port } = await listenerOf(session);
    await endTree(session, { graceMs: SHORT_GRACE_MS });
    expect(isAlive(identity)).toBe(false);
    expect(await isPortFree(port)).toBe(true);
  });

  test("a grandchild with a session of its own that ignores SIGTERM", async () => {
    const session = startSession([BUN, DETACH, "run", BUN, LISTENER, "ignore-term"]);
    const { identity, port } = await listenerOf(session);
    await endTree(session, { graceMs: SHORT_GRACE_MS });
    expect(isAlive(identity)).toBe(false);
    expect(await isPortFree(port)).toBe(true);
  });

  test("a grandchild that left the group and the environment, while its parent lives", async () => {
    const session = startSession([BUN, DETACH, "bare", "run", BUN, LISTENER]);
    const { identity } = await listenerOf(session);
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(isAlive(identity)).toBe(false);
  });

  test("a grandchild that left the group, and whose parent is dead", async () => {
    const session = startSession([BUN, DETACH, "leave", "run", BUN, LISTENER]);
    const { identity, port } = await listenerOf(session);
    await session.exited;
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(isAlive(identity)).toBe(false);
    expect(await isPortFree(port)).toBe(true);
  });

  test("a process that only the caller knows to belong to it", async () => {
    const session = startSession([BUN, DETACH, "leave", "bare", "run", BUN, LISTENER]);
    const { identity } = await listenerOf(session);
    await session.exited;
    expect(livingOf(session)).toEqual([]);
    await endTree({ ...session, extra: [identity] }, { graceMs: LONG_GRACE_MS });
    expect(isAlive(identity)).toBe(false);
  });

  test("what a SIGTERM handler starts in the background", async () => {
    const session = startSession([
      "sh",
      "-c",
      "trap 'sleep 600 & exit 0' TERM; echo up; while :; do sleep 1; done",
    ]);
    await session.printed(/up/);
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(livingOf(session)).toEqual([]);
  });

  test("processes that replace themselves faster than one can look", async () => {
    const script = join(makeFolder(), "chain.sh");
    writeFileSync(script, `trap '' TERM\n[ "$1" = 1 ] && echo up\nsh "$0" $(($1 + 1)) &\n`);
    const session = startSession(["sh", script, "1"]);
    await session.printed(/up/);
    await endTree(session, { graceMs: SHORT_GRACE_MS });
    expect(livingOf(session)).toEqual([]);
  });

  test.if(Bun.which("setsid") !== null)(
    "and so do those that leave their group each time",
    async () => {
      const script = join(makeFolder(), "chain.sh");
      // Ends by itself once its folder is gone.
      writeFileSync(
        script,
        `trap '' TERM\n[ "$1" = 1 ] && echo up\nsetsid sh "$0" $(($1 + 1)) &\n`,
      );
      const session = startSession(["sh", script, "1"]);
      await session.printed(/up/);
      await endTree(session, { graceMs: SHORT_GRACE_MS });
      expect(livingOf(session)).toEqual([]);
    },
  );

  test("twenty sessions at once", async () => {
    const sessions = Array.from({ length: 20 }, () => startSession(["sh", "-c", "sleep 600; :"]));
    const ends = sessions.map((session) => endTree(session, { graceMs: LONG_GRACE_MS }));
    expect((await Promise.all(ends)).flat()).toEqual([]);
    expect(sessions.flatMap(livingOf)).toEqual([]);
  });
});

describe("Ending a session", () => {
  test("of which nothing lives is done", async () => {
    const session = startSession(["true"]);
    await session.exited;
    expect(await endTree(session, { graceMs: LONG_GRACE_MS })).toEqual([]);
  });

  test("during its grace kills at once when forced", async () => {
    const session = startSession([BUN, LISTENER, "ignore-term"]);
    await listenerOf(session);
    const force = new AbortController();
    const end = endTree(session, { graceMs: LONG_GRACE_MS, force: force.signal });
    force.abort();
    expect(await end).toEqual([]);
    expect(await session.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("forced before it began sends no SIGTERM", async () => {
    const session = startSession([
      "sh",
      "-c",
      "trap 'exit 7' TERM; echo up; while :; do sleep 1; done",
    ]);
    await session.printed(/up/);
    await endTree(session, { graceMs: LONG_GRACE_MS, force: AbortSignal.abort() });
    expect(await session.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("leaves a daemon that was launched from inside it, and what that runs", async () => {
    const inner = `'${BUN}' '${LISTENER}'; :`;
    const session = startSession([BUN, DETACH, "daemon", "run", "sh", "-c", inner]);
    const { identity, port } = await listenerOf(session);
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(isAlive(session.leader)).toBe(false);
    expect(isAlive(identity)).toBe(true);
    expect(await isPortFree(port)).toBe(false);
    identify(scanProcesses().get(identity.pid)?.parent ?? 0);
  });

  test("leaves a daemon even in the leader's own group", async () => {
    const inner = "KORUN_DAEMON=1 sleep 600 & echo $!; sleep 600; :";
    const session = startSession(["sh", "-c", inner]);
    const [pid] = await session.printed(/\d+/);
    const daemon = await waitFor("the daemon to be one", () => {
      const found = identify(Number(pid));
      return found.pid === session.leader.pid || livingOf(session).includes(found.pid)
        ? undefined
        : found;
    });
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(livingOf(session)).toEqual([]);
    expect(isAlive(daemon)).toBe(true);
  });

  test("leaves another session alone", async () => {
    const other = startSession(["sleep", "600"]);
    const session = startSession(["sleep", "600"]);
    await endTree(session, { graceMs: LONG_GRACE_MS });
    expect(isAlive(other.leader)).toBe(true);
  });
});
