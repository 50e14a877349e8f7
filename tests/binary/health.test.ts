// How well a session does: on real processes, and daemons that are killed.

import { describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunListReply } from "../../src/api/history-replies.ts";
import type { SessionReply } from "../../src/api/replies.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { freePort, serverOn } from "./support/ports.ts";

const OFTEN = ["--health-interval", "10ms", "--health-threshold", "2"];

function serve(korun: Korun, command: readonly string[], flags: readonly string[]) {
  return korun.ok(["serve", ...flags, "--", ...command]);
}

function is(state: "healthy" | "unhealthy") {
  return ({ health }: SessionReply) => health?.state === state;
}

describe("A session with a health check", () => {
  test("is well while it answers, unwell when it no longer does, and well again", async () => {
    await using korun = new Korun();
    const port = await freePort();
    const url = `http://localhost:${port}/`;
    const status = join(korun.work, "status");
    const flags = ["--ready-url", url, "--health-url", url, ...OFTEN];
    const id = await serve(korun, serverOn(port), flags);
    await korun.until(id, is("healthy"));
    writeFileSync(status, "500");
    const { health, state } = await korun.until(id, is("unhealthy"));
    expect(state).toBe("running");
    expect(health).toMatchObject({ checked_at: expect.any(String) });
    expect(health?.failures).toBeGreaterThanOrEqual(2);
    expect(health?.reasons.at(-1)).toBe("answers 500");
    writeFileSync(status, "200");
    const well = await korun.until(id, is("healthy"));
    expect(well.health).toMatchObject({ failures: 0, reasons: [] });
    expect(well.run).toBe(1);
  });

  test("has none before it is ready", async () => {
    await using korun = new Korun();
    const flags = ["--ready-file", "up", "--health-cmd", "echo >> looks", ...OFTEN];
    const id = await serve(korun, ["sleep", "600"], flags);
    await korun.until(id, ({ waiting_for }) => waiting_for[0] === "file up: does not exist");
    expect((await korun.session(id)).health).toEqual({
      state: "unknown",
      failures: 0,
      checked_at: null,
      reasons: [],
    });
    expect(existsSync(join(korun.work, "looks"))).toBe(false);
    writeFileSync(join(korun.work, "up"), "");
    await korun.until(id, is("healthy"));
  });

  test("is restarted when it is unwell, under the same id and with its whole log", async () => {
    await using korun = new Korun();
    const script = "echo run $KORUN_RUN; rm -f broken; touch up; exec sleep 600";
    const flags = ["--ready-file", "up", "--health-cmd", "test ! -e broken", ...OFTEN];
    const id = await serve(korun, ["sh", "-c", script], [...flags, "--health-restart"]);
    // Old enough to be restarted by what is seen first.
    await korun.until(id, (one) => is("healthy")(one) && (one.uptime_ms ?? 0) >= 100);
    writeFileSync(join(korun.work, "broken"), "");
    const reason = "command test ! -e broken: exits with 1, 2 times in a row";
    expect(await korun.until(id, (one) => one.run === 2 && is("healthy")(one))).toMatchObject({
      health_restart_count: 1,
      restart_count: 1,
      last_restart_cause: { kind: "health", reason },
    });
    const { runs } = await korun.json<RunListReply>(`/v1/sessions/${id}/runs`);
    expect(runs.map(({ cause, end }) => ({ cause, end }))).toEqual([
      { cause: { kind: "create" }, end: { kind: "health", reason } },
      { cause: { kind: "health", reason }, end: null },
    ]);
    expect(await korun.lines(id)).toEqual(["run 1", "run 2"]);
  });

  test("is not looked at while it is stopped", async () => {
    await using korun = new Korun();
    const looks = join(korun.work, "looks");
    const flags = ["--health-cmd", "echo >> looks; exec sleep 601", ...OFTEN];
    const id = await serve(korun, ["sleep", "600"], [...flags, "--health-timeout", "10ms"]);
    await korun.until(id, is("unhealthy"));
    await korun.ok(["stop", id]);
    const sleepers = () => {
      return processesWith(`KORUN_HOME=${korun.home}`).filter((line) => line.includes("sleep 601"));
    };
    await waitFor("the last look to be over", () => sleepers().length === 0);
    expect((await korun.session(id)).health?.state).toBe("unknown");
    const seen = readFileSync(looks, "utf8");
    appendFileSync(looks, "stopped");
    await korun.ok(["restart", id]);
    await waitFor(
      "looks at the next run",
      () => readFileSync(looks, "utf8").length > seen.length + 9,
    );
    expect(readFileSync(looks, "utf8")).toStartWith(`${seen}stopped\n`);
  });

  test("is looked after by the next daemon when this one is killed", async () => {
    await using korun = new Korun();
    const up = join(korun.work, "up");
    writeFileSync(up, "");
    const flags = ["--health-cmd", "test -e up", ...OFTEN, "--health-restart"];
    const id = await serve(korun, ["sleep", "600"], flags);
    await korun.until(id, is("healthy"));
    const { pid } = await korun.status();
    process.kill(pid, "SIGKILL");
    await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
    expect(await korun.session(id)).toMatchObject({ run: 1, health: { state: "healthy" } });
    rmSync(up);
    await korun.until(id, ({ run }) => run >= 2);
  });
});
