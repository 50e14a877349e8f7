// Restart policies on real processes: what is counted, kept, called off and given up, and what a
// daemon that is killed or stopped makes of it. Delays are read from what was recorded.

import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventListReply, RunListReply, RunReply } from "../../src/api/history-replies.ts";
import type { CrashPoint } from "../../src/process/crash-point.ts";
import { Reading } from "../cli/support/reading.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { create, errorOf, send, shell } from "./support/api.ts";
import { crashing } from "./support/crashing.ts";
import { isGone } from "./support/processes.ts";

/** So long that only something else can end the wait. */
const PATIENT = ["--restart", "fixed:1h"];

async function runs(korun: Korun, id: string): Promise<readonly RunReply[]> {
  return (await korun.json<RunListReply>(`/v1/sessions/${id}/runs`)).runs;
}

function delays(list: readonly RunReply[]): (number | string)[] {
  return list.map(({ cause }) => (cause.kind === "policy" ? cause.delay_ms : cause.kind));
}

/** A session that has crashed and waits; its id. */
async function waiting(korun: Korun, ...flags: string[]): Promise<string> {
  const id = await korun.serve("echo down; exit 1", [...PATIENT, ...flags]);
  await korun.until(id, ({ next_restart_at }) => next_restart_at !== null, "the wait");
  return id;
}

describe("a command that crashes", () => {
  test("comes back under the same id, with all logs, a true count and growing delays", async () => {
    await using korun = new Korun();
    const id = await create(korun, {
      ...shell('echo "run $KORUN_RUN"; exit 7'),
      restart: {
        kind: "exponential",
        initialDelay: 20,
        maxDelay: "50ms",
        multiplier: 2,
        maxRestarts: 3,
      },
    });
    const session = await korun.until(id, ({ gave_up }) => gave_up, "the policy to give up");
    expect(session).toMatchObject({
      id,
      state: "exited",
      exit_code: 7,
      run: 4,
      restart_count: 3,
      policy_restart_count: 3,
      manual_restart_count: 0,
      next_restart_at: null,
      gave_up_reason: "it was restarted 3 times in a row, and no run lasted 1m",
    });
    expect(delays(await runs(korun, id))).toEqual(["create", 20, 40, 50]);
    expect(await korun.lines(id)).toEqual(["run 1", "run 2", "run 3", "run 4"]);
    const { events } = await korun.json<EventListReply>("/v1/events?limit=100");
    const scheduled = events.filter(({ type }) => type === "restart_scheduled");
    expect(scheduled.map(({ run, attempt, delay_ms }) => [run, attempt, delay_ms])).toEqual([
      [1, 1, 20],
      [2, 2, 40],
      [3, 3, 50],
    ]);
    expect(events.at(-1)).toMatchObject({ type: "gave_up", run: 4, session_id: id });
    expect(await korun.ok(["why", id])).toContain("Its restart policy gave up");
  });

  test("at once and for ever is started once a second, and spins nothing", async () => {
    await using korun = new Korun();
    const id = await korun.serve("exit 0", ["--restart", "always"]);
    await korun.until(id, ({ run }) => run >= 3, "the third run");
    // On a machine so slow that a run lasted a second, it needs no pause.
    expect(delays(await runs(korun, id))).toContain(1_000);
  });

  test("at once is started ten times a second at most, however short its delay", async () => {
    await using korun = new Korun();
    const id = await korun.serve("exit 0", ["--restart", "fixed:1ms"]);
    await korun.until(id, ({ run }) => run >= 15, "the fifteenth run");
    const [, ...starts] = (await runs(korun, id)).map(({ started_at }) => Date.parse(started_at));
    const pauses = starts.map((start, place) => start - (starts[place - 1] ?? start)).slice(11);
    for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(95);
  });

  test("after a stable run is forgiven", async () => {
    await using korun = new Korun();
    const script = '[ "$KORUN_RUN" = 3 ] && exec sleep 600; exit 1';
    const policy = [
      "--restart",
      "exponential:110ms..1h",
      "--restart-reset",
      "0",
      "--max-restarts",
      "1",
    ];
    const id = await korun.serve(script, policy);
    await korun.until(id, ({ run, state }) => run === 3 && state === "running", "the third run");
    expect(delays(await runs(korun, id))).toEqual(["create", 110, 110]);
  });

  test("is what a policy for failures answers, and not an end with 0", async () => {
    await using korun = new Korun();
    const policy = ["--restart", "fixed:10ms", "--restart-on", "failure"];
    const script = 'case "$KORUN_RUN" in 1) exit 1;; 2) kill -KILL $$;; *) exit 0;; esac';
    const id = await korun.serve(script, policy);
    const session = await korun.until(
      id,
      ({ run, state }) => run === 3 && state === "exited",
      "the third end",
    );
    expect(session).toMatchObject({ exit_code: 0, next_restart_at: null, gave_up: false });
    expect((await runs(korun, id)).map(({ end }) => end?.kind)).toEqual(["exit", "signal", "exit"]);
  });

  test("that is not there does not loop", async () => {
    await using korun = new Korun();
    const { code } = await korun.run([
      "serve",
      "--name",
      "typo",
      "--restart",
      "always",
      "--",
      "tpyo",
    ]);
    expect(code).toBe(127);
    expect(await korun.session("typo")).toMatchObject({ state: "failed", run: 1, gave_up: true });
  });
});

