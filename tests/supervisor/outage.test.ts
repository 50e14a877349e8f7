// A session given from one daemon to the next: when it ended in between, and, if it watches files,
// whether it is told of what changed.

import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import type { Run, SavedSession } from "../../src/domain/history.ts";
import type { EndCause } from "../../src/domain/session.ts";
import { type Archive, NO_ARCHIVE } from "../../src/supervisor/archive.ts";
import { Registry } from "../../src/supervisor/registry.ts";
import type { Session } from "../../src/supervisor/session.ts";
import { FakeMachinery, specOf, turn } from "./fakes.ts";

interface Daemon {
  readonly machine: FakeMachinery;
  readonly registry: Registry;
  readonly saved: SavedSession[];
  readonly runs: Run[];
}

/** `runs` are those that are known, the newest last. */
function daemon(runs: Run[] = []): Daemon {
  const machine = new FakeMachinery();
  const saved: SavedSession[] = [];
  const archive: Archive = {
    ...NO_ARCHIVE,
    saveSession: (one) => void saved.push(one),
    newestRun: () => runs.at(-1),
    saveRun: (_, run) => void runs.push(run),
  };
  const registry = new Registry({ machinery: machine, archive, report() {} });
  return { machine, saved, runs, registry };
}

/** What a daemon kept of a session to which this happened, before it was killed. */
async function kept(happens: (session: Session, machine: FakeMachinery) => unknown) {
  const { machine, registry, saved } = daemon();
  const session = await registry.create(specOf({ watch: ["src"] }));
  await machine.start();
  await happens(session, machine);
  const last = saved.at(-1);
  if (last === undefined) throw new Error("nothing was saved");
  return last;
}

async function next(saved: SavedSession): Promise<Daemon & { session: Session }> {
  const made = daemon();
  if (saved.leader !== null) made.machine.living.set(saved.leader.pid, Promise.withResolvers());
  await made.registry.restore([saved]);
  return { ...made, session: made.registry.find(saved.id) };
}

test("a new session's watch has its id, and nothing before it to be told of", async () => {
  const { machine, registry } = daemon();
  const session = await registry.create(specOf({ watch: ["src"] }));
  expect(machine.fileWatch.request).toMatchObject({ id: session.id, resumed: undefined });
});

test("one that runs is told, and restarts once, for the file that changed", async () => {
  const saved = await kept(() => undefined);
  const { machine, session } = await next(saved);
  expect(machine.fileWatch.request).toMatchObject({ id: saved.id, resumed: { reacts: true } });
  expect(session.state).toBe("running");
  await turn();
  machine.fileWatch.save("src/a.ts");
  machine.living.get(100)?.resolve({ code: null, signal: "SIGTERM" });
  machine.ending.ended.resolve([]);
  await turn();
  await machine.start();
  expect(machine.spawns).toHaveLength(1);
  expect(session.snapshot()).toMatchObject({
    state: "running",
    fileChanges: 1,
    watchRestarts: 1,
    lastRestartCause: { kind: "watch", path: "src/a.ts", event: "modified" },
  });
});

test("one that ended by itself and waits for a change is told, and starts", async () => {
  const saved = await kept((_, machine) => machine.exit({ code: 3, signal: null }));
  const { machine, session } = await next({ ...saved, leader: null });
  expect(machine.fileWatch.request.resumed).toEqual({ reacts: true });
  expect(machine.spawns).toHaveLength(0);
  machine.fileWatch.save();
  await machine.start();
  expect(session.state).toBe("running");
});

test.each([
  [
    "stopped",
    (session: Session, machine: FakeMachinery) => {
      session.stop();
      return machine.endAll();
    },
  ],
  ["being stopped", (session: Session) => session.stop()],
])("one that is %s is not told", async (_, happens) => {
  const saved = await kept(happens);
  const { machine, session } = await next(saved);
  expect(machine.fileWatch.request.resumed).toEqual({ reacts: false });
  expect(session.snapshot().watching.state).toBe("disarmed");
  if (session.isLive()) {
    machine.ending.ended.resolve([]);
    await turn();
  }
  session.restart();
  expect(machine.fileWatch.armed).toBe(true);
});

test("one that a reboot ended is not told", async () => {
  const saved = await kept(() => undefined);
  const { machine, session } = await next({ ...saved, bootId: "an earlier boot", leader: null });
  expect(machine.fileWatch.request.resumed).toEqual({ reacts: false });
  expect(session.state).toBe("exited");
});

