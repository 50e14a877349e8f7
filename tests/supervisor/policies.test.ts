// Restart policies of sessions: what is counted, said and kept while one waits, and what a next
// daemon makes of it.

import { describe, expect, setSystemTime, test } from "bun:test";
import type { EventDraft, SavedSession } from "../../src/domain/history.ts";
import { Problem } from "../../src/domain/problem.ts";
import type { RestartPolicy } from "../../src/domain/restart-policy.ts";
import type { ExitStatus, SessionSpec } from "../../src/domain/session.ts";
import { NO_ARCHIVE } from "../../src/supervisor/archive.ts";
import { Registry } from "../../src/supervisor/registry.ts";
import type { Session } from "../../src/supervisor/session.ts";
import { waitFor } from "../support/wait.ts";
import { FakeMachinery, specOf, turn } from "./fakes.ts";

const CRASH: ExitStatus = { code: 1, signal: null };
const COMMON = { on: "any", resetAfterMs: 60_000, maxRestarts: undefined } as const;

/** Waits so long that only something else can end the wait. */
const PATIENT: RestartPolicy = { kind: "fixed", delayMs: 3_600_000, ...COMMON };
const QUICK: RestartPolicy = { kind: "fixed", delayMs: 1, ...COMMON };

interface Daemon {
  readonly machine: FakeMachinery;
  readonly registry: Registry;
  readonly saved: SavedSession[];
  readonly events: EventDraft[];
}

function daemon(): Daemon {
  const machine = new FakeMachinery();
  const saved: SavedSession[] = [];
  const events: EventDraft[] = [];
  const archive = {
    ...NO_ARCHIVE,
    saveSession: (session: SavedSession) => void saved.push(session),
    append: (event: EventDraft) => void events.push(event),
  };
  const report = (what: string) => expect(what).toBe("nothing wrong");
  return {
    machine,
    saved,
    events,
    registry: new Registry({ machinery: machine, archive, report }),
  };
}

interface Stage extends Daemon {
  readonly session: Session;
}

async function running(restart: RestartPolicy, facts: Partial<SessionSpec> = {}): Promise<Stage> {
  const made = daemon();
  const session = await made.registry.create(specOf({ restart, ...facts }));
  await made.machine.start();
  return { ...made, session };
}

/** At rest after a crash, until its policy starts it again. */
async function waiting(facts: Partial<SessionSpec> = {}): Promise<Stage> {
  const made = await running(PATIENT, facts);
  await made.machine.exit(CRASH);
  expect(made.session.snapshot().nextRestartAt).not.toBeNull();
  return made;
}

async function nextDaemon(saved: SavedSession | undefined): Promise<Stage> {
  if (saved === undefined) throw new Error("nothing was saved");
  const made = daemon();
  await made.registry.restore([saved]);
  return { ...made, session: made.registry.find(saved.id) };
}

function told(events: readonly EventDraft[]): EventDraft[] {
  return events.filter(({ type }) => type === "restart_scheduled" || type === "gave_up");
}

