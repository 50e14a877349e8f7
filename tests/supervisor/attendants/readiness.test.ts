import { describe, expect, test } from "bun:test";
import { NOT_READY } from "../../../src/domain/checks.ts";
import { NO_NOTES } from "../../../src/domain/history.ts";
import { MET, unmet } from "../../../src/probes/probe.ts";
import { waitFor } from "../../support/wait.ts";
import { Checking, ready } from "../checking.ts";
import { turn } from "../fakes.ts";

const PORT = { kind: "port", port: 3_000 } as const;
const LOG = { kind: "log", text: "up" } as const;
const URL_CHECK = { kind: "url", url: "https://localhost/health", status: undefined } as const;
const COMMAND = { kind: "command", command: ["pg_isready"] } as const;

function isReady(checking: Checking): Promise<unknown> {
  return waitFor("the run to be ready", () => checking.readiness?.ready);
}

describe("A session without checks", () => {
  test("is ready while it runs, and that is no news", () => {
    const checking = new Checking({});
    expect(checking.readiness).toEqual(NOT_READY);
    checking.begin();
    expect(checking.readiness).toMatchObject({ ready: true, readyAt: expect.any(Number) });
    expect(checking.told).toEqual([]);
    checking.attendant.ended();
    expect(checking.readiness).toEqual(NOT_READY);
  });
});

describe("Readiness", () => {
  test("wants every check to be met, and tells what is missing", async () => {
    const checking = new Checking({ ready: [ready(PORT), ready(LOG)] });
    checking.begin();
    expect(checking.readiness?.waitingFor).toEqual([
      "port: not looked at yet",
      "log: not looked at yet",
    ]);
    checking.probe("ready[0]").met();
    await waitFor("the port to be seen", () => {
      const { waitingFor = [] } = checking.readiness ?? {};
      return waitingFor.length === 1 && waitingFor[0] === "log: no";
    });
    expect(checking.told).toEqual([]);
    checking.probe("ready[1]").met();
    await isReady(checking);
    expect(checking.readiness).toMatchObject({ waitingFor: [], timedOut: false });
    expect(checking.told).toEqual([{ type: "ready", run: 1 }]);
    expect(checking.notes.readyAt).toBe(checking.readiness?.readyAt ?? 0);
  });

  test("keeps a check that was met, even if it would not be met any more", async () => {
    const checking = new Checking({ ready: [ready(PORT), ready(LOG)] });
    checking.begin();
    checking.probe("ready[0]").met();
    await waitFor("the port to be seen", () => checking.notes.met.includes(0));
    checking.probe("ready[0]").sight = unmet("gone");
    checking.probe("ready[1]").met();
    await isReady(checking);
  });

  test("begins anew with each run, and asks nothing in between", async () => {
    const checking = new Checking({ ready: [ready(PORT)] });
    checking.begin();
    checking.probe("ready[0]").met();
    await isReady(checking);
    checking.attendant.ended();
    expect(checking.readiness).toEqual(NOT_READY);
    checking.begin(2);
    const probe = checking.probe("ready[0]");
    expect(checking.readiness).toMatchObject({ ready: false, readyAt: null });
    expect(probe.run.number).toBe(2);
    checking.attendant.ended();
    probe.met();
    const { looks } = probe;
    await turn();
    expect(probe.looks).toBe(looks);
    expect(checking.readiness).toEqual({ ...NOT_READY, waitedFor: ["port: no"] });
    expect(checking.told).toEqual([{ type: "ready", run: 1 }]);
  });

  test("is given up when the time of one check is over, and the run goes on", async () => {
    const checking = new Checking({ ready: [ready(PORT), ready(LOG, 30)] });
    checking.begin();
    await waitFor("the time to be over", () => checking.readiness?.timedOut);
    expect(checking.readiness).toEqual({
      ready: false,
      readyAt: null,
      waitingFor: ["port: no", "log: no"],
      timedOut: true,
      waitedFor: [],
    });
    expect(checking.told).toEqual([{ type: "not_ready", run: 1, reason: "port: no; log: no" }]);
    expect(checking.notes.readyTimedOut).toBe(true);
  });
});

