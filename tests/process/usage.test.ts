import { afterEach, describe, expect, test } from "bun:test";
import type { ScannedProcess } from "../../src/process/process-info.ts";
import { UNMARKED } from "../../src/process/process-info.ts";
import { processSource } from "../../src/process/source.ts";
import { ProcessTable, scanProcesses } from "../../src/process/tree.ts";
import { percentOf, UsageMeter } from "../../src/process/usage.ts";
import { waitFor } from "../support/wait.ts";
import { cleanUp, startSession } from "./sessions.ts";

afterEach(cleanUp);

const LEADER = { pid: 100, startTime: 1 };
const MIB = 1_048_576;

/** A process of the session that `LEADER` leads. */
function living(facts: Partial<ScannedProcess>): ScannedProcess {
  return {
    pid: LEADER.pid,
    startTime: LEADER.startTime,
    parent: 1,
    group: LEADER.pid,
    stopped: false,
    name: "work",
    mark: UNMARKED,
    cpuMs: 0,
    reapedCpuMs: 0,
    rssBytes: MIB,
    ...facts,
  };
}

class World {
  readonly #unreaped = new Set<number>();
  readonly #meter: UsageMeter;

  constructor(processors = 4) {
    const isUnreaped = ({ pid }: { pid: number }) => this.#unreaped.has(pid);
    this.#meter = new UsageMeter({ processors, isUnreaped });
  }

  /** What the session uses when these live, `elapsedMs` after the last sight. */
  sees(processes: readonly ScannedProcess[], elapsedMs = 1_000) {
    const table = ProcessTable.of(processes);
    const members = table.session({ sessionId: "none", leader: LEADER });
    return this.#meter.take({ table, members }, elapsedMs);
  }

  zombie(pid: number): void {
    this.#unreaped.add(pid);
  }

  reap(pid: number): void {
    this.#unreaped.delete(pid);
  }
}

describe("What a session uses", () => {
  test("is the sum over its tree, from the run's start on", () => {
    const used = new World().sees([
      living({ cpuMs: 300, reapedCpuMs: 40 }),
      living({ pid: 101, startTime: 2, parent: 100, cpuMs: 200, rssBytes: 3 * MIB }),
      living({ pid: 7, startTime: 3, group: 7, cpuMs: 9_000, rssBytes: 50 * MIB }),
    ]);
    expect(used).toEqual({ processes: 2, rssBytes: 4 * MIB, cpuMs: 540 });
  });

  test("counts a child's time once, though its parent takes it over", () => {
    const world = new World();
    world.sees([
      living({ cpuMs: 10 }),
      living({ pid: 101, startTime: 2, parent: 100, cpuMs: 700 }),
    ]);
    const used = world.sees([living({ cpuMs: 20, reapedCpuMs: 750 })]);
    expect(used.cpuMs).toBe(770);
  });

  test("counts it once, too, when the parent takes long to reap it", () => {
    const world = new World();
    const child = living({ pid: 101, startTime: 2, parent: 100, cpuMs: 700 });
    world.sees([living({}), child]);
    world.zombie(101);
    for (let look = 0; look < 5; look += 1) expect(world.sees([living({})]).cpuMs).toBe(700);
    world.reap(101);
    expect(world.sees([living({ reapedCpuMs: 700 })]).cpuMs).toBe(700);
  });

  test("counts it once, too, when the parent reaps it right after it was looked at", () => {
    const world = new World();
    world.sees([living({}), living({ pid: 101, startTime: 2, parent: 100, cpuMs: 700 })]);
    expect(world.sees([living({})]).cpuMs).toBe(700);
    expect(world.sees([living({ reapedCpuMs: 720 })]).cpuMs).toBe(720);
  });

  test("has all of children that lived and ended between two looks", () => {
    const world = new World();
    world.sees([living({})]);
    expect(world.sees([living({ reapedCpuMs: 900 })]).cpuMs).toBe(900);
  });

  test("goes on counting when what ended had been nobody's child in it", () => {
    const world = new World();
    const orphan = living({ pid: 101, startTime: 2, parent: 1, cpuMs: 5_000 });
    world.sees([living({}), orphan], 10_000);
    const used = world.sees([living({ reapedCpuMs: 300 })]);
    expect(used.cpuMs).toBe(5_300);
  });

  test("never goes back when a process ends with its time", () => {
    const world = new World();
    const server = living({ pid: 101, startTime: 2, parent: 100, cpuMs: 3_000 });
    const before = world.sees([living({ cpuMs: 10 }), server]);
    const after = world.sees([living({ cpuMs: 10 })]);
    expect(after.cpuMs).toBe(before.cpuMs);
    expect(after.processes).toBe(1);
  });

  test("takes a process for another when its pid is used again", () => {
    const world = new World();
    world.sees([living({}), living({ pid: 101, startTime: 2, parent: 100, cpuMs: 3_000 })]);
    const other = living({ pid: 101, startTime: 9, parent: 100, cpuMs: 50 });
    expect(world.sees([living({}), other]).cpuMs).toBe(3_050);
  });

  test("counts one that joins only from then on", () => {
    const world = new World();
    const stranger = living({ pid: 7, startTime: 0, group: 7, cpuMs: 3_600_000 });
    world.sees([living({}), stranger]);
    const joined = { ...stranger, group: LEADER.pid, cpuMs: 3_600_020 };
    expect(world.sees([living({}), joined]).cpuMs).toBe(20);
  });

  test("is never more than all processors could give", () => {
    const world = new World(2);
    world.sees([living({})]);
    expect(world.sees([living({ reapedCpuMs: 3_600_000 })], 500).cpuMs).toBe(1_000);
  });
});

test("A share is of one processor, and nothing of no time", () => {
  expect(percentOf(1_500, 1_000)).toBe(150);
  expect(percentOf(1, 3_000)).toBe(0);
  expect(percentOf(10, 0)).toBe(0);
});

describe.if(process.platform === "linux")("Of real processes", () => {
  test("the time and the memory of all of them is seen, wherever in the tree they are", async () => {
    const busy = "i=0; while :; do i=$((i+1)); done";
    const session = startSession(["sh", "-c", `sh -c '${busy}' & setsid sh -c '${busy}' & wait`]);
    const meter = new UsageMeter({ processors: 64, isUnreaped: () => false });
    const look = () => {
      const table = scanProcesses();
      return meter.take({ table, members: table.session(session) }, 60_000);
    };
    const used = await waitFor("two busy shells", () => {
      const seen = look();
      return seen.processes === 3 && seen.cpuMs >= 200 ? seen : undefined;
    });
    expect(used.rssBytes).toBeGreaterThan(100_000);
  });

  test("one that has ended waits to be reaped until its parent has taken note", async () => {
    const session = startSession([
      "sh",
      "-c",
      // Its child has ended, and sleep, which the shell becomes, never asks for it.
      "sh -c 'echo $$' & exec sleep 600",
    ]);
    const [, pid] = await session.printed(/^(\d+)\n/);
    const ended = await waitFor("its end", () => statOf(Number(pid)));
    expect(processSource().isUnreaped(ended)).toBe(true);
    expect(processSource().isUnreaped({ ...ended, startTime: ended.startTime - 1 })).toBe(false);
    expect(processSource().isUnreaped(session.leader)).toBe(false);
    expect(scanProcesses().get(Number(pid))).toBeUndefined();
  });
});

/** The identity of a process that has ended and was not reaped. */
async function statOf(pid: number): Promise<{ pid: number; startTime: number } | undefined> {
  const line = await Bun.file(`/proc/${pid}/stat`).text();
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? { pid, startTime: Number(fields[19]) } : undefined;
}
