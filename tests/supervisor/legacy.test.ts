// A run whose leader has ended, and its process group has not, given from one daemon to the next.

import { describe, expect, test } from "bun:test";
import type { SavedSession } from "../../src/domain/history.ts";
import { NO_ARCHIVE } from "../../src/supervisor/archive.ts";
import { Registry } from "../../src/supervisor/registry.ts";
import type { Session } from "../../src/supervisor/session.ts";
import { FakeMachinery, specOf, turn } from "./fakes.ts";

const LEADER = 100;

interface Daemon {
  readonly machine: FakeMachinery;
  readonly registry: Registry;
  readonly saved: SavedSession[];
}

function daemon(): Daemon {
  const machine = new FakeMachinery();
  const saved: SavedSession[] = [];
  const archive = { ...NO_ARCHIVE, saveSession: (one: SavedSession) => void saved.push(one) };
  return { machine, saved, registry: new Registry({ machinery: machine, archive, report() {} }) };
}

/** A session that runs, and then is the next daemon's. */
async function handedOn(before: (machine: FakeMachinery) => unknown, after: Daemon = daemon()) {
  const { machine, registry, saved } = daemon();
  await registry.create(specOf());
  await machine.start();
  await before(machine);
  await turn();
  const last = saved.at(-1);
  if (last === undefined) throw new Error("nothing was saved");
  await after.registry.restore([last]);
  await turn();
  return { ...after, session: after.registry.find(last.id) };
}

function withGroup(): Daemon {
  const next = daemon();
  next.machine.survived.add(LEADER);
  return next;
}

function endLeader(machine: FakeMachinery): void {
  machine.spawned.request.onExit({ code: 3, signal: null });
}

async function endsWithItsGroup(machine: FakeMachinery, session: Session): Promise<void> {
  expect(session.snapshot()).toMatchObject({ state: "running", pid: null, run: 1 });
  expect(machine.group.leader.pid).toBe(LEADER);
  machine.group.emptied.resolve();
  await turn();
  expect(session.state).toBe("exited");
}

describe("a run that goes on without its leader", () => {
  test("goes on under the next daemon, until its group is empty", async () => {
    const { machine, session } = await handedOn(endLeader, withGroup());
    await endsWithItsGroup(machine, session);
    expect(session.snapshot().exit).toEqual({ code: 3, signal: null });
  });

  test("does so when the leader ended while there was no daemon", async () => {
    const { machine, session } = await handedOn(() => undefined, withGroup());
    await endsWithItsGroup(machine, session);
  });

  test("is ended by a stop, its group included", async () => {
    const { machine, session } = await handedOn(endLeader, withGroup());
    session.stop();
    expect(machine.ending.target.leader?.pid).toBe(LEADER);
  });

  test("is still known to the daemon after that", async () => {
    const { saved } = await handedOn(endLeader, withGroup());
    expect(saved.at(-1)?.leader?.pid).toBe(LEADER);
  });

  test("is over where nothing of its group is left, whoever has that number now", async () => {
    const { machine, session } = await handedOn(endLeader);
    expect(machine.groups).toEqual([]);
    expect(session.state).toBe("exited");
  });
});