describe("A run that ends before it is ready", () => {
  const checks = { ready: [ready(PORT), ready(LOG)] };

  test("leaves word of what it was waiting for, until the next one begins", async () => {
    const checking = new Checking(checks);
    checking.begin();
    checking.probe("ready[0]").met();
    await waitFor("the port to be seen", () => checking.notes.met.includes(0));
    checking.attendant.ended();
    expect(checking.readiness).toEqual({ ...NOT_READY, waitedFor: ["log: no"] });
    checking.begin(2);
    expect(checking.readiness?.waitedFor).toEqual([]);
  });

  test("is told of by the look that was under way, if there was none before", async () => {
    const checking = new Checking({ ready: [ready(PORT)] });
    checking.begin();
    checking.attendant.ended();
    expect(checking.readiness?.waitedFor).toEqual(["port: not looked at yet"]);
    await waitFor("the look", () => checking.readiness?.waitedFor[0] === "port: no");
  });

  test("says nothing of the run after it, however late its look is", async () => {
    const checking = new Checking({ ready: [ready(PORT)] });
    checking.begin();
    checking.attendant.ended();
    checking.notes = NO_NOTES;
    await turn();
    expect(checking.readiness).toEqual(NOT_READY);
  });
});

describe("Under the next daemon", () => {
  test("a run that was ready stays so, since the same moment", () => {
    const notes = { ...NO_NOTES, readyAt: 1_234 };
    const checking = new Checking({ ready: [ready(PORT)] }, notes);
    checking.begin(3, { startedAgoMs: 90_000 });
    expect(checking.readiness).toMatchObject({ ready: true, readyAt: 1_234 });
    expect(checking.probes.size).toBe(0);
    expect(checking.told).toEqual([]);
  });

  test("a run that was not waits on, for what is left and no longer", async () => {
    const notes = { ...NO_NOTES, met: [0] };
    const checks = [ready(LOG), ready(PORT, 60_030)];
    const checking = new Checking({ ready: checks }, notes);
    checking.begin(1, { startedAgoMs: 60_000 });
    expect(checking.readiness?.waitingFor).toEqual(["port: not looked at yet"]);
    await waitFor("the time to be over", () => checking.readiness?.timedOut);
    expect(checking.told).toEqual([{ type: "not_ready", run: 1, reason: "port: no" }]);
  });

  test("what happened in the time between counts, even if the time is over", async () => {
    const checking = new Checking({ ready: [ready(LOG, 5_000)] });
    checking.sight = MET;
    checking.begin(1, { startedAgoMs: 60_000 });
    await isReady(checking);
  });

  test("a run whose time was over stays unready, and that is no news", () => {
    const notes = { ...NO_NOTES, readyTimedOut: true };
    const checking = new Checking({ ready: [ready(PORT)] }, notes);
    checking.begin(1, { startedAgoMs: 90_000 });
    expect(checking.readiness).toMatchObject({
      ready: false,
      timedOut: true,
      waitingFor: ["port: not met in time"],
    });
    expect(checking.told).toEqual([]);
  });
});

describe("Strangers", () => {
  test("are looked for once a run, on the ports of its checks, and kept", () => {
    const checking = new Checking({ ready: [ready(PORT), ready(URL_CHECK), ready(LOG)] });
    checking.listening = [11, 12];
    checking.begin();
    expect(checking.asked).toEqual([[3_000, 443]]);
    expect([...checking.probe("ready[0]").run.strangers]).toEqual([11, 12]);
    expect(checking.notes.strangers).toEqual([11, 12]);
  });

  test("are those that the daemon before knew", () => {
    const notes = { ...NO_NOTES, strangers: [11] };
    const checking = new Checking({ ready: [ready(PORT)] }, notes);
    checking.listening = [11, 12];
    checking.begin(1, { startedAgoMs: 1_000 });
    expect([...checking.probe("ready[0]").run.strangers]).toEqual([11]);
    expect(checking.asked).toEqual([]);
  });

  test("do not matter to checks of no port", () => {
    const checking = new Checking({ ready: [ready(LOG)] });
    checking.begin();
    expect(checking.asked).toEqual([]);
    expect(checking.notes.strangers).toBeNull();
  });
});

test("Commands of an earlier daemon are ended before one is run", async () => {
  const checking = new Checking({ ready: [ready(PORT), ready(COMMAND)] });
  expect(checking.ended).toEqual(["ready[1]"]);
  checking.begin();
  checking.probe("ready[0]").met();
  checking.probe("ready[1]").met();
  await isReady(checking);
});
