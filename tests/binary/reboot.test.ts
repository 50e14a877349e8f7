// What a restart of the machine leaves, played by another boot id in the state of a korun whose
// processes are gone.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Daemon } from "../../scripts/chaos/api.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";

/** Ends keeper, daemon and all children at once, as a machine that goes down does. */
async function powerOff(korun: Korun): Promise<void> {
  await waitFor("nothing to be left", () => {
    const left = processesWith(`KORUN_HOME=${korun.home}`).map((line) => Number.parseInt(line, 10));
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended with the one before it.
      }
    }
    return left.length === 0;
  });
  const database = new Database(join(korun.home, "korun.db"));
  // A process that ends shows nothing any more before it has let go of its files.
  database.run("PRAGMA busy_timeout = 30000");
  database.run("UPDATE sessions SET boot_id = 'another boot'");
  database.close();
}

test("sessions that ran come back as lost, with their logs, and nothing of theirs is signalled", async () => {
  await using korun = new Korun();
  const ran = await korun.serve("echo before; exec sleep 600", ["--name", "ran"]);
  const ended = await korun.serve("exit 3", ["--name", "ended"]);
  const waits = await korun.serve("exit 4", ["--name", "waits", "--restart", "fixed:1h"]);
  await korun.until(waits, ({ next_restart_at }) => next_restart_at !== null, "the wait");
  await korun.until(ran, ({ stdout_lines }) => stdout_lines === 1, "its line");
  await korun.until(ended, ({ state }) => state === "exited");
  await powerOff(korun);
  // Its pid may be anyone's now: this one carries the session's id, and must not be touched.
  const stranger = Bun.spawn(["sleep", "600"], { env: { ...process.env, KORUN_SESSION_ID: ran } });
  try {
    await korun.ok(["daemon", "start"]);
    expect(await korun.session("ran")).toMatchObject({
      state: "exited",
      pid: null,
      exit_code: null,
      last_end: { kind: "lost" },
    });
    expect(await korun.session("ended")).toMatchObject({
      exit_code: 3,
      last_end: { kind: "exit" },
    });
    expect(await korun.session("waits")).toMatchObject({
      ...{ exit_code: 4, last_end: { kind: "exit" }, next_restart_at: null },
      ...{ called_off: "lost", lost: true },
    });
    expect(await korun.ok(["why", "waits"])).toContain("called off by the end of the machine.");
    expect(await korun.ok(["tail", "--stream", "stdout", "ran"])).toBe("before");
    expect(stranger.killed).toBe(false);
    expect(stranger.exitCode).toBeNull();
  } finally {
    stranger.kill("SIGKILL");
    await stranger.exited;
  }
  expect(await korun.ok(["restart", "--lost"])).toBe("ran restarted\nwaits restarted");
  expect(await korun.session("ran")).toMatchObject({ state: "running", run: 2 });
  expect(await korun.session("ended")).toMatchObject({ state: "exited", run: 1 });
});

test("an upgrade stops no session, and a follower reads on", async () => {
  await using korun = new Korun();
  const id = await korun.serve("i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done");
  const follower = korun.spawn(["tail", "-f", "--stream", "stdout", "--since-seq", "1", id]);
  const { pid } = await korun.session(id);
  const before = new Daemon(korun.home).pid;
  expect(await korun.ok(["daemon", "upgrade"])).toContain("1 running session goes on");
  expect(new Daemon(korun.home).pid).not.toBe(before);
  const { stdout_lines } = await korun.session(id);
  await korun.until(id, (session) => session.stdout_lines > stdout_lines, "more output");
  expect(await korun.session(id)).toMatchObject({ state: "running", pid, run: 1 });
  await korun.ok(["stop", id]);
  const lines = (await new Response(follower.stdout).text()).trim().split("\n").map(Number);
  expect(lines.length).toBeGreaterThan(stdout_lines);
  expect(lines).toEqual(lines.map((_, index) => index + 1));
});
