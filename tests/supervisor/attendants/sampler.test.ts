import { beforeEach, describe, expect, test } from "bun:test";
import { type ScannedProcess, UNMARKED } from "../../../src/process/process-info.ts";
import { ProcessTable } from "../../../src/process/tree.ts";
import { Sampler } from "../../../src/supervisor/attendants/sampler.ts";
import type { SessionMeter } from "../../../src/supervisor/attendants/session-meter.ts";
import { KEPT_POINTS } from "../../../src/supervisor/attendants/usage-history.ts";
import { specOf, turn } from "../fakes.ts";

const MIB = 1_048_576;
const LATER = Date.UTC(2026, 2, 16);

/** A machine whose clock and processes a test moves. */
class Machine {
  /** By the steady clock. */
  at = 0;
  scans = 0;
  /** The pids that were looked at again, for each look at those only. */
  rescans: number[][] = [];
  processes: ScannedProcess[] = [];
  /** What the timer there is was set to, in ms. */
  timer: number | undefined;
  readonly reported: unknown[] = [];
  failing: Error | undefined;
  #call: (() => void) | undefined;
  readonly sampler = new Sampler({
    processors: 4,
    isUnreaped: () => false,
    now: () => ({ steady: this.at, wall: LATER + this.at }),
    every: (ms, call) => {
      expect(this.timer).toBeUndefined();
      this.timer = ms;
      this.#call = call;
      return () => {
        this.timer = undefined;
        this.#call = undefined;
      };
    },
    scan: async () => {
      if (this.failing !== undefined) throw this.failing;
      this.scans += 1;
      return ProcessTable.of(this.processes);
    },
    rescan: (before, again) => {
      const pids = again.map(({ pid }) => pid);
      this.rescans.push(pids.toSorted((one, other) => one - other));
      const isKnown = ({ pid }: ScannedProcess) =>
        !pids.includes(pid) && before.get(pid) !== undefined;
      return ProcessTable.of(
        this.processes.map((one) => (isKnown(one) ? (before.get(one.pid) ?? one) : one)),
      );
    },
    report: (_, cause) => this.reported.push(cause),
  });

  /** A session, and what it has to run. */
  session(id: string, { maxRssBytes }: { maxRssBytes?: number } = {}): SessionMeter {
    return this.sampler.attend({ id, spec: specOf({ maxRssBytes }) });
  }

  /** A process that leads a run of a session. */
  lead(meter: SessionMeter, pid: number, startedAgoMs = 0): void {
    this.processes.push(living(pid));
    meter.began({ number: 1, leader: { pid, startTime: 1 }, startedAgoMs });
  }

  uses(pid: number, facts: Partial<ScannedProcess>): void {
    this.processes = this.processes.map((one) => (one.pid === pid ? { ...one, ...facts } : one));
  }

  /** Lets time pass, and the timer fire. */
  async pass(ms: number): Promise<void> {
    this.at += ms;
    this.#call?.();
    await turn();
  }
}

function living(pid: number): ScannedProcess {
  return {
    pid,
    startTime: 1,
    parent: 1,
    group: pid,
    stopped: false,
    name: "work",
    mark: UNMARKED,
    cpuMs: 0,
    reapedCpuMs: 0,
    rssBytes: MIB,
  };
}

let machine: Machine;

beforeEach(() => {
  machine = new Machine();
});

describe("The timer", () => {
  test("is there only while something runs, and is one for all", () => {
    const [one, other] = [machine.session("one"), machine.session("other")];
    expect(machine.timer).toBeUndefined();
    machine.lead(one, 10);
    machine.lead(other, 20);
    expect(machine.timer).toBe(5_000);
    one.ended();
    expect(machine.timer).toBe(5_000);
    other.close();
    expect(machine.timer).toBeUndefined();
  });

  test("is a fast one while a session with a limit of memory runs", () => {
    const [free, limited] = [
      machine.session("free"),
      machine.session("limited", { maxRssBytes: 1 }),
    ];
    machine.lead(free, 10);
    machine.lead(limited, 20);
    expect(machine.timer).toBe(1_000);
    limited.ended();
    expect(machine.timer).toBe(5_000);
  });

  test("looks once for all sessions, and not at those at rest", async () => {
    const [one, other, rests] = ["one", "other", "rests"].map((id) => machine.session(id));
    if (one === undefined || other === undefined) throw new Error("there are three");
    machine.lead(one, 10);
    machine.lead(other, 20);
    await machine.pass(5_000);
    expect(machine.scans).toBe(1);
    expect(one.usage.processes).toBe(1);
    expect(other.usage.processes).toBe(1);
    expect(rests?.history).toEqual([]);
  });

  test("looks at strangers once, and again after ten minutes", async () => {
    machine.lead(machine.session("one"), 10);
    machine.processes.push(living(7), { ...living(11), parent: 10 });
    await machine.pass(5_000);
    for (let look = 0; look < 119; look += 1) await machine.pass(5_000);
    expect({ scans: machine.scans, rescans: machine.rescans }).toEqual({
      scans: 1,
      rescans: Array.from({ length: 119 }, () => [10, 11]),
    });
    await machine.pass(5_000);
    expect(machine.scans).toBe(2);
  });

  test("looks every second at those with a limit only, and at the others when they are due", async () => {
    machine.lead(machine.session("free"), 10);
    machine.lead(machine.session("limited", { maxRssBytes: MIB }), 20);
    await machine.pass(1_000);
    for (let second = 0; second < 6; second += 1) await machine.pass(1_000);
    expect(machine.rescans).toEqual([[20], [20], [20], [20], [10, 20], [20]]);
  });

  test("sees who has come since", async () => {
    const meter = machine.session("one");
    machine.lead(meter, 10);
    await machine.pass(5_000);
    machine.processes.push({ ...living(12), parent: 10, group: 12 });
    await machine.pass(5_000);
    expect(meter.usage.processes).toBe(2);
  });

  test("goes on after a look that failed, which is reported", async () => {
    const meter = machine.session("one");
    machine.lead(meter, 10);
    machine.failing = new Error("no /proc");
    await machine.pass(5_000);
    expect(machine.reported).toEqual([machine.failing]);
    machine.failing = undefined;
    await machine.pass(5_000);
    expect(meter.usage.processes).toBe(1);
  });
});