describe("a session that crashes", () => {
  test("is started again as its next run, and the books tell by whom", async () => {
    const { machine, session, events } = await running(QUICK);
    await machine.exit(CRASH);
    await waitFor("the second spawn", () => machine.spawns.length === 2);
    await machine.start();
    expect(session.snapshot()).toMatchObject({
      state: "running",
      run: 2,
      policyRestarts: 1,
      manualRestarts: 0,
      nextRestartAt: null,
      lastRestartCause: { kind: "policy", attempt: 1, delay_ms: 1 },
    });
    expect(told(events)).toMatchObject([
      { type: "restart_scheduled", run: 1, attempt: 1, delayMs: 1 },
    ]);
  });

  test("waits at rest, with its followers, and says until when", async () => {
    setSystemTime(new Date("2026-03-16T12:00:00Z"));
    try {
      const { machine, session } = await waiting();
      expect(session.snapshot()).toMatchObject({
        state: "exited",
        exit: CRASH,
        nextRestartAt: Date.parse("2026-03-16T13:00:00Z"),
        gaveUp: null,
      });
      expect(session.isOver()).toBe(false);
      expect(machine.output.settled).toEqual([]);
    } finally {
      setSystemTime();
    }
  });

  test("counts up until the policy gives up, which ends its followers", async () => {
    const { machine, session, events } = await running({ ...QUICK, maxRestarts: 2 });
    for (const spawns of [2, 3]) {
      await machine.exit(CRASH);
      await waitFor("the next spawn", () => machine.spawns.length === spawns);
      await machine.start();
    }
    await machine.exit(CRASH);
    const gaveUp = "it was restarted 2 times in a row, and no run lasted 1m";
    expect(session.snapshot()).toMatchObject({ state: "exited", policyRestarts: 2, gaveUp });
    expect(told(events).map((event) => "attempt" in event && event.attempt)).toEqual([1, 2, false]);
    expect(told(events).at(-1)).toMatchObject({ type: "gave_up", run: 3, reason: gaveUp });
    expect(machine.output.settled).toEqual([true]);
  });

  test("is forgiven by a run that lasted, and by whoever starts it on purpose", async () => {
    const { machine, session } = await running({ ...QUICK, resetAfterMs: 0 });
    for (const spawns of [2, 3]) {
      await machine.exit(CRASH);
      await waitFor("the next spawn", () => machine.spawns.length === spawns);
      await machine.start();
    }
    expect(session.snapshot().lastRestartCause).toMatchObject({ attempt: 1 });

    const limited = await running({ ...QUICK, maxRestarts: 0 });
    await limited.machine.exit(CRASH);
    expect(limited.session.snapshot().gaveUp).not.toBeNull();
    limited.session.restart();
    expect(limited.session.snapshot().gaveUp).toBeNull();
  });

  test("is left alone when it ended well and only failures count", async () => {
    const { machine, session } = await running({ ...QUICK, on: "failure" });
    await machine.exit();
    expect(session.snapshot()).toMatchObject({ nextRestartAt: null, gaveUp: null });
    expect(session.isOver()).toBe(true);
  });
});

test("a command that cannot be started at first is given up; its policy spins nothing", async () => {
  const { machine, registry, events } = daemon();
  const session = await registry.create(specOf({ restart: QUICK }));
  machine.spawned.leader.reject(new Problem("command_not_found", "ENOENT: no such command"));
  expect(await session.created).toMatchObject({
    state: "failed",
    gaveUp: "its command could not be started even once",
  });
  expect(told(events)).toMatchObject([{ type: "gave_up", run: 1 }]);
  expect(session.isOver()).toBe(true);
});

describe("a session that waits", () => {
  test("is stopped by a stop, which is no conflict, and starts no more", async () => {
    const { machine, session } = await waiting();
    const { state, done } = session.stop();
    expect(state).toBe("exited");
    expect(await done).toMatchObject({
      ...{ state: "exited", nextRestartAt: null, gaveUp: null },
      ...{ calledOff: "stop", lost: false },
    });
    expect(machine.output.settled).toEqual([true]);
    expect(() => session.stop()).toThrow(Problem);
  });

  test("runs at once when it is restarted", async () => {
    const { machine, session } = await waiting();
    session.restart();
    await machine.start();
    expect(session.snapshot()).toMatchObject({ run: 2, manualRestarts: 1, policyRestarts: 0 });
  });

  test("runs at once when a file changes", async () => {
    const { machine, session } = await waiting({ watch: ["src"] });
    machine.fileWatch.save();
    await machine.start();
    expect(session.snapshot()).toMatchObject({ run: 2, watchRestarts: 1, nextRestartAt: null });
  });

  test("keeps its name, and is what its name means", async () => {
    const { registry, session } = await waiting({ name: "web" });
    expect(registry.find("web")).toBe(session);
    const spec = specOf({ name: "web", command: ["other"] });
    const refusal = await registry.create(spec).catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(Problem);
    expect(refusal).toMatchObject({ code: "conflict", field: "name" });
    await session.stop().done;
    expect((await registry.create(spec)).name).toBe("web");
  });

  test("is not pruned, and can be removed", async () => {
    const { machine, registry, session } = await waiting();
    expect(await registry.prune({ olderThanMs: 0, keep: 0 })).toEqual([]);
    await registry.remove(session);
    expect(registry.list()).toEqual([]);
    expect(machine.output.released).toBe(true);
    expect(machine.spawns).toHaveLength(1);
  });

  test("is not started when the daemon shuts down, nor by the next one, to which it is lost", async () => {
    const { machine, registry, saved } = await waiting();
    await registry.shutdown();
    await registry.close({ keep: true });
    expect(machine.spawns).toHaveLength(1);
    const next = await nextDaemon(saved.at(-1));
    expect(next.session.snapshot()).toMatchObject({
      ...{ state: "exited", nextRestartAt: null },
      ...{ calledOff: "daemon_stop", lost: true },
    });
    next.session.restart();
    await next.machine.start();
    expect(next.session.snapshot()).toMatchObject({ run: 2, calledOff: null, lost: false });
  });
});

