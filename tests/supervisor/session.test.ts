// A session that nobody commands: what is published of its starts and ends, and when.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../src/domain/problem.ts";
import { turn } from "./fakes.ts";
import { noted, running, stage } from "./stage.ts";

describe("a start", () => {
  test("is published as starting, then running with its pid, and settles `created`", async () => {
    const { machine, session } = await stage();
    expect(session.snapshot()).toMatchObject({ state: "starting", pid: null, run: 1 });
    const created = noted(session.created);
    await turn();
    expect(created.came).toBeUndefined();
    const { pid } = await machine.start();
    expect(created.came).toMatchObject({ state: "running", pid, exit: null, error: null });
  });

  test("hands the child its pipes and closes our ends, before anything else is asked", async () => {
    const { machine } = await running({ watch: ["src"] });
    expect(machine.calls).toEqual(["arm", "begin 1", "spawn", "started"]);
  });

  test("that fails is published as failed with its reason, and closes our ends", async () => {
    const { machine, session } = await stage();
    machine.spawned.leader.reject(new Problem("command_not_found", "ENOENT: no such command"));
    const created = await session.created;
    expect(created).toMatchObject({
      state: "failed",
      error: "ENOENT: no such command",
      firstStartedAt: null,
      exit: null,
    });
    expect(machine.calls).toEqual(["begin 1", "spawn", "started", "drain"]);
    expect(machine.output.settled).toEqual([true]);
  });

  test("whose pipes cannot be made is failed as well, and the next one clears the error", async () => {
    const { machine, session } = await running();
    await machine.exit();
    machine.output.beginFailure = new Problem("internal", "EMFILE: too many open files");
    expect(await session.restart().done).toMatchObject({
      state: "failed",
      error: "EMFILE: too many open files",
    });
    machine.output.beginFailure = undefined;
    session.restart();
    expect(session.snapshot()).toMatchObject({ state: "starting", error: null });
  });

  test("of a leader that exits before the start has been told is still told first", async () => {
    const { machine, session } = await stage();
    const { request } = machine.spawned;
    request.onExit({ code: 3, signal: null });
    await turn();
    expect(session.state).toBe("starting");
    await machine.start();
    expect(session.snapshot()).toMatchObject({ pid: null, exit: { code: 3 } });
  });
});

describe("a natural end", () => {
  test("is published only once the group is empty and the output drained", async () => {
    const { machine, session } = await running();
    const drained = Promise.withResolvers<void>();
    machine.output.drainGate = drained.promise;
    machine.spawned.request.onExit({ code: 7, signal: null });
    await turn();
    expect(session.snapshot()).toMatchObject({ state: "running", pid: null, exit: { code: 7 } });
    machine.group.emptied.resolve();
    await turn();
    expect(session.state).toBe("running");
    drained.resolve();
    await turn();
    expect(session.snapshot()).toMatchObject({ state: "exited", exit: { code: 7, signal: null } });
    expect(machine.calls.slice(-3)).toEqual(["groupEmpty", "drain", "leftBehind"]);
  });

  test("lists what left the group, until it has gone too", async () => {
    const { machine, session } = await running();
    machine.left = [
      { pid: 7, name: "gradle" },
      { pid: 8, name: "adb" },
    ];
    await machine.exit();
    expect(session.snapshot().leftBehind).toHaveLength(2);
    machine.end(7);
    await turn();
    expect(session.snapshot().leftBehind).toEqual([{ pid: 8, name: "adb" }]);
    machine.end(8);
    await turn();
    expect(session.snapshot().leftBehind).toEqual([]);
    expect(() => session.stop()).toThrow(Problem);
  });

  test("looks no further for a process that is gone and yet still listed", async () => {
    const { machine, session } = await running();
    machine.left = [{ pid: 7, name: "gradle" }];
    await machine.exit();
    const looks = () => machine.calls.filter((call) => call === "leftBehind").length;
    machine.reportGone(7);
    await turn();
    expect(looks()).toBe(2);
    machine.reportGone(7);
    await turn();
    expect(looks()).toBe(2);
    expect(session.snapshot().leftBehind).toHaveLength(1);
  });

  test("leaves what was left behind to the next restart, once that is asked for", async () => {
    const { machine, session } = await running();
    machine.left = [{ pid: 7, name: "gradle" }];
    await machine.exit();
    session.restart();
    const { length } = machine.calls;
    machine.end(7);
    await turn();
    expect(machine.calls).toHaveLength(length);
  });

  test("ends followers for good without a watch, and keeps them with one", async () => {
    const alone = await running();
    await alone.machine.exit();
    expect(alone.machine.output.settled).toEqual([true]);
    expect(alone.session.isOver()).toBe(true);

    const watched = await running({ watch: ["src"] });
    await watched.machine.exit();
    expect(watched.session.isOver()).toBe(false);
    expect(watched.machine.output.settled).toEqual([]);
    watched.session.stop();
    expect(watched.machine.output.settled).toEqual([true]);
    watched.session.restart();
    expect(watched.machine.output.settled).toEqual([true, false]);
  });

  test("goes on when the machine fails to tell what it was asked, and reports it", async () => {
    const { machine, session, faults } = await running({ name: "web" });
    const drained = Promise.withResolvers<void>();
    machine.output.drainGate = drained.promise;
    machine.spawned.request.onExit({ code: 0, signal: null });
    await turn();
    machine.group.emptied.reject(new Error("no pidfd"));
    await turn();
    drained.reject(new Error("the thread is gone"));
    await turn();
    expect(session.state).toBe("exited");
    expect(faults).toEqual([
      "session web: waiting for a process group",
      "session web: reading the last output",
    ]);
  });
});

describe("the books", () => {
  test("count a restart when its run begins, even one that cannot be spawned", async () => {
    const { machine, session } = await running();
    session.restart();
    expect(session.snapshot()).toMatchObject({ run: 1, manualRestarts: 0 });
    await machine.endAll();
    expect(session.snapshot()).toMatchObject({
      run: 2,
      manualRestarts: 1,
      lastRestartCause: { kind: "manual" },
    });
    machine.spawned.leader.reject(new Error("EACCES: not executable"));
    await turn();
    expect(session.snapshot()).toMatchObject({ state: "failed", run: 2, manualRestarts: 1 });
  });

  test("keep the first start, and take uptime only of a run that is up", async () => {
    const { machine, session } = await stage();
    expect(session.snapshot().uptimeMs).toBeNull();
    await machine.start();
    const { firstStartedAt, uptimeMs } = session.snapshot();
    expect(firstStartedAt).not.toBeNull();
    expect(uptimeMs).toBeGreaterThanOrEqual(0);
    session.restart();
    await machine.endAll();
    expect(session.snapshot()).toMatchObject({ uptimeMs: null, exit: null });
    await machine.start();
    expect(session.snapshot().firstStartedAt).toBe(firstStartedAt);
    expect(session.snapshot().lastEndedAt).not.toBeNull();
  });
});