describe("Who asks for the present", () => {
  test("gets what was seen within a quarter of a second, else a new look", async () => {
    machine.lead(machine.session("one"), 10);
    await machine.sampler.look("one");
    machine.at += 250;
    await machine.sampler.look("one");
    expect(machine.rescans).toEqual([]);
    machine.at += 1;
    await Promise.all([machine.sampler.look("one"), machine.sampler.look("one")]);
    expect(machine.rescans).toEqual([[10]]);
  });

  test("is not given what was seen before the run began", async () => {
    const meter = machine.session("one");
    await machine.sampler.look("one");
    machine.lead(meter, 10);
    const { usage } = await machine.sampler.look("one");
    expect(usage.processes).toBe(1);
  });

  test("of a session at rest is told of what it left behind", async () => {
    const meter = machine.session("one");
    machine.lead(meter, 10);
    machine.processes = [{ ...living(11), mark: { ...UNMARKED, sessionId: "one" } }];
    meter.ended();
    const { usage } = await machine.sampler.look("one");
    expect(usage).toMatchObject({ processes: 1, rssBytes: MIB });
  });

  test("of a session that is forgotten is told so", async () => {
    machine.session("one").close();
    const thrown = await machine.sampler.look("one").catch((problem) => problem);
    expect(thrown).toMatchObject({ code: "not_found" });
  });

  test("learns whose each process is", async () => {
    machine.lead(machine.session("one"), 10);
    machine.lead(machine.session("other"), 20);
    machine.processes.push(living(30), { ...living(11), parent: 10 });
    expect([...(await machine.sampler.membership())].toSorted()).toEqual([
      [10, "one"],
      [11, "one"],
      [20, "other"],
    ]);
  });
});

describe("The share of a processor", () => {
  test("is over the time since the last look, and from the run's start at first", async () => {
    machine.lead(machine.session("one"), 10, 2_000);
    const percent = async () => (await machine.sampler.look("one")).usage.cpuPercent;
    machine.uses(10, { cpuMs: 1_000 });
    expect(await percent()).toBe(50);
    machine.uses(10, { cpuMs: 2_500 });
    machine.at += 1_000;
    expect(await percent()).toBe(150);
    machine.at += 1_000;
    expect(await percent()).toBe(0);
  });

  test("is never over a moment only, however often one asks", async () => {
    const meter = machine.session("one");
    machine.lead(meter, 10);
    await machine.pass(5_000);
    machine.uses(10, { cpuMs: 10 });
    machine.at += 251;
    expect((await machine.sampler.look("one")).usage.cpuPercent).toBe(4);
    machine.at += 251;
    expect((await machine.sampler.look("one")).usage.cpuPercent).toBe(2);
  });

  test("begins anew with each run", async () => {
    const meter = machine.session("one");
    machine.lead(meter, 10);
    machine.uses(10, { cpuMs: 4_000 });
    await machine.pass(5_000);
    meter.ended();
    machine.processes = [];
    machine.lead(meter, 20);
    const { usage } = await machine.sampler.look("one");
    expect(usage).toMatchObject({ cpuMs: 0, cpuPercent: 0 });
  });
});

describe("The history", () => {
  test("has a point every five seconds, however often was looked, and stays at rest", async () => {
    const meter = machine.session("one", { maxRssBytes: MIB });
    machine.lead(meter, 10);
    for (let second = 1; second <= 11; second += 1) {
      machine.uses(10, { cpuMs: second * 100 });
      await machine.pass(1_000);
    }
    meter.ended();
    const point = { rssBytes: MIB, processes: 1 };
    expect(meter.history).toEqual([
      { ...point, time: LATER + 1_000, cpuPercent: 10 },
      { ...point, time: LATER + 6_000, cpuPercent: 10 },
      { ...point, time: LATER + 11_000, cpuPercent: 10 },
    ]);
  });

  test("keeps the newest", async () => {
    const meter = machine.session("one");
    machine.lead(meter, 10);
    for (let look = 0; look < KEPT_POINTS + 3; look += 1) await machine.pass(5_000);
    const { history } = meter;
    expect(history).toHaveLength(KEPT_POINTS);
    expect(history[0]?.time).toBe(LATER + 4 * 5_000);
    expect(history.at(-1)?.time).toBe(LATER + machine.at);
  });
});
