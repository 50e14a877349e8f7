// Commands and file changes that cross each other: the last intent is what becomes of a session.

import { describe, expect, jest, test } from "bun:test";
import { turn } from "./fakes.ts";
import { noted, running } from "./stage.ts";

describe("commands that cross", () => {
  test("stop during a restart ends stopped, and settles both", async () => {
    const { machine, session } = await running();
    const restart = noted(session.restart().done);
    const stop = noted(session.stop().done);
    await machine.endAll();
    expect(session.state).toBe("exited");
    expect(restart.came).toMatchObject({ state: "exited" });
    expect(stop.came).toMatchObject({ state: "exited" });
    expect(machine.spawns).toHaveLength(1);
  });

  test("restart during a stop ends running, and settles both", async () => {
    const { machine, session } = await running();
    const stop = noted(session.stop().done);
    const restart = session.restart();
    expect(restart.state).toBe("starting");
    const restarted = noted(restart.done);
    await machine.endAll();
    expect(stop.came).toBeUndefined();
    await machine.start();
    expect(stop.came).toMatchObject({ state: "running", run: 2 });
    expect(restarted.came).toMatchObject({ state: "running", run: 2 });
  });

  test("stop in the last moment before a restart's child is there ends that child", async () => {
    const { machine, session } = await running();
    session.restart();
    await machine.endAll();
    expect(machine.spawns).toHaveLength(2);
    session.stop();
    await machine.start();
    expect(session.state).toBe("stopping");
    await machine.endAll();
    expect(session.state).toBe("exited");
    expect(machine.spawns).toHaveLength(2);
  });

  test("ten restarts at once are one, and each is answered", async () => {
    const { machine, session } = await running();
    const done = Array.from({ length: 10 }, () => noted(session.restart().done));
    await machine.endAll();
    await machine.start();
    expect(done.map(({ came }) => came?.run)).toEqual(done.map(() => 2));
    expect(session.snapshot().manualRestarts).toBe(1);
  });

  test("restart while the leader's last output is read starts once it has been", async () => {
    const { machine, session } = await running();
    const drained = Promise.withResolvers<void>();
    machine.output.drainGate = drained.promise;
    await machine.exit();
    session.restart();
    expect(session.state).toBe("stopping");
    expect(machine.spawns).toHaveLength(1);
    drained.resolve();
    await turn();
    await machine.start();
    expect(session.snapshot()).toMatchObject({ state: "running", run: 2 });
    expect(machine.endings).toHaveLength(0);
  });

  test("restart of a group whose leader has gone ends the group first", async () => {
    const { machine, session } = await running();
    machine.spawned.request.onExit({ code: 0, signal: null });
    await turn();
    session.restart();
    expect(machine.ending.target.leader?.pid).toBe(machine.spawned.pid);
    machine.ending.ended.resolve([]);
    await turn();
    const second = await machine.start();
    // The wait for the first run's group answers far too late.
    machine.group.emptied.resolve();
    await turn();
    expect(session.snapshot()).toMatchObject({ state: "running", pid: second.pid });
    session.stop();
    expect(machine.ending.target.leader?.pid).toBe(second.pid);
  });

  test("restart beside a process that cannot be ended fails and names it", async () => {
    const { machine, session } = await running();
    const { done } = session.restart();
    machine.spawned.request.onExit({ code: null, signal: "SIGKILL" });
    machine.ending.ended.resolve([{ pid: 5, name: "sudo" }]);
    expect(await done).toMatchObject({
      state: "failed",
      error: "EBUSY: sudo (pid 5) of an earlier run could not be ended",
      leftBehind: [{ pid: 5, name: "sudo" }],
    });
    expect(machine.spawns).toHaveLength(1);
  });

  test("an end that fails altogether is looked into, and never believed", async () => {
    const { machine, session, faults } = await running();
    machine.left = [{ pid: 5, name: "server" }];
    const { done } = session.restart();
    machine.spawned.request.onExit({ code: 0, signal: null });
    machine.ending.ended.reject(new Error("no /proc"));
    expect(await done).toMatchObject({ state: "failed", leftBehind: [{ pid: 5 }] });
    expect(faults).toEqual([`session ${session.id}: ending processes`]);
  });
});

test("a leader is never replaced while nobody can tell whether it lives", async () => {
  const { machine, session } = await running();
  jest.useFakeTimers();
  try {
    const { done } = session.restart();
    machine.ending.ended.reject(new Error("EMFILE: too many open files"));
    while (jest.getTimerCount() === 0) await Promise.resolve();
    jest.advanceTimersByTime(2_000);
    const { pid } = machine.spawned;
    expect(await done).toMatchObject({ state: "failed", leftBehind: [{ pid, name: "server" }] });
    expect(machine.spawns).toHaveLength(1);
  } finally {
    jest.useRealTimers();
  }
});

describe("a file change", () => {
  test("restarts a running session once, with its path as the cause", async () => {
    const { machine, session } = await running({ watch: ["src"] });
    machine.fileWatch.save("src/a.ts");
    machine.fileWatch.save("src/b.ts");
    await machine.endAll();
    await machine.start();
    expect(session.snapshot()).toMatchObject({
      state: "running",
      run: 2,
      watchRestarts: 1,
      manualRestarts: 0,
      lastRestartCause: { kind: "watch", path: "src/a.ts", event: "modified" },
      fileChanges: 2,
      lastChangePath: "src/b.ts",
      lastChangeAt: 1_700_000_000_000,
    });
  });

  test("after a crash starts the session again, and after a failed start as well", async () => {
    const { machine, session } = await running({ watch: ["src"] });
    await machine.exit({ code: 1, signal: null });
    machine.fileWatch.save();
    machine.spawned.leader.reject(new Error("ENOENT: no such command"));
    await turn();
    expect(session.state).toBe("failed");
    machine.fileWatch.save();
    await machine.start();
    expect(session.snapshot()).toMatchObject({ state: "running", run: 3, watchRestarts: 2 });
  });

  test("after a stop, or while it is under way, restarts nothing until a manual restart", async () => {
    const { machine, session } = await running({ watch: ["src"] });
    session.stop();
    expect(machine.fileWatch.armed).toBe(false);
    machine.fileWatch.save();
    await machine.endAll();
    machine.fileWatch.save();
    await turn();
    expect(session.state).toBe("exited");
    expect(machine.spawns).toHaveLength(1);
    session.restart();
    expect(machine.fileWatch.armed).toBe(true);
    await machine.start();
    machine.fileWatch.save();
    expect(session.state).toBe("stopping");
  });

  test("during a pending restart does not add a second one", async () => {
    const { machine, session } = await running({ watch: ["src"] });
    session.restart();
    machine.fileWatch.save();
    await machine.endAll();
    await machine.start();
    await turn();
    expect(session.snapshot()).toMatchObject({ state: "running", run: 2, watchRestarts: 0 });
    expect(machine.endings).toHaveLength(1);
  });

  test("first ends what the crashed run left behind", async () => {
    const { machine, session } = await running({ watch: ["src"] });
    machine.left = [{ pid: 7, name: "helper" }];
    await machine.exit({ code: 1, signal: null });
    machine.fileWatch.save();
    expect(machine.spawns).toHaveLength(1);
    machine.ending.ended.resolve([]);
    await turn();
    await machine.start();
    expect(session.state).toBe("running");
  });
});