describe("a daemon that is killed while a session waits", () => {
  test("is followed by one that waits for the rest, counts on, and starts it", async () => {
    const { saved, session } = await waiting();
    const left = saved.at(-1);
    if (left === undefined) throw new Error("nothing was saved");
    const kept = await nextDaemon(left);
    expect(kept.machine.spawns).toHaveLength(0);
    expect(kept.session.isOver()).toBe(false);

    setSystemTime((session.snapshot().nextRestartAt ?? 0) + 1);
    try {
      const late = await nextDaemon(left);
      await waitFor("the start that is due", () => late.machine.spawns.length === 1);
      await late.machine.start();
      expect(late.session.snapshot()).toMatchObject({ run: 2, policyRestarts: 1 });
      await late.machine.exit(CRASH);
      const { state, books } = late.saved.at(-1) ?? {};
      expect(state).toMatchObject({ next: { attempt: 2 } });
      expect(books).toMatchObject({ policyRestarts: 1, attempts: 1 });
    } finally {
      setSystemTime();
    }
  });

  test("in the middle of a respawn is followed by one that starts it exactly once", async () => {
    const first = await running(QUICK);
    await first.machine.exit(CRASH);
    await waitFor("the second spawn", () => first.machine.spawns.length === 2);
    const left = first.saved.at(-1);
    expect(left?.state).toMatchObject({ phase: "starting", run: 2 });

    const again = await nextDaemon(left);
    await again.machine.start();
    expect(again.machine.spawns).toHaveLength(1);
    expect(again.session.snapshot()).toMatchObject({
      run: 2,
      policyRestarts: 1,
      lastRestartCause: { kind: "policy", attempt: 1 },
    });
  });

  test("and with the machine is followed by one that starts nothing", async () => {
    const { saved } = await waiting();
    const left = saved.at(-1);
    if (left === undefined) throw new Error("nothing was saved");
    const { machine, session } = await nextDaemon({ ...left, bootId: "an earlier boot" });
    await turn();
    expect(session.snapshot()).toMatchObject({
      ...{ state: "exited", nextRestartAt: null },
      ...{ calledOff: "lost", lost: true },
    });
    expect(machine.spawns).toHaveLength(0);
  });
});

test("a run that ended while no daemon ran is answered by its policy, as long as it lasted", async () => {
  const { saved } = await running({ ...PATIENT, resetAfterMs: 5_000 });
  const left = saved.at(-1);
  if (left === undefined) throw new Error("nothing was saved");
  const { session, saved: then } = await nextDaemon({
    ...left,
    books: { ...left.books, attempts: 7 },
  });
  await waitFor("its rest", () => !session.isLive());
  // The fake leader is 5 s old, which is stable here.
  expect(then.at(-1)?.state).toMatchObject({ next: { kind: "waiting", attempt: 1 } });
  expect(session.snapshot().lastEndedAt).not.toBeNull();
});
