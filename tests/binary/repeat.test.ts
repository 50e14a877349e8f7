// A daemon that dies over a request, or is about to end when it comes: whoever asked gets what was
// asked for, once.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunListReply } from "../../src/api/history-replies.ts";
import type { CreatedReply, SessionListReply } from "../../src/api/replies.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { crashing } from "./support/crashing.ts";

async function sessionsOf(korun: Korun): Promise<SessionListReply["sessions"]> {
  return (JSON.parse(await korun.ok(["ls", "--json"])) as SessionListReply).sessions;
}

describe.each(["before spawn", "after spawn"] as const)("a daemon that dies %s", (point) => {
  test("of a new session: there is one, and its id is printed", async () => {
    const { korun, arm, hasCrashed } = crashing(point);
    await using _ = korun;
    await korun.ok(["daemon", "start"]);
    arm();
    const id = await korun.serve("exec sleep 600");
    expect(hasCrashed()).toBe(true);
    expect((await sessionsOf(korun)).map((session) => session.id)).toEqual([id]);
    const { pid } = await korun.until(id, ({ state }) => state === "running");
    await waitFor("one child", () => processesWith(`KORUN_SESSION_ID=${id}`).length === 1);
    expect(processesWith(`KORUN_SESSION_ID=${id}`)[0]).toStartWith(`${pid} `);
  });

  test("of a restart: it is restarted once", async () => {
    const { korun, arm, hasCrashed } = crashing(point);
    await using _ = korun;
    const id = await korun.serve("exec sleep 600", ["--name", "web"]);
    arm();
    expect(await korun.ok(["restart", "web"])).toBe("web restarted");
    expect(hasCrashed()).toBe(true);
    const session = await korun.session("web");
    expect(session).toMatchObject({ state: "running", run: 2, restart_count: 1 });
    await waitFor("one child", () => processesWith(`KORUN_SESSION_ID=${id}`).length === 1);
  });
});

test("a daemon that dies after it has started a short command does not start it again", async () => {
  const { korun, arm, hasCrashed } = crashing("after spawn");
  await using _ = korun;
  await korun.ok(["daemon", "start"]);
  arm();
  const file = join(korun.work, "ran");
  const id = await korun.serve(`echo "$KORUN_RUN $$" >> ${file}; echo migrated; exit 3`);
  expect(hasCrashed()).toBe(true);
  const session = await korun.until(id, ({ state }) => state === "exited");
  expect(session).toMatchObject({ exit_code: 3, run: 1, stdout_lines: 1 });
  expect(readFileSync(file, "utf8")).toMatch(/^1 \d+\n$/);
  const { runs } = await korun.json<RunListReply>(`/v1/sessions/${id}/runs`);
  expect(runs).toMatchObject([{ pid: Number(readFileSync(file, "utf8").split(" ")[1]) }]);
});

test("while a daemon is ending its sessions, `serve` waits for the next one", async () => {
  await using korun = new Korun();
  const trap = `trap "" TERM; echo up; while :; do sleep 0.05; done`;
  const slow = await korun.serve(trap, ["--grace", "1s"]);
  await korun.until(slow, ({ stdout_lines }) => stdout_lines === 1, "its trap");
  const { pid } = await korun.status();
  await korun.ok(["daemon", "stop", "--no-wait"]);
  const id = await korun.serve("exec sleep 600");
  expect((await korun.status()).pid).not.toBe(pid);
  const states = (await sessionsOf(korun)).map((session) => [session.id, session.state]);
  expect(states).toEqual([
    [slow, "exited"],
    [id, "running"],
  ]);
});

test("a request over TCP that is sent twice under one name makes one session", async () => {
  await using korun = new Korun();
  const name = crypto.randomUUID();
  const ask = () =>
    korun.json<CreatedReply>("/v1/sessions?wait=1", {
      method: "POST",
      headers: { "korun-request": name },
      body: JSON.stringify({ command: ["sleep", "600"] }),
    });
  const first = await ask();
  expect(first).toEqual({ id: name, state: "running" });
  expect(await ask()).toEqual(first);
  expect(await sessionsOf(korun)).toHaveLength(1);
});
