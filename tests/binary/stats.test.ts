// What sessions use: seen on real trees, by the API and by people, under one daemon and the next.

import { expect, test } from "bun:test";
import { join } from "node:path";
import type { StatsReply } from "../../src/api/stats.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { inspect, untilPrinted } from "./support/api.ts";
import { CTRL_C, Terminal } from "./support/terminal.ts";

const MIB = 1_048_576;
const BUSY = "while :; do :; done";
const SERVER = `'${process.execPath}' '${join(import.meta.dir, "../fixtures/process/listener.ts")}'`;
/** Takes processor time, and ends. */
const WORK = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

function stats(korun: Korun, id: string): Promise<StatsReply> {
  return korun.json<StatsReply>(`/v1/sessions/${id}/stats`);
}

/** Asks again until they are as wanted. */
function statsWhen(
  korun: Korun,
  id: string,
  wanted: (seen: StatsReply) => boolean,
): Promise<StatsReply> {
  return waitFor("the stats to be as wanted", async () => {
    const seen = await stats(korun, id);
    return wanted(seen) ? seen : undefined;
  });
}

test("stats are those of the whole tree, what left it by setsid included, and where it listens", async () => {
  await using korun = new Korun();
  const id = await korun.serve(`setsid sh -c '${BUSY}' & ${SERVER} & wait`, ["--name", "web"]);
  const [, pid, port] = await untilPrinted(korun, id, /^(\d+) (\d+)$/);
  const seen = await statsWhen(korun, id, ({ cpu_ms }) => cpu_ms > 300);
  expect(seen).toMatchObject({ session_id: id, name: "web", state: "running", run: 1 });
  expect(seen.processes).toBe(3);
  expect(seen.rss_bytes).toBeGreaterThan(10 * MIB);
  expect(seen.cpu_percent).toBeGreaterThan(0);
  expect(seen.ports).toMatchObject([
    { port: Number(port), address: "127.0.0.1", pid: Number(pid) },
  ]);
  expect(seen.history.length).toBeGreaterThan(0);
  const uptime = (await inspect(korun, id)).uptime_ms ?? 0;
  expect(seen.uptime_ms).toBeLessThanOrEqual(uptime);
});

test("time of processes that have ended stays counted, and their number does not", async () => {
  await using korun = new Korun();
  const id = await korun.serve(`sh -c '${WORK}'; sh -c '${WORK}'; echo done; exec sleep 600`);
  await untilPrinted(korun, id, /^done$/);
  const seen = await stats(korun, id);
  expect(seen.processes).toBe(1);
  expect(seen.cpu_ms).toBeGreaterThan(100);
  expect((await stats(korun, id)).cpu_ms).toBeGreaterThanOrEqual(seen.cpu_ms);
});

test("each run counts anew, and the history goes on", async () => {
  await using korun = new Korun();
  const id = await korun.serve(
    `[ $KORUN_RUN = 1 ] && ${WORK}; echo "run $KORUN_RUN"; exec sleep 600`,
  );
  await untilPrinted(korun, id, /^run 1$/);
  const first = await statsWhen(korun, id, ({ cpu_ms }) => cpu_ms > 100);
  await korun.ok(["restart", id]);
  await untilPrinted(korun, id, /^run 2$/);
  const second = await stats(korun, id);
  expect(second).toMatchObject({ run: 2, processes: 1 });
  expect(second.cpu_ms).toBeLessThan(first.cpu_ms);
  expect(second.history[0]).toEqual(first.history[0]);
});

test("a session at rest uses nothing, but for what it left behind", async () => {
  await using korun = new Korun();
  const id = await korun.serve("setsid sleep 600 & exit 0");
  await korun.until(id, ({ state }) => state === "exited");
  expect(await stats(korun, id)).toMatchObject({ state: "exited", uptime_ms: null, processes: 1 });
  await korun.ok(["stop", id]);
  const seen = await statsWhen(korun, id, ({ processes }) => processes === 0);
  expect(seen).toMatchObject({ rss_bytes: 0, cpu_percent: 0, ports: [] });
});

test("the next daemon knows what a session that outlived its daemon uses", async () => {
  await using korun = new Korun();
  const id = await korun.serve(`sh -c '${WORK}'; echo done; exec sleep 600`);
  await untilPrinted(korun, id, /^done$/);
  const before = await stats(korun, id);
  const { pid } = await korun.status();
  process.kill(pid, "SIGKILL");
  await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
  const [shown = ""] = (await korun.ok(["stats", "--json", id])).split("\n");
  const after = JSON.parse(shown) as StatsReply;
  expect(after).toMatchObject({ run: 1, processes: 1 });
  expect(after.cpu_ms).toBeGreaterThanOrEqual(before.cpu_ms);
  // Over the life of the run, not over the moment since the daemon is there.
  expect(after.cpu_percent).toBeLessThanOrEqual((after.cpu_ms / (after.uptime_ms ?? 1)) * 100 + 1);
});

test("korun stats lists what is active, and shows any session that is named", async () => {
  await using korun = new Korun();
  await korun.serve("exec sleep 600", ["--name", "web"]);
  await korun.serve("exec sleep 600", ["--name", "api"]);
  await korun.serve("exit 0", ["--name", "gone"]);
  await korun.until("gone", ({ state }) => state === "exited");
  const names = async (...args: string[]) => {
    const [titles, ...rows] = (await korun.ok(["stats", ...args])).split("\n");
    expect(titles).toMatch(/^NAME +ID +STATE +UPTIME +CPU +CPU TIME +MEMORY +PROCESSES +PORTS$/);
    return rows.map((row) => row.split(/ {2,}/, 1)[0]);
  };
  expect(await names()).toEqual(["web", "api"]);
  expect(await names("gone", "web")).toEqual(["gone", "web"]);
  const unknown = await korun.run(["stats", "nobody"]);
  expect({ code: unknown.code, stdout: unknown.stdout }).toEqual({ code: 1, stdout: "" });
});

test("korun stats -f draws in place on a terminal, until Ctrl-C", async () => {
  await using korun = new Korun();
  await korun.serve("exec sleep 600", ["--name", "web"]);
  await using terminal = Terminal.korun(korun, ["stats", "-f"], { columns: 120 });
  await terminal.until("web");
  await terminal.until("\x1b[2A");
  terminal.type(CTRL_C);
  expect(await terminal.exited).not.toBe(0);
  expect(terminal.shown).toEndWith("\x1b[J^C");
});

test("korun stats -f in a pipe is lines, and ends when their reader leaves", async () => {
  await using korun = new Korun();
  await korun.serve("exec sleep 600", ["--name", "web"]);
  const child = korun.spawn(["stats", "-f", "web"]);
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (text.split("\n").length < 3) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended after ${text}`);
    text += decoder.decode(value);
  }
  await reader.cancel();
  for (const line of text.split("\n").slice(0, 2))
    expect(line).toMatch(/^\S+Z {2}web +\S+ +running/);
  expect(await child.exited).toBe(141);
});
