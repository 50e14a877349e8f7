// The daemon is killed under load, and at every step of what it does: nothing may be lost, and each
// session must end up as if nothing had happened. `bun run chaos` does the first at length.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon } from "../../scripts/chaos/api.ts";
import { seededRandom } from "../../scripts/chaos/random.ts";
import { playRound } from "../../scripts/chaos/rounds.ts";
import { total } from "../../scripts/chaos/verdict.ts";
import type { EventListReply, RunListReply } from "../../src/api/history-replies.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { crashing } from "./support/crashing.ts";

const NOTHING = { lost: 0, repeated: 0, torn: 0, wrongExit: 0, dropped: 0 };

describe("kill -9 of the daemon, again and again", () => {
  test("costs no line of paced children, and nothing is dropped", async () => {
    await using korun = new Korun();
    await korun.ok(["daemon", "start"]);
    const { verdicts } = await playRound(new Daemon(korun.home), {
      mode: "paced",
      sessions: 5,
      lines: 1_000,
      kills: 8,
      between: 150,
      random: seededRandom(1),
    });
    expect(total(verdicts)).toEqual(NOTHING);
  });

  test("costs no line of flooding children that the limits do not count", async () => {
    await using korun = new Korun();
    await korun.ok(["daemon", "start"]);
    const { verdicts } = await playRound(new Daemon(korun.home), {
      mode: "flood",
      sessions: 4,
      lines: 300_000,
      kills: 8,
      between: 80,
      random: seededRandom(2),
    });
    expect(total(verdicts)).toEqual(NOTHING);
  });
});

describe("a daemon that is killed", () => {
  for (const point of ["before spawn", "after spawn"] as const) {
    test(`${point} of a restart ends with exactly one child of the new run`, async () => {
      const { korun, arm, hasCrashed } = crashing(point);
      await using _ = korun;
      const id = await korun.serve("echo up; exec sleep 600");
      arm();
      await korun.run(["restart", "--no-wait", id]);
      await waitFor("the crash", hasCrashed);
      const session = await korun.until(id, ({ state, run }) => state === "running" && run === 2);
      expect(session.restart_count).toBe(1);
      await waitFor("one child", () => processesWith(`KORUN_SESSION_ID=${id}`).length === 1);
      expect(processesWith(`KORUN_SESSION_ID=${id}`)[0]).toStartWith(`${session.pid} `);
    });
  }

  for (const point of ["before end", "after end", "after drain"] as const) {
    test(`${point} of a stop ends with the session stopped`, async () => {
      const { korun, arm, hasCrashed } = crashing(point);
      await using _ = korun;
      const id = await korun.serve("trap 'echo bye; exit 3' TERM; echo up; sleep 600 & wait");
      await korun.until(id, ({ stdout_lines }) => stdout_lines === 1, "its first line");
      arm();
      await korun.run(["stop", "--no-wait", id]);
      await waitFor("the crash", hasCrashed);
      const session = await korun.until(id, ({ state }) => state === "exited");
      expect(session).toMatchObject({ exit_code: 3, stdout_lines: 2, run: 1 });
      expect(processesWith(`KORUN_SESSION_ID=${id}`)).toEqual([]);
      const { runs } = await korun.json<RunListReply>(`/v1/sessions/${id}/runs`);
      expect(runs.map(({ end, exit_code }) => [end?.kind, exit_code])).toEqual([["stop", 3]]);
    });
  }

  for (const point of ["before commit", "after commit"] as const) {
    test(`${point} of a child's own end has it with its exit code, once`, async () => {
      const { korun, arm, hasCrashed } = crashing(point);
      await using _ = korun;
      const go = join(korun.work, "go");
      const id = await korun.serve(`until [ -e ${go} ]; do sleep 0.01; done; echo one; exit 42`);
      arm();
      writeFileSync(go, "");
      await waitFor("the crash", hasCrashed);
      const session = await korun.until(id, ({ state }) => state === "exited");
      expect(session).toMatchObject({ exit_code: 42, stdout_lines: 1, run: 1 });
      const { runs } = await korun.json<RunListReply>(`/v1/sessions/${id}/runs`);
      expect(runs.map(({ end, exit_code }) => [end?.kind, exit_code])).toEqual([["exit", 42]]);
      const { events } = await korun.json<EventListReply>("/v1/events");
      expect(events.filter(({ type }) => type === "exited")).toHaveLength(1);
    });

    test(`${point} of a stop ends with the session stopped`, async () => {
      const { korun, arm, hasCrashed } = crashing(point);
      await using _ = korun;
      const id = await korun.serve("echo up; exec sleep 600");
      await korun.until(id, ({ stdout_lines }) => stdout_lines === 1, "its first line");
      arm();
      await korun.run(["stop", id]);
      expect(hasCrashed()).toBe(true);
      const session = await korun.until(id, ({ state }) => state === "exited");
      expect(session).toMatchObject({ term_signal: "SIGTERM", run: 1, last_end: { kind: "stop" } });
      expect(processesWith(`KORUN_SESSION_ID=${id}`)).toEqual([]);
    });
  }

  test("after a child's own end has it with its exit code", async () => {
    const { korun, arm, hasCrashed } = crashing("after drain");
    await using _ = korun;
    await korun.ok(["daemon", "start"]);
    arm();
    const id = await korun.serve("echo one; exit 42").catch(() => "");
    await waitFor("the crash", hasCrashed);
    const [session] = JSON.parse(await korun.ok(["ls", "--json"])).sessions;
    expect(id === "" || id === session.id).toBe(true);
    const after = await korun.until(session.id, ({ state }) => state === "exited");
    expect(after).toMatchObject({ exit_code: 42, stdout_lines: 1 });
  });
});
