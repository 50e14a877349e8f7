import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import type { EventDraft, Run } from "../../src/domain/history.ts";
import { NO_ARCHIVE } from "../../src/supervisor/archive.ts";
import { Registry } from "../../src/supervisor/registry.ts";
import { forgettable, prunable } from "../../src/supervisor/retention.ts";
import type { Session } from "../../src/supervisor/session.ts";
import { FakeMachinery, specOf, turn } from "./fakes.ts";

let machine: FakeMachinery;
let events: EventDraft[];
let registry: Registry;

beforeEach(() => {
  machine = new FakeMachinery();
  events = [];
  const archive = { ...NO_ARCHIVE, append: (event: EventDraft) => void events.push(event) };
  registry = new Registry({
    machinery: machine,
    archive,
    report: () => undefined,
    keptForMs: 1_000,
  });
});

afterEach(() => {
  setSystemTime();
});

async function ended(watch: string[] = []): Promise<Session> {
  const session = await registry.create(specOf({ watch }));
  await machine.start();
  await machine.exit();
  return session;
}

describe("prune", () => {
  test("forgets those at rest but for the newest, and none that a file could start again", async () => {
    const [one, watched, two, three] = [
      await ended(),
      await ended(["a"]),
      await ended(),
      await ended(),
    ];
    const live = await registry.create(specOf());
    expect(await registry.prune({ olderThanMs: 60_000, keep: 0 })).toEqual([]);
    expect(await registry.prune({ olderThanMs: 0, keep: 2 })).toEqual([one]);
    expect(registry.list()).toEqual([watched, two, three, live]);
    expect(await registry.prune({ olderThanMs: 0, keep: 0 })).toEqual([two, three]);
    expect(registry.list()).toEqual([watched, live]);
  });

  test("looks at how long they have been at rest", async () => {
    setSystemTime(new Date("2026-03-16T12:00:00Z"));
    const old = await ended();
    setSystemTime(new Date("2026-03-16T12:00:00.500Z"));
    const young = await ended();
    expect(await registry.prune({ olderThanMs: 500, keep: 0 })).toEqual([old]);
    expect(registry.list()).toEqual([young]);
  });
});

test("a session that has been at rest for too long is forgotten when another comes to rest", async () => {
  setSystemTime(new Date("2026-03-16T12:00:00Z"));
  await ended();
  setSystemTime(new Date("2026-03-16T12:00:02Z"));
  const young = await ended();
  expect(registry.list()).toEqual([young]);
});

test("age and number each are enough to be forgotten, and both are needed to be pruned", () => {
  const rules = {
    keep: 2,
    isOld: (name: string) => name < "b" || name === "c",
    isDone: () => true,
  };
  expect(forgettable(["a", "b", "c", "d"], rules)).toEqual(["a", "b", "c"]);
  expect(prunable(["a", "b", "c", "d"], rules)).toEqual(["a"]);
});

test("a session and its runs tell the same moments, however long a start and its output take", async () => {
  const at = (ms: number) => setSystemTime(new Date(Date.UTC(2026, 2, 16, 12) + ms));
  const runs: Run[] = [];
  const archive = { ...NO_ARCHIVE, saveRun: (_: string, run: Run) => void runs.push(run) };
  registry = new Registry({ machinery: machine, archive, report: () => undefined });
  at(0);
  const session = await registry.create(specOf());
  const drained = Promise.withResolvers<void>();
  machine.output.drainGate = drained.promise;
  at(20);
  await machine.start();
  at(100);
  await machine.exit();
  at(130);
  drained.resolve();
  await turn();
  expect(session.isOver()).toBe(true);
  const { firstStartedAt, lastStartedAt, lastEndedAt } = session.snapshot();
  expect(runs.at(-1)).toMatchObject({ startedAt: lastStartedAt, endedAt: lastEndedAt });
  expect(lastStartedAt).toBe(firstStartedAt);
});

describe("a run that ends to start again", () => {
  const end = () => events.find(({ type }) => type === "exited");

  async function restarting(watch: string[] = []): Promise<Session> {
    const session = await registry.create(specOf({ watch }));
    await machine.start();
    if (watch.length > 0) machine.fileWatch.save();
    else session.restart();
    return session;
  }

  test("and is stopped meanwhile ended since somebody stopped it", async () => {
    const session = await restarting();
    session.stop();
    await machine.endAll();
    expect(end()).toMatchObject({ run: 1, end: { kind: "stop" } });
    expect(session.snapshot()).toMatchObject({ calledOff: "stop", lost: false });
  });

  test.each([[], ["src"]])(
    "and goes down with the daemon is lost, watching [%s]",
    async (...watch) => {
      const session = await restarting(watch);
      const down = registry.shutdown();
      await machine.endAll();
      await down;
      expect(end()).toMatchObject({ run: 1, end: { kind: "daemon_stop" } });
      expect(session.snapshot()).toMatchObject({ calledOff: "daemon_stop", lost: true });
    },
  );

  test("and is stopped while its last output is read ended by that as well", async () => {
    const drained = Promise.withResolvers<void>();
    const session = await restarting();
    machine.output.drainGate = drained.promise;
    await machine.endAll();
    session.stop();
    drained.resolve();
    await turn();
    expect(end()).toMatchObject({ run: 1, end: { kind: "stop" } });
  });

  test("for a file, and is restarted by hand meanwhile, ended for the file", async () => {
    const session = await restarting(["src"]);
    session.restart();
    await machine.endAll();
    expect(end()).toMatchObject({ run: 1, end: { kind: "watch" } });
  });
});

test("a run that somebody stops stays stopped by them, though the daemon goes down meanwhile", async () => {
  const session = await registry.create(specOf());
  await machine.start();
  session.stop();
  const down = registry.shutdown();
  await machine.endAll();
  await down;
  expect(session.snapshot()).toMatchObject({ lastEnd: { kind: "stop" }, lost: false });
});

test("a watch that degrades is told once, and once that it is well again", async () => {
  await registry.create(specOf({ watch: ["a"] }));
  const { onStatus } = machine.fileWatch.request;
  const status = { directories: 1, problem: null } as const;
  const degraded = { ...status, state: "degraded", problem: "polled" } as const;
  onStatus({ ...status, state: "armed" });
  onStatus(degraded);
  onStatus({ ...degraded, problem: "still polled" });
  onStatus({ ...status, state: "disarmed" });
  onStatus({ ...status, state: "armed" });
  onStatus({ ...status, state: "armed" });
  const told = events.filter(({ type }) => type.startsWith("watch_"));
  expect(told).toMatchObject([
    { type: "watch_degraded", problem: "polled" },
    { type: "watch_restored" },
  ]);
});