describe("a session that waits to be started again", () => {
  test("says so, and when", async () => {
    await using korun = new Korun();
    const id = await waiting(korun, "--name", "web");
    expect(await korun.session(id)).toMatchObject({ state: "exited", exit_code: 1, pid: null });
    expect(await korun.ok(["ls"])).toMatch(/ exited\(1\), again in (59m|1h)/);
    expect(await korun.ok(["why", "web"])).toContain("Its restart policy (fixed, after 1h) starts");
  });

  test("is called off by a stop, and does not come back later", async () => {
    await using korun = new Korun();
    const policy = ["--restart", "fixed:300ms"];
    const id = await korun.serve("exit 1", policy);
    await korun.until(id, ({ next_restart_at }) => next_restart_at !== null, "the wait");
    expect(await korun.run(["stop", id])).toMatchObject({ code: 0, stderr: "" });
    expect(await korun.session(id)).toMatchObject({ state: "exited", next_restart_at: null });
    const { run } = await korun.session(id);
    // Whatever had been due for the one would have been due before this one's.
    const other = await korun.serve("exit 1", policy);
    await korun.until(other, (session) => session.run === 2, "the other's second run");
    expect((await korun.session(id)).run).toBe(run);
    expect(await korun.ok(["stop", id])).toBe(`${id} was not running`);
  });

  test("runs at once when somebody restarts it", async () => {
    await using korun = new Korun();
    const id = await waiting(korun);
    await korun.ok(["restart", id]);
    expect(await korun.session(id)).toMatchObject({ run: 2, manual_restart_count: 1 });
  });

  test("runs at once when a file changes", async () => {
    await using korun = new Korun();
    const file = join(korun.work, "source");
    writeFileSync(file, "1");
    const id = await waiting(korun, "--watch", "source");
    writeFileSync(file, "2");
    const session = await korun.until(id, ({ run }) => run === 2, "the second run");
    expect(session).toMatchObject({ watch_restart_count: 1, policy_restart_count: 0 });
  });

  test("keeps its name and its followers, until it is stopped", async () => {
    await using korun = new Korun();
    const id = await waiting(korun, "--name", "web");
    const follower = korun.spawn(["logs", "-f", "--stream", "stdout", "web"]);
    const shown = new Reading(follower.stdout);
    await shown.until("down\n");
    const taken = await korun.run(["serve", "--name", "web", "--", "true"]);
    expect(taken.code).not.toBe(0);
    expect(taken.stderr).toContain("web");
    await korun.ok(["restart", id]);
    await shown.until("down\ndown\n");
    await korun.ok(["stop", id]);
    expect(await follower.exited).toBe(0);
  });

  test("is removed by rm", async () => {
    await using korun = new Korun();
    const id = await waiting(korun);
    await korun.ok(["rm", id]);
    expect((await korun.run(["inspect", id])).code).not.toBe(0);
  });
});

