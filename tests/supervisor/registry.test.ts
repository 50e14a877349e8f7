// Making, finding and forgetting sessions, and ending them all.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problem } from "../../src/domain/problem.ts";
import { Registry } from "../../src/supervisor/registry.ts";
import { FakeMachinery, specOf, turn } from "./fakes.ts";

function make(options: { keptAtRest?: number } = {}) {
  const machine = new FakeMachinery();
  const faults: string[] = [];
  const report = (what: string) => faults.push(what);
  return { machine, faults, registry: new Registry({ machinery: machine, report, ...options }) };
}

/** The Problem an action or a promise fails with. */
async function problemOf(action: () => unknown): Promise<Problem> {
  try {
    await action();
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error("there was no problem");
}

describe("creating", () => {
  test("lists sessions in creation order and counts them", async () => {
    const { registry, machine } = make();
    const first = await registry.create(specOf());
    const second = await registry.create(specOf());
    expect(registry.list()).toEqual([first, second]);
    expect(registry.counts()).toEqual({ created: 2, running: 2, known: 2 });
    machine.spawned.leader.reject(new Error("ENOENT: x"));
    await second.created;
    expect(registry.counts()).toEqual({ created: 2, running: 1, known: 2 });
  });

  test("answers before the child is there", async () => {
    const { registry } = make();
    expect((await registry.create(specOf())).snapshot()).toMatchObject({
      state: "starting",
      run: 1,
      pid: null,
      lastRestartCause: null,
      manualRestarts: 0,
    });
  });

  test("asked for twice under one id, a session is made once", async () => {
    const { registry, machine } = make();
    const id = crypto.randomUUID();
    const gate = Promise.withResolvers<void>();
    machine.watchGate = gate.promise;
    const ask = () => registry.create(specOf({ watch: ["src"] }), { id });
    const both = Promise.all([ask(), ask()]);
    gate.resolve();
    const [first, second] = await both;
    expect(first.id).toBe(id);
    expect(second).toBe(first);
    await machine.start();
    expect(await registry.create(specOf(), { id })).toBe(first);
    expect(machine.spawns).toHaveLength(1);
    expect(registry.counts().created).toBe(1);
  });

  test("one that was refused may be asked for again under its id", async () => {
    const { registry } = make();
    const id = crypto.randomUUID();
    await problemOf(() => registry.create(specOf({ cwd: "/nowhere/at/all" }), { id }));
    expect((await registry.create(specOf(), { id })).id).toBe(id);
  });

  test("refuses a directory that does not exist, or is none, naming the field", async () => {
    const { registry } = make();
    const directory = mkdtempSync(join(tmpdir(), "korun-registry-"));
    try {
      const file = join(directory, "file");
      writeFileSync(file, "");
      for (const cwd of [
        join(directory, "gone"),
        file,
        join(file, "below"),
        `/${"x".repeat(300)}`,
      ]) {
        const problem = await problemOf(() => registry.create(specOf({ cwd })));
        expect(problem).toMatchObject({ code: "bad_request", field: "cwd" });
        expect(problem.message).toContain(cwd);
      }
      expect(registry.list()).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("lists nothing when the watch list is refused", async () => {
    const { registry, machine } = make();
    machine.watchGate = Promise.reject(new Problem("bad_request", "no", { field: "watch[0]" }));
    const problem = await problemOf(() => registry.create(specOf({ watch: ["gone"] })));
    expect(problem.field).toBe("watch[0]");
    expect(registry.list()).toEqual([]);
    expect(machine.outputs).toEqual([]);
  });

  test("refuses a name that a living session has, naming that session", async () => {
    const { registry } = make();
    const { id } = await registry.create(specOf({ name: "web" }));
    const problem = await problemOf(() => registry.create(specOf({ name: "web" })));
    expect(problem).toMatchObject({ code: "conflict", field: "name" });
    expect(problem.message).toContain(id);
  });

  test("gives a name to one of two that ask at the same time, and lets go of the other", async () => {
    const { registry, machine } = make();
    const gate = Promise.withResolvers<void>();
    machine.watchGate = gate.promise;
    const spec = specOf({ name: "web", watch: ["src"] });
    const both = [registry.create(spec), registry.create(spec)];
    gate.resolve();
    const results = await Promise.allSettled(both);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(machine.watches.map(({ closed }) => closed)).toEqual([false, true]);
    expect(machine.outputs).toHaveLength(1);
  });

  test("takes over the name of a crashed session, which no file change revives any more", async () => {
    const { registry, machine } = make();
    const old = await registry.create(specOf({ name: "web", watch: ["src"] }));
    await machine.start();
    await machine.exit({ code: 1, signal: null });
    const oldWatch = machine.fileWatch;
    const young = await registry.create(specOf({ name: "web" }));
    expect(old.isOver()).toBe(true);
    oldWatch.save();
    expect(old.state).toBe("exited");
    expect(registry.find("web")).toBe(young);
    expect((await problemOf(() => old.restart())).code).toBe("conflict");
  });
});

test("a session is found by its id and by the name it has", async () => {
  const { registry } = make();
  const session = await registry.create(specOf({ name: "web" }));
  expect(registry.find(session.id.toUpperCase())).toBe(session);
  expect(registry.find("web")).toBe(session);
  expect((await problemOf(() => registry.find("db"))).code).toBe("not_found");
});

describe("forgetting", () => {
  test("refuses a living session, also one that is stopping", async () => {
    const { registry, machine } = make();
    const session = await registry.create(specOf({ name: "web" }));
    await machine.start();
    const problem = await problemOf(() => registry.remove(session));
    expect(problem).toMatchObject({ code: "conflict" });
    expect(problem.hint).toContain("korun stop web");
    session.stop();
    expect((await problemOf(() => registry.remove(session))).code).toBe("conflict");
    expect(registry.list()).toEqual([session]);
  });

  test("closes the watch, removes the output and refuses every later start", async () => {
    const { registry, machine } = make();
    const session = await registry.create(specOf({ watch: ["src"] }));
    await machine.start();
    await machine.exit();
    machine.output.count(42);
    await registry.remove(session);
    expect(machine.output.released).toBe(true);
    expect(machine.fileWatch).toMatchObject({ closed: true, armed: false });
    expect(registry.counts()).toEqual({ created: 1, running: 0, known: 0 });
    expect((await problemOf(() => registry.find(session.id))).code).toBe("not_found");
    expect((await problemOf(() => session.restart())).code).toBe("not_found");
    expect((await problemOf(() => registry.remove(session))).code).toBe("not_found");
    machine.fileWatch.save();
    expect(machine.spawns).toHaveLength(1);
    expect(session.snapshot().output.stdoutBytes).toBe(42);
  });

  test("ends what was left behind before the output goes, and is not listed meanwhile", async () => {
    const { registry, machine } = make();
    const session = await registry.create(specOf());
    await machine.start();
    machine.left = [{ pid: 7, name: "gradle" }];
    await machine.exit();
    const removing = registry.remove(session);
    expect(registry.list()).toEqual([]);
    await turn();
    expect(machine.output.released).toBe(false);
    machine.ending.ended.resolve([]);
    await removing;
    expect(machine.output.released).toBe(true);
  });

  test("happens by itself to the oldest at rest, but to none that may still be needed", async () => {
    const { registry, machine } = make({ keptAtRest: 2 });
    const armed = await registry.create(specOf({ watch: ["src"] }));
    await machine.start();
    await machine.exit();
    const living = await registry.create(specOf());
    const done = [];
    for (let count = 0; count < 4; count += 1) {
      done.push(await registry.create(specOf()));
      await machine.start();
      await machine.exit();
    }
    expect(registry.list()).toEqual([armed, living, ...done.slice(-2)]);
    expect(machine.outputs.filter(({ released }) => released)).toHaveLength(2);
  });
});

test("the oldest at rest is the one that came to rest first, not the one made first", async () => {
  const { registry, machine } = make({ keptAtRest: 1 });
  const early = await registry.create(specOf());
  await machine.start();
  await machine.exit();
  early.restart();
  await turn();
  const earlyAgain = await machine.start();
  const other = await registry.create(specOf());
  await machine.start();
  await machine.exit();
  expect(registry.list()).toEqual([early, other]);
  earlyAgain.request.onExit({ code: 0, signal: null });
  await turn();
  machine.group.emptied.resolve();
  await turn();
  expect(registry.list()).toEqual([early]);
});

test("a session that left a process behind is not forgotten by itself", async () => {
  const { registry, machine } = make({ keptAtRest: 0 });
  const session = await registry.create(specOf());
  await machine.start();
  machine.left = [{ pid: 7, name: "gradle" }];
  await machine.exit();
  expect(registry.list()).toEqual([session]);
});

describe("shutting down", () => {
  test("stops all sessions at the same time and resolves when all are at rest", async () => {
    const { registry, machine } = make();
    await registry.create(specOf());
    await machine.start();
    const slow = await registry.create(specOf({ watch: ["src"] }));
    let down = false;
    const shutdown = registry.shutdown().then(() => {
      down = true;
    });
    expect(machine.endings).toHaveLength(1);
    machine.spawns[0]?.request.onExit({ code: 0, signal: null });
    machine.endings[0]?.ended.resolve([]);
    await turn();
    expect(down).toBe(false);
    await machine.start();
    await machine.endAll();
    await shutdown;
    expect(registry.counts().running).toBe(0);
    expect(slow.isOver()).toBe(true);
  });

  test("takes no new session and no restart, not even one that was being made", async () => {
    const { registry, machine } = make();
    const old = await registry.create(specOf());
    await machine.start();
    await machine.exit();
    const gate = Promise.withResolvers<void>();
    machine.watchGate = gate.promise;
    const half = registry.create(specOf({ watch: ["src"] }));
    await registry.shutdown();
    gate.resolve();
    expect((await problemOf(() => half)).code).toBe("unavailable");
    expect(machine.fileWatch.closed).toBe(true);
    expect((await problemOf(() => registry.create(specOf()))).code).toBe("unavailable");
    expect((await problemOf(() => old.restart())).code).toBe("unavailable");
  });

  test("asked for again kills", async () => {
    const { registry, machine } = make();
    await registry.create(specOf());
    await machine.start();
    const first = registry.shutdown();
    expect(machine.ending.options.force.aborted).toBe(false);
    const second = registry.shutdown();
    expect(machine.ending.options.force.aborted).toBe(true);
    await machine.endAll();
    await Promise.all([first, second]);
  });

  test("keeps the output readable until it is closed, which lets go of everything", async () => {
    const { registry, machine } = make();
    const session = await registry.create(specOf({ watch: ["src"] }));
    await machine.start();
    const down = registry.shutdown();
    await machine.endAll();
    await down;
    expect(registry.find(session.id)).toBe(session);
    expect(machine.output.settled).toEqual([true]);
    await registry.close();
    expect(registry.list()).toEqual([]);
    expect(machine.output.released).toBe(true);
    expect(machine.fileWatch.closed).toBe(true);
  });
});
