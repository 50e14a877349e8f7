// Whoever looks after the runs of a session: what it is told, and what it can do.

import { describe, expect, test } from "bun:test";
import type { SavedSession } from "../../../src/domain/history.ts";
import type { SessionSpec } from "../../../src/domain/session.ts";
import { NO_ARCHIVE } from "../../../src/supervisor/archive.ts";
import type {
  Attendant,
  AttendedRun,
  Charge,
} from "../../../src/supervisor/attendants/attendant.ts";
import { Registry } from "../../../src/supervisor/registry.ts";
import { FakeMachinery, specOf, turn } from "../fakes.ts";

const LIMIT = { kind: "limit", limit: "max_rss", reason: "600M of 512M" } as const;
const UNWELL = { kind: "health", reason: "it hangs" } as const;

/** Writes down what it is told. */
class Witness implements Attendant {
  readonly charge: Charge;
  readonly told: unknown[] = [];
  onBegan: (run: AttendedRun) => void = () => undefined;

  constructor(charge: Charge) {
    this.charge = charge;
  }

  began(run: AttendedRun): void {
    this.told.push(run);
    this.onBegan(run);
  }

  ended(): void {
    this.told.push("ended");
  }

  close(): void {
    this.told.push("close");
  }

  status() {
    return { health: { state: "healthy", failures: 0, checkedAt: 7, reasons: [] } } as const;
  }
}

interface Stage {
  readonly machine: FakeMachinery;
  readonly registry: Registry;
  readonly saved: SavedSession[];
  readonly faults: string[];
  readonly witnesses: Witness[];
}

function stage(prepare: (witness: Witness) => void = () => undefined): Stage {
  const machine = new FakeMachinery();
  const saved: SavedSession[] = [];
  const faults: string[] = [];
  const witnesses: Witness[] = [];
  const attend = (charge: Charge) => {
    const witness = new Witness(charge);
    witnesses.push(witness);
    prepare(witness);
    return witness;
  };
  const archive = { ...NO_ARCHIVE, saveSession: (one: SavedSession) => void saved.push(one) };
  const registry = new Registry({
    machinery: machine,
    archive,
    attendants: [attend, () => undefined, attend],
    report: (what) => faults.push(what),
  });
  return { machine, registry, saved, faults, witnesses };
}

async function running(facts: Partial<SessionSpec> = {}, made = stage()) {
  const session = await made.registry.create(specOf(facts));
  await made.machine.start();
  const [witness] = made.witnesses;
  if (witness === undefined) throw new Error("nobody attends");
  return { ...made, session, witness };
}

const FIRST = { number: 1, leader: { pid: 100, startTime: 1_000 } };

describe("an attendant", () => {
  test("is told of each run once it runs, and once nothing of it lives", async () => {
    const { machine, witness, session, registry } = await running();
    expect(witness.told).toEqual([{ ...FIRST, startedAgoMs: expect.any(Number) }]);
    machine.spawned.request.onExit({ code: 0, signal: null });
    await turn();
    expect(witness.told).toHaveLength(1);
    machine.group.emptied.resolve();
    await turn();
    expect(witness.told.slice(1)).toEqual(["ended"]);
    session.restart();
    await machine.start();
    expect(witness.told.at(-1)).toMatchObject({ number: 2, leader: { pid: 101 } });
    session.stop();
    expect(witness.told.at(-1)).toBe("ended");
    await machine.endAll();
    await registry.remove(session);
    expect(witness.told.at(-1)).toBe("close");
  });

  test("is told at once of the run that a new daemon found alive, with its age", async () => {
    const { saved } = await running();
    const next = stage();
    next.machine.living.set(100, Promise.withResolvers());
    const left = saved.at(-1);
    if (left === undefined) throw new Error("nothing was saved");
    await next.registry.restore([left]);
    const [told] = next.witnesses[0]?.told ?? [];
    expect(told).toMatchObject(FIRST);
    expect((told as AttendedRun).startedAgoMs).toBeGreaterThanOrEqual(5_000);
  });

  test("adds what it knows to what is said of the session", async () => {
    const { session } = await running();
    expect(session.snapshot().health).toMatchObject({ state: "healthy", checkedAt: 7 });
  });

  test("keeps notes of the run for the next daemon; the next run has none", async () => {
    const { machine, session, witness, saved } = await running();
    witness.charge.note({ readyAt: 1_234 });
    const left = saved.at(-1);
    if (left === undefined) throw new Error("nothing was saved");
    expect(left.books.notes).toMatchObject({ readyAt: 1_234 });
    const next = stage();
    await next.registry.restore([left]);
    expect(next.witnesses[0]?.charge.notes()).toMatchObject({ readyAt: 1_234 });

    session.restart();
    await machine.endAll();
    await machine.start();
    expect(witness.charge.notes()).toMatchObject({ readyAt: null });
  });

  test("that fails is reported, and neither the session nor the others mind", async () => {
    const made = stage((witness) => {
      witness.onBegan = () => {
        throw new Error("a defect");
      };
    });
    const { session, faults, witnesses } = await running({ name: "web" }, made);
    expect(session.state).toBe("running");
    expect(faults).toEqual(witnesses.map(() => expect.stringMatching(/^session web: /)));
    expect(witnesses.map(({ told }) => told.length)).toEqual([1, 1]);
  });
});

describe("what an attendant asks for", () => {
  test("restarts the run, with its reason as the cause of end and start", async () => {
    const { machine, session, witness } = await running();
    witness.charge.restartBecause(UNWELL);
    await turn();
    expect(session.state).toBe("stopping");
    await machine.endAll();
    await machine.start();
    expect(session.snapshot()).toMatchObject({
      run: 2,
      healthRestarts: 1,
      lastRestartCause: UNWELL,
      lastEnd: null,
    });
  });

  test("ends the run for good, with the limit as its cause and the watch armed", async () => {
    const { machine, session, witness } = await running({ watch: ["src"] });
    witness.charge.finishBecause(LIMIT);
    await turn();
    expect(machine.ending.options.force.aborted).toBe(false);
    await machine.endAll();
    expect(session.snapshot()).toMatchObject({ state: "exited", lastEnd: LIMIT });
    expect(machine.fileWatch.armed).toBe(true);
  });

  test("has the limit as its cause where the daemon goes down meanwhile, and is not lost", async () => {
    const { machine, registry, session, witness } = await running();
    witness.charge.finishBecause(LIMIT);
    await turn();
    const down = registry.shutdown();
    await machine.endAll();
    await down;
    expect(session.snapshot()).toMatchObject({ lastEnd: LIMIT, calledOff: null, lost: false });
  });

  test("has no say against a stop, nor in a run that it was not told of", async () => {
    const { machine, session, witness } = await running();
    witness.charge.restartBecause(UNWELL);
    session.stop();
    await turn();
    witness.charge.restartBecause(UNWELL);
    await machine.endAll();
    witness.charge.finishBecause(LIMIT);
    await turn();
    expect(session.snapshot()).toMatchObject({
      state: "exited",
      run: 1,
      lastEnd: { kind: "stop" },
    });
    expect(machine.spawns).toHaveLength(1);
  });

  test("while a run begins is done once every attendant knows of it", async () => {
    const made = stage((witness) => {
      witness.onBegan = () => witness.charge.finishBecause(LIMIT);
    });
    const { session, witnesses } = await running({}, made);
    expect(witnesses.map(({ told }) => told.at(-1))).toEqual(["ended", "ended"]);
    expect(witnesses.map(({ told }) => told.length)).toEqual([2, 2]);
    expect(session.state).toBe("stopping");
  });
});