describe("a daemon that is killed", () => {
  test("while a session waits is followed by one that waits just as long, and counts on", async () => {
    await using korun = new Korun();
    const id = await waiting(korun);
    const before = await korun.session(id);
    const { pid } = await korun.status();
    process.kill(pid, "SIGKILL");
    await waitFor("the daemon to be gone", () => isGone(pid));
    const after = await korun.session(id);
    expect(after.next_restart_at).toBe(before.next_restart_at);
    expect(after).toMatchObject({ state: "exited", exit_code: 1, run: 1 });
    await korun.ok(["stop", id]);
  });

  test("while a session waits costs it no restart", async () => {
    await using korun = new Korun();
    const script = '[ "$KORUN_RUN" = 3 ] && exec sleep 600; echo down; exit 1';
    const id = await korun.serve(script, ["--restart", "exponential:500ms..1h"]);
    await korun.until(id, ({ run, next_restart_at }) => run === 2 && next_restart_at !== null);
    process.kill((await korun.status()).pid, "SIGKILL");
    const session = await korun.until(
      id,
      ({ run, state }) => run === 3 && state === "running",
      "the third run",
    );
    expect(session).toMatchObject({ id, policy_restart_count: 2, stdout_lines: 2 });
    expect(delays(await runs(korun, id))).toEqual(["create", 500, 1_000]);
    expect(processesWith(`KORUN_SESSION_ID=${id}`)).toHaveLength(1);
  });

  for (const point of ["before spawn", "after spawn"] as const satisfies CrashPoint[]) {
    test(`${point} of a restart by the policy ends with exactly one child`, async () => {
      const { korun, arm, hasCrashed } = crashing(point);
      await using _ = korun;
      const script =
        '[ "$KORUN_RUN" = 1 ] || exec sleep 600; until [ -e go ]; do sleep 0.01; done; exit 1';
      const id = await korun.serve(script, ["--restart", "fixed:10ms"]);
      arm();
      writeFileSync(join(korun.work, "go"), "");
      await waitFor("the crash", hasCrashed);
      const session = await korun.until(id, ({ state, run }) => state === "running" && run === 2);
      expect(session.policy_restart_count).toBe(1);
      await waitFor("one child", () => processesWith(`KORUN_SESSION_ID=${id}`).length === 1);
      expect(processesWith(`KORUN_SESSION_ID=${id}`)[0]).toStartWith(`${session.pid} `);
    });
  }
});

test("daemon stop calls off what was to be started, which restart --lost brings back", async () => {
  await using korun = new Korun();
  const id = await waiting(korun, "--name", "waits");
  const stopped = await waiting(korun, "--name", "stopped");
  await korun.ok(["stop", "stopped"]);
  await korun.ok(["daemon", "stop"]);
  expect(await korun.session(id)).toMatchObject({
    ...{ state: "exited", run: 1, next_restart_at: null },
    ...{ last_end: { kind: "exit" }, called_off: "daemon_stop", lost: true },
  });
  expect(await korun.session(stopped)).toMatchObject({ called_off: "stop", lost: false });
  expect(await korun.ok(["why", "waits"])).toContain("called off by the stop of the daemon.");
  expect(await korun.ok(["why", "stopped"])).toContain("called off by a stop.");
  expect(await korun.ok(["ls"])).toContain("exited(1), lost");
  expect(await korun.ok(["restart", "--lost"])).toBe("waits restarted");
  await korun.until(id, ({ run }) => run === 2, "its second run");
});

test("a daemon that leaves when it is idle stays for a restart that is to come", async () => {
  await using korun = new Korun({ KORUN_IDLE_TIMEOUT: "50ms" });
  const file = join(korun.work, "runs");
  const script = 'echo "$KORUN_RUN" >> runs; [ "$KORUN_RUN" = 2 ] && exec sleep 600; exit 1';
  await korun.serve(script, ["--restart", "fixed:1s"]);
  // Nobody asks: a daemon that had left would come back for that.
  await waitFor("the second run", () => readFileSync(file, "utf8") === "1\n2\n");
});

test("run stays through restarts, and ends with the last code once the policy gives up", async () => {
  await using korun = new Korun();
  const script = 'echo "run $KORUN_RUN"; exit $((KORUN_RUN + 4))';
  const policy = ["--restart", "fixed:10ms", "--max-restarts", "2"];
  const result = await korun.run(["run", ...policy, "--", "sh", "-c", script]);
  expect([result.code, result.stdout]).toEqual([7, "run 1\nrun 2\nrun 3\n"]);
  expect(result.stderr).toContain("its restart policy gave up");
});

test.each([
  [{ kind: "exponential", multiplier: 0.5 }, "restart.multiplier", "at least 1"],
  [{ kind: "fixed", delay: "soon" }, "restart.delay", '"soon"'],
  [{ kind: "sometimes" }, "restart.kind", "never, always, fixed, exponential"],
  [{ kind: "always", maxRestarts: -1 }, "restart.maxRestarts", "non-negative"],
])(
  "a policy of %j is a 400 that names the field and what would be right",
  async (restart, field, words) => {
    await using korun = new Korun();
    const body = { command: ["true"], restart };
    const response = await send(korun, "POST", { path: "/v1/sessions", body });
    const error = await errorOf(response);
    expect([response.status, error.field]).toEqual([400, field]);
    expect(error.message).toContain(words);
  },
);