test("one whose output cannot be taken over is listed, and can be stopped", async () => {
  const saved = await kept(() => undefined);
  const { machine, registry } = daemon();
  machine.adoptFailure = new Error("EIO: i/o error");
  machine.living.set(100, Promise.withResolvers());
  await registry.restore([saved]);
  const session = registry.find(saved.id);
  expect(session.snapshot()).toMatchObject({
    state: "running",
    pid: 100,
    output: { stdoutLines: 0 },
  });
  expect(session.log.page({ stream: "blended", limit: 10, from: "newest" }).entries).toEqual([]);
  const { done } = session.stop();
  machine.living.get(100)?.resolve({ code: null, signal: "SIGTERM" });
  machine.ending.ended.resolve([]);
  expect(await done).toMatchObject({ state: "exited", exit: { signal: "SIGTERM" } });
  session.restart();
  await turn();
  expect(session.snapshot()).toMatchObject({
    state: "failed",
    error: "its output could not be taken over: EIO: i/o error",
  });
  await registry.remove(session);
  expect(machine.fileWatch.closed).toBe(true);
});

test("one that cannot be taken over at all leaves no watch behind", async () => {
  const saved = await kept(() => undefined);
  const machine = new FakeMachinery();
  const faults: string[] = [];
  const archive = {
    ...NO_ARCHIVE,
    newestRun() {
      throw new Error("it cannot be read");
    },
  };
  const report = (what: string) => void faults.push(what);
  const registry = new Registry({ machinery: machine, archive, report });
  await registry.restore([saved]);
  expect(registry.list()).toEqual([]);
  expect(faults).toEqual([`taking over session ${saved.id}`]);
  expect(machine.fileWatch.closed).toBe(true);
});

describe("one that ended while no daemon ran", () => {
  afterEach(() => setSystemTime());

  /** It started at 12:00:00, 5 s ago by the kernel, and ended at 12:00:07; taken over at `time`. */
  async function takenOverAt(time: string) {
    setSystemTime(new Date("2026-03-16T12:00:00Z"));
    const saved = await kept(() => undefined);
    const { machine, registry, saved: savedNext } = daemon();
    machine.known = { code: 3, signal: null, at: Date.parse("2026-03-16T12:00:07Z") };
    setSystemTime(new Date(time));
    await registry.restore([saved]);
    await turn();
    const { state, exit, lastEndedAt } = registry.find(saved.id).snapshot();
    const at = lastEndedAt === null ? null : new Date(lastEndedAt).toISOString();
    return { state, exit, at, lastRunMs: savedNext.at(-1)?.books.lastRunMs };
  }

  test("has the time at which it did, and so the length of its run", async () => {
    expect(await takenOverAt("2026-03-16T12:00:10Z")).toMatchObject({
      ...{ state: "exited", exit: { code: 3 } },
      ...{ at: "2026-03-16T12:00:07.000Z", lastRunMs: 2_000 },
    });
  });

  test.each<[string, boolean, EndCause]>([
    ["that kept it", true, { kind: "exit" }],
    ["that was not there", false, { kind: "exit", cut: true }],
  ])("says so if its last output may be missing: a keeper %s", async (_, guarded, end) => {
    const before = daemon();
    await before.registry.create(specOf());
    await before.machine.start();
    const [saved] = before.saved.slice(-1);
    if (saved === undefined) throw new Error("nothing was saved");
    const after = daemon(before.runs.slice(-1));
    after.machine.known = { code: 0, signal: null };
    after.machine.guarded = guarded;
    await after.registry.restore([saved]);
    await turn();
    expect(after.registry.find(saved.id).snapshot().lastEnd).toEqual(end);
    expect(after.runs.at(-1)).toMatchObject({ exitCode: 0, end });
  });

  test("ended at the latest now, and ran no longer than it can have, though the clock jumped back", async () => {
    expect(await takenOverAt("2026-03-16T12:00:05Z")).toMatchObject({
      ...{ at: "2026-03-16T12:00:05.000Z", lastRunMs: 5_000 },
    });
  });

  test("ran no shorter than nothing, though the clock jumped ahead", async () => {
    expect(await takenOverAt("2026-03-16T18:00:00Z")).toMatchObject({ lastRunMs: 0 });
  });
});
