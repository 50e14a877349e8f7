import { describe, expect, test } from "bun:test";
import type { HealthCheck } from "../../../src/domain/checks.ts";
import { NO_NOTES } from "../../../src/domain/history.ts";
import { LEAST_PERIOD_MS } from "../../../src/domain/restart-policy.ts";
import { MET, unmet } from "../../../src/probes/probe.ts";
import { waitFor } from "../../support/wait.ts";
import { Checking, ready } from "../checking.ts";

const UNKNOWN = { state: "unknown", failures: 0, checkedAt: null, reasons: [] } as const;

function checkOf(facts: Partial<HealthCheck> = {}): HealthCheck {
  return {
    check: { kind: "port", port: 3_000 },
    intervalMs: 2,
    timeoutMs: 1_000,
    threshold: 3,
    restart: false,
    ...facts,
  };
}

/** Its run has begun, and its first look is yet to come. */
function begun(facts: Partial<HealthCheck> = {}): Checking {
  const checking = new Checking({ health: checkOf(facts) });
  checking.begin();
  return checking;
}

function becomes(checking: Checking, state: "healthy" | "unhealthy"): Promise<unknown> {
  return waitFor(`the run to be ${state}`, () => checking.health?.state === state);
}

describe("Health", () => {
  test("is nothing without a check, and unknown before the first look", () => {
    expect(new Checking({}).health).toBeNull();
    const checking = begun();
    expect(checking.health).toEqual(UNKNOWN);
  });

  test("is looked at once the run is ready, and not before", async () => {
    const PORT = { kind: "port", port: 3_000 } as const;
    const checking = new Checking({ ready: [ready(PORT)], health: checkOf() });
    checking.begin();
    await waitFor("a look whether it is ready", () => checking.probe("ready[0]").looks > 1);
    expect(checking.probes.has("health")).toBe(false);
    checking.probe("ready[0]").met();
    await waitFor("a look whether it is well", () => checking.probe("health").looks > 0);
  });

  test("is good after one look, bad after so many failures in a row, and good again", async () => {
    const checking = begun();
    const probe = checking.probe("health");
    probe.met();
    await becomes(checking, "healthy");
    probe.sight = unmet("answers 503");
    await becomes(checking, "unhealthy");
    expect(checking.health?.failures).toBeGreaterThanOrEqual(3);
    probe.met();
    await becomes(checking, "healthy");
    expect(checking.health).toMatchObject({ failures: 0, reasons: [] });
    expect(checking.told).toEqual([
      { type: "healthy", run: 1 },
      { type: "unhealthy", run: 1, reason: "port: answers 503, 3 times in a row" },
      { type: "healthy", run: 1 },
    ]);
    expect(checking.restarts).toEqual([]);
  });

  test("survives failures that are too few", async () => {
    const checking = begun({ threshold: 2 });
    const probe = checking.probe("health");
    const sights = [MET, unmet("busy"), MET, unmet("busy"), MET];
    probe.look = async () => {
      probe.looks += 1;
      return sights.shift() ?? MET;
    };
    await waitFor("the looks to be taken", () => probe.looks > 6);
    expect(checking.told).toEqual([{ type: "healthy", run: 1 }]);
  });

  test("keeps the last reasons, and no more", async () => {
    const checking = begun({ threshold: 1 });
    const probe = checking.probe("health");
    probe.look = async () => {
      probe.looks += 1;
      return unmet(`look ${probe.looks}`);
    };
    await waitFor("some looks", () => (checking.health?.failures ?? 0) >= 8);
    const { failures = 0, reasons } = checking.health ?? {};
    const last = [4, 3, 2, 1, 0].map((ago) => `look ${failures - ago}`);
    expect(reasons).toEqual(last);
  });

  test("that is bad restarts the run if that was wanted, with the reason", async () => {
    const checking = new Checking({ health: checkOf({ threshold: 1, restart: true }) });
    checking.begin(1, { startedAgoMs: LEAST_PERIOD_MS });
    await waitFor("a restart", () => checking.restarts.length > 0);
    expect(checking.restarts[0]).toEqual({ kind: "health", reason: "port: no, 2 times in a row" });
  });

  test("that is bad restarts no more than ten runs a second", async () => {
    const since = performance.now();
    const checking = begun({ threshold: 1, restart: true });
    await waitFor("a restart", () => checking.restarts.length > 0);
    expect(performance.now() - since).toBeGreaterThanOrEqual(LEAST_PERIOD_MS);
  });

  test("that is bad at the first look leaves the run its time to come up", async () => {
    const checking = begun({ threshold: 1, intervalMs: 3_600_000, restart: true });
    await becomes(checking, "unhealthy");
    expect(checking.restarts).toEqual([]);
    checking.attendant.close();
  });

  test("is not looked at between runs, and begins anew", async () => {
    const checking = begun({ threshold: 1 });
    await becomes(checking, "unhealthy");
    checking.attendant.ended();
    expect(checking.health).toEqual(UNKNOWN);
    const probe = checking.probe("health");
    checking.begin(2);
    expect(checking.health).toEqual(UNKNOWN);
    const { looks } = probe;
    await waitFor("looks at the next run", () => checking.probe("health").looks > 2);
    expect(probe.looks).toBe(looks);
  });

  test("goes on under the next daemon, where nothing is told twice", async () => {
    const health = { state: "healthy", failures: 0, checkedAt: 1_000, reasons: [] } as const;
    const notes = { ...NO_NOTES, readyAt: 900, health };
    const checking = new Checking({ health: checkOf() }, notes);
    checking.begin(1, { startedAgoMs: 5_000 });
    expect(checking.health).toEqual(health);
    checking.probe("health").met();
    await waitFor("another look", () => checking.health?.checkedAt !== 1_000);
    expect(checking.told).toEqual([]);
  });

  test("that was bad when the daemon died is acted on by the next one", async () => {
    const health = { state: "unhealthy", failures: 3, checkedAt: 1, reasons: ["no"] } as const;
    const notes = { ...NO_NOTES, readyAt: 900, health };
    const checking = new Checking({ health: checkOf({ restart: true }) }, notes);
    checking.begin(1, { startedAgoMs: 5_000 });
    await waitFor("a restart", () => checking.restarts.length > 0);
  });
});
