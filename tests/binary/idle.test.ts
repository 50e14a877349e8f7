// KORUN_IDLE_TIMEOUT: a daemon without anything to do leaves with its keeper, and the next command
// finds everything as it was.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EventListReply } from "../../src/api/history-replies.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { follow } from "./support/follow.ts";

/** Long enough to be seen at work, short enough to be waited for. */
const IDLE = { KORUN_IDLE_TIMEOUT: "400ms" };

/** Processes of the daemon and its keeper. */
function daemons(korun: Korun): string[] {
  return processesWith(`KORUN_HOME=${korun.home}`).filter((found) => / daemon /.test(found));
}

async function untilGone(korun: Korun): Promise<void> {
  await waitFor("daemon and keeper to leave", () => daemons(korun).length === 0 || undefined);
}

/** Until one that has nothing to do, and began later, has left. */
async function untilAnotherLeaves(): Promise<void> {
  await using other = new Korun(IDLE);
  await other.ok(["daemon", "start"]);
  await untilGone(other);
}

async function reasons(korun: Korun): Promise<string[]> {
  const { events } = JSON.parse(await korun.ok(["events", "--json"])) as EventListReply;
  return events.flatMap(({ type, reason = "" }) => (type === "daemon_stopping" ? [reason] : []));
}

test("it leaves, says why, and comes back with all sessions at rest as they were", async () => {
  await using korun = new Korun(IDLE);
  await korun.run(["run", "--name", "job", "--", "sh", "-c", "echo done; exit 3"]);
  const before = await korun.session("job");
  await untilGone(korun);
  expect(readFileSync(join(korun.home, "daemon.log"), "utf8")).toContain(
    "stopping: nothing to do for 400ms (KORUN_IDLE_TIMEOUT)",
  );
  expect(await korun.session("job")).toEqual(before);
  expect(await korun.ok(["logs", "job"])).toBe("[stdout] done");
  expect(await reasons(korun)).toEqual(["nothing to do for 400ms (KORUN_IDLE_TIMEOUT)"]);
});

test("it stays while a session runs, waits for its policy, or for a file", async () => {
  await using korun = new Korun(IDLE);
  for (const [name, flags, script] of [
    ["runs", [], "exec sleep 600"],
    ["waits", ["--restart", "fixed:1h"], "exit 1"],
    ["watches", ["--watch", "."], "exit 1"],
  ] as const) {
    await korun.serve(script, ["--name", name, ...flags]);
    if (name !== "runs") await korun.until(name, ({ state }) => state === "exited");
    const { pid } = await korun.status();
    await untilAnotherLeaves();
    expect([name, (await korun.status()).pid]).toEqual([name, pid]);
    await korun.ok(["stop", name]);
    await untilGone(korun);
  }
});

test("it stays while somebody follows", async () => {
  await using korun = new Korun(IDLE);
  const url = await korun.url();
  const { pid } = await korun.status();
  const leaving = new AbortController();
  const events = await fetch(`${url}/v1/events?follow=1&limit=1`, { signal: leaving.signal });
  await untilAnotherLeaves();
  expect((await korun.status()).pid).toBe(pid);
  leaving.abort();
  await events.text().catch(() => {});
  await untilGone(korun);
});

test("a follower that is left at once holds nothing up", async () => {
  await using korun = new Korun(IDLE);
  const id = await korun.serve("exec sleep 600", ["--name", "web"]);
  await korun.url();
  for (let count = 0; count < 5; count += 1) {
    const reader = await follow(korun, id, "format=json");
    await reader[Symbol.asyncDispose]();
  }
  await korun.ok(["stop", "web"]);
  await untilGone(korun);
});

test("a value that is no time is refused at the start, and 0 means never", async () => {
  await using korun = new Korun({ KORUN_IDLE_TIMEOUT: "soon" });
  const refused = await korun.run(["serve", "--", "true"]);
  expect(refused).toEqual({
    code: 1,
    stdout: "",
    stderr:
      'korun: KORUN_IDLE_TIMEOUT is "soon"; wanted a duration such as 30s, 15m, 2h, or 0 for never\n' +
      "  Set it right, or unset KORUN_IDLE_TIMEOUT.\n",
  });
  await korun.ok(["daemon", "start"], { env: { KORUN_IDLE_TIMEOUT: "0" } });
  await korun.ok(["ls"]);
});
