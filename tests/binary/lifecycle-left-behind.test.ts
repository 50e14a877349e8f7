// Who leaves the process group outlives the run: shown as `left_behind`, ended by whatever comes next.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatsReply } from "../../src/api/stats.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { act, create, inspect, send, shell, until, untilExited } from "./support/api.ts";
import { killDaemon } from "./support/deaths.ts";
import { livingOf, pidsOf } from "./support/processes.ts";

/** Its helper leaves the group; the command itself ends at once. */
const LEAVING = shell("setsid sleep 600 & echo up");

/** Its name: the program that leaves the group, or already the one that this becomes. */
const LEFT = expect.stringMatching(/^(setsid|sleep)$/);

/** A session at rest that left one process behind; the pid of that. */
async function leaving(korun: Korun): Promise<{ id: string; helper: number }> {
  const id = await create(korun, LEAVING);
  const session = await untilExited(korun, id);
  const helpers = session.left_behind.map(({ pid }) => pid);
  expect(helpers).toEqual(livingOf(id));
  const [helper = 0] = helpers;
  expect(session.left_behind).toEqual([{ pid: helper, name: LEFT }]);
  expect(session).toMatchObject({ exit_code: 0, pid: null });
  return { id, helper };
}

test("a helper that leaves the group only later ends the run by that", async () => {
  await using korun = new Korun();
  const later = "(until [ -e go ]; do sleep 0.01; done; exec setsid sleep 600) & echo up";
  const id = await create(korun, shell(later));
  const lingering = await until(korun, id, (it) => it.exit_code === 0);
  expect(lingering).toMatchObject({ state: "running", left_behind: [] });
  writeFileSync(join(korun.work, "go"), "");
  const ended = await untilExited(korun, id);
  expect(ended.left_behind).toEqual([{ pid: livingOf(id)[0] ?? 0, name: LEFT }]);
});

test("the next stop ends it, and only the one after that is a conflict", async () => {
  await using korun = new Korun();
  const { id } = await leaving(korun);
  expect(await act(korun, id, "stop?wait=1")).toMatchObject({ state: "exited" });
  expect(livingOf(id)).toEqual([]);
  expect(await inspect(korun, id)).toMatchObject({ left_behind: [], exit_code: 0 });
  expect((await send(korun, "POST", { path: `/v1/sessions/${id}/stop` })).status).toBe(409);
});

test("the next restart ends it before it starts", async () => {
  await using korun = new Korun();
  const { id, helper } = await leaving(korun);
  await act(korun, id, "restart?wait=1");
  expect(livingOf(id)).not.toContain(helper);
  const again = await until(korun, id, (it) => it.run === 2 && it.state === "exited");
  expect(again.left_behind.map(({ pid }) => pid)).toEqual(livingOf(id));
});

test("a restart caused by a file ends it as well", async () => {
  await using korun = new Korun();
  const id = await create(korun, { ...LEAVING, watch: ["."], debounce: 1 });
  const { left_behind } = await untilExited(korun, id);
  await Bun.write(`${korun.work}/file`, "changed");
  await until(korun, id, (it) => it.run === 2 && it.state === "exited");
  for (const { pid } of left_behind) expect(livingOf(id)).not.toContain(pid);
  expect(livingOf(id).length).toBe(1);
});

test("DELETE ends it", async () => {
  await using korun = new Korun();
  const { id } = await leaving(korun);
  const response = await send(korun, "DELETE", { path: `/v1/sessions/${id}` });
  expect(response.status).toBe(200);
  expect(livingOf(id)).toEqual([]);
});

test("korun rm ends it", async () => {
  await using korun = new Korun();
  const { id } = await leaving(korun);
  await korun.ok(["rm", id]);
  expect(livingOf(id)).toEqual([]);
  expect((await korun.fetch(`/v1/sessions/${id}`)).status).toBe(404);
});

test("the stop of the daemon ends it", async () => {
  await using korun = new Korun();
  const { id } = await leaving(korun);
  await korun.ok(["daemon", "stop"]);
  expect(livingOf(id)).toEqual([]);
});

test("it is shown no longer once it has ended by itself", async () => {
  await using korun = new Korun();
  const { id, helper } = await leaving(korun);
  process.kill(helper, "SIGKILL");
  await until(korun, id, (it) => it.left_behind.length === 0);
});

/**
 * As nginx, PostgreSQL and Redis do of their own: two forks, a session of their own, and nothing is
 * left of the environment. How long it sleeps is its name.
 */
const daemonOf = (seconds: number) => `(env -i setsid sleep ${seconds} &)`;

test("a daemon that leaves its parent, its group and its environment is left behind, and ended", async () => {
  await using korun = new Korun();
  const seconds = aloneWith();
  const id = await create(korun, shell(daemonOf(seconds)));
  const { left_behind } = await untilExited(korun, id);
  await waitFor("it to sleep", () => sleepers(seconds).length === 1);
  expect(left_behind.map(({ pid }) => pid)).toEqual(sleepers(seconds));
  await act(korun, id, "stop?wait=1");
  expect(sleepers(seconds)).toEqual([]);
});

test("such a daemon is part of a living session, under the next daemon of korun's too", async () => {
  await using korun = new Korun();
  const seconds = aloneWith();
  const id = await create(korun, shell(`${daemonOf(seconds)}; exec sleep 600`));
  await waitFor("it to sleep", () => sleepers(seconds).length === 1);
  await killDaemon(korun);
  const counted = async () => (await korun.json<StatsReply>(`/v1/sessions/${id}/stats`)).processes;
  await waitFor("it to be counted", async () => (await counted()) === 2);
  await act(korun, id, "stop?wait=1");
  expect(sleepers(seconds)).toEqual([]);
});

/** A time that nothing else on this machine sleeps for. */
function aloneWith(): number {
  return 100_000 + Math.floor(Math.random() * 900_000);
}

function sleepers(seconds: number): number[] {
  return pidsOf(["sleep", String(seconds)]);
}
