// Stopping a session: what is asked of the machine, and when it is done.

import { describe, expect, jest, test } from "bun:test";
import { Problem } from "../../src/domain/problem.ts";
import { turn } from "./fakes.ts";
import { noted, running, stage } from "./stage.ts";

describe("stop", () => {
  test("answers stopping at once and is done when nothing is left and all output is read", async () => {
    const { machine, session } = await running();
    const outcome = session.stop();
    expect(outcome.state).toBe("stopping");
    const done = noted(outcome.done);
    await turn();
    expect(done.came).toBeUndefined();
    await machine.endAll();
    expect(done.came).toMatchObject({ state: "exited", exit: { signal: "SIGTERM" }, pid: null });
    expect(machine.calls.slice(-2)).toEqual(["endTree", "drain"]);
  });

  test("names the leader and the grace of the session", async () => {
    const { machine, session } = await running({ graceMs: 500 });
    session.stop();
    expect(machine.ending.target.leader?.pid).toBe(machine.spawned.pid);
    expect(machine.ending.target.sessionId).toBe(session.id);
    expect(machine.ending.options.graceMs).toBe(500);
  });

  test("is never behind a slow start: it answers at once, and the late child is ended", async () => {
    const { machine, session } = await stage();
    const created = noted(session.created);
    const done = noted(session.stop().done);
    expect(session.state).toBe("stopping");
    await machine.start();
    expect(machine.endings).toHaveLength(1);
    await machine.endAll();
    expect(done.came).toMatchObject({ state: "exited", run: 1 });
    expect(created.came).toMatchObject({ state: "exited", run: 1 });
  });

  test("waits for the exit status when the processes are gone before it is told", async () => {
    const { machine, session } = await running();
    const done = noted(session.stop().done);
    machine.ending.ended.resolve([]);
    await turn();
    expect(done.came).toBeUndefined();
    machine.spawned.request.onExit({ code: 143, signal: null });
    await turn();
    expect(done.came).toMatchObject({ state: "exited", exit: { code: 143 } });
  });

  test("takes an exit status that is never told as unknown after a bound", async () => {
    const { machine, session } = await running();
    jest.useFakeTimers();
    try {
      const { done } = session.stop();
      machine.ending.ended.resolve([]);
      while (jest.getTimerCount() === 0) await Promise.resolve();
      jest.advanceTimersByTime(2_000);
      expect(await done).toMatchObject({ state: "exited", exit: { code: null, signal: null } });
    } finally {
      jest.useRealTimers();
    }
  });

  test("with force kills, whether or not a stop is under way", async () => {
    const direct = await running();
    direct.session.stop({ force: true });
    expect(direct.machine.ending.options.force.aborted).toBe(true);

    const { machine, session } = await running();
    const first = noted(session.stop().done);
    expect(machine.ending.options.force.aborted).toBe(false);
    const second = noted(session.stop({ force: true }).done);
    expect(machine.ending.options.force.aborted).toBe(true);
    expect(machine.endings).toHaveLength(1);
    await machine.endAll();
    expect([first.came?.state, second.came?.state]).toEqual(["exited", "exited"]);
  });

  test("at rest is refused, with the remedy", async () => {
    const { machine, session } = await running({ name: "web" });
    await machine.exit();
    const refusal = caught(() => session.stop());
    expect(refusal.code).toBe("conflict");
    expect(refusal.message).toBe("Cannot stop session web: it is exited already");
    expect(refusal.hint).toContain("korun restart web");
  });

  test("of a crashed session disarms its watch and is done at once", async () => {
    const { machine, session } = await running({ watch: ["src"] });
    await machine.exit({ code: 1, signal: null });
    expect(session.snapshot().watching.state).toBe("armed");
    const outcome = session.stop();
    expect(outcome.state).toBe("exited");
    expect((await outcome.done).watching.state).toBe("disarmed");
    expect(machine.endings).toHaveLength(0);
  });

  test("of a session at rest ends what it left behind, and keeps its exit status", async () => {
    const { machine, session } = await running();
    machine.left = [{ pid: 7, name: "gradle" }];
    await machine.exit({ code: 4, signal: null });
    const { lastEndedAt } = session.snapshot();
    const outcome = session.stop();
    expect(outcome.state).toBe("stopping");
    expect(session.snapshot().leftBehind).toHaveLength(1);
    expect(machine.ending.target.leader).toBeUndefined();
    machine.ending.ended.resolve([]);
    expect(await outcome.done).toMatchObject({
      state: "exited",
      exit: { code: 4 },
      leftBehind: [],
      lastEndedAt,
    });
  });
});

function caught(action: () => unknown): Problem {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error("it was not refused");
}
