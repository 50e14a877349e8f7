// What a daemon remembers: runs, causes and events, across its own death, and what it forgets.

import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { EventListReply, RunListReply } from "../../src/api/history-replies.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";

test("runs, why and logs --run tell what started each run, what ended it and what it printed", async () => {
  await using korun = new Korun();
  writeFileSync(join(korun.work, "file"), "1");
  await korun.serve("cat file; echo; exec sleep 600", ["--name", "web", "-w", "file"]);
  await korun.until("web", ({ stdout_lines }) => stdout_lines === 1);
  writeFileSync(join(korun.work, "file"), "22");
  await korun.until("web", ({ run, stdout_lines }) => run === 2 && stdout_lines === 2);
  expect(await korun.ok(["why", "web"])).toMatch(
    /^web is running for .*\nRun 2 started at .*, since file was modified\.\nA change of file restarts it\.$/,
  );
  await korun.ok(["stop", "web"]);
  const { runs } = await korun.json<RunListReply>("/v1/sessions/web/runs");
  const change = { kind: "watch", path: "file", event: "modified" } as const;
  expect(runs).toMatchObject([
    { number: 1, cause: { kind: "create" }, end: change, term_signal: "SIGTERM", stdout_bytes: 2 },
    { number: 2, cause: change, end: { kind: "stop" }, stdout_bytes: 3, stdout_lines: 1 },
  ]);
  expect(await korun.session("web")).toMatchObject({ last_end: { kind: "stop" } });
  const printed = (run: string) => korun.ok(["logs", "web", "--run", run, "--stream", "stdout"]);
  expect([await printed("1"), await printed("2"), await printed("last")]).toEqual([
    "1",
    "22",
    "22",
  ]);
  expect(await korun.ok(["why", "web"])).toContain("since somebody stopped it");
});

test("what ended while no daemon ran has the time at which it did", async () => {
  await using korun = new Korun();
  const go = join(korun.work, "go");
  await korun.serve(`until [ -e ${go} ]; do sleep 0.01; done; echo bye; exit 3`, ["--name", "job"]);
  const { pid, socket } = await korun.status();
  // In the place of the socket, it keeps the next daemon from starting.
  rmSync(socket);
  mkdirSync(socket);
  process.kill(pid, "SIGKILL");
  writeFileSync(go, "");
  const journal = join(korun.home, "exits.ndjson");
  await waitFor("its end to be noted", () => {
    return existsSync(journal) && readFileSync(journal, "utf8").includes('"code":3');
  });
  const before = new Date().toISOString();
  rmdirSync(socket);
  await waitFor("the next daemon", async () => (await korun.run(["ls"])).code === 0);
  const session = await korun.until("job", ({ state }) => state === "exited");
  expect(session).toMatchObject({ exit_code: 3, stdout_lines: 1 });
  const { runs } = await korun.json<RunListReply>("/v1/sessions/job/runs");
  expect(runs[0]).toMatchObject({ exit_code: 3, end: { kind: "exit" } });
  for (const time of [session.last_stopped_at, runs[0]?.ended_at]) {
    expect((time ?? "never") <= before).toBe(true);
  }
});

test("restart --lost brings back what ended with the daemon, and only that", async () => {
  await using korun = new Korun();
  await korun.serve("exec sleep 600", ["--name", "server"]);
  await korun.serve("exit 3", ["--name", "job"]);
  await korun.serve("exec sleep 600", ["--name", "stopped"]);
  await korun.ok(["stop", "stopped"]);
  await korun.until("job", ({ state }) => state === "exited");
  await korun.ok(["daemon", "stop"]);
  await korun.ok(["daemon", "start"]);
  expect(await korun.session("server")).toMatchObject({ last_end: { kind: "daemon_stop" } });
  expect(await korun.ok(["restart", "--lost"])).toBe("server restarted");
  expect(await korun.session("server")).toMatchObject({ state: "running", run: 2 });
});

test("a restart that the stop of the daemon overtakes is no success, and is lost", async () => {
  await using korun = new Korun();
  await korun.url();
  const slow = "trap 'until [ -e go ]; do sleep 0.01; done; exit' TERM; echo up; sleep 600 & wait";
  for (const [name, more] of [
    ["asked", []],
    ["watched", ["--watch", "*.txt", "--debounce", "1"]],
  ] as const) {
    const id = await korun.serve(slow, ["--name", name, "--grace", "30m", ...more]);
    await korun.until(id, ({ stdout_lines }) => stdout_lines === 1, "its line");
  }
  const restart = korun.spawn(["restart", "asked"]);
  writeFileSync(join(korun.work, "a.txt"), "");
  for (const name of ["asked", "watched"]) {
    await korun.until(name, ({ state }) => state === "stopping", "its restart");
  }
  const down = korun.spawn(["daemon", "stop"]);
  await waitFor("the daemon to take nothing new", async () => {
    // Its name is taken, which is looked at last.
    const body = JSON.stringify({ command: ["true"], name: "asked" });
    return (await korun.fetch("/v1/sessions", { method: "POST", body })).status === 503;
  });
  writeFileSync(join(korun.work, "go"), "");
  expect(await down.exited).toBe(0);
  expect(await restart.exited).toBe(1);
  expect(await new Response(restart.stdout).text()).toBe("");
  expect(await new Response(restart.stderr).text()).toContain(
    "asked does not run: the daemon was stopped during its restart",
  );
  for (const name of ["asked", "watched"]) {
    expect(await korun.session(name)).toMatchObject({
      ...{ state: "exited", run: 1, lost: true },
      ...{ last_end: { kind: "daemon_stop" }, called_off: "daemon_stop" },
    });
    expect(await korun.ok(["why", name])).toContain("with the daemon, which was stopped.");
  }
  expect(await korun.ok(["restart", "--lost"])).toBe("asked restarted\nwatched restarted");
});

test("the daemon tells of itself among the events, with one count over its lives", async () => {
  await using korun = new Korun();
  await korun.ok(["daemon", "start"]);
  await korun.ok(["daemon", "stop"]);
  await korun.ok(["daemon", "start"]);
  const { events, next_seq } = await korun.json<EventListReply>("/v1/events");
  expect(events.map(({ type, seq }) => [seq, type])).toEqual([
    [1, "daemon_started"],
    [2, "daemon_stopping"],
    [3, "daemon_started"],
  ]);
  expect(next_seq).toBe(4);
  expect((await korun.status()).problem).toBeNull();
});

describe("sessions at rest are forgotten with all that was kept of them", () => {
  const kept = (korun: Korun) => readdirSync(join(korun.home, "sessions"));

  async function ended(korun: Korun, name: string): Promise<string> {
    const id = await korun.serve("echo hello", ["--name", name]);
    await korun.until(id, ({ state }) => state === "exited");
    return id;
  }

  test("by prune: all, but for the newest and the young", async () => {
    await using korun = new Korun();
    const ids = [await ended(korun, "a"), await ended(korun, "b"), await ended(korun, "c")];
    const live = await korun.serve("exec sleep 600");
    expect(kept(korun)).toHaveLength(4);
    expect(await korun.ok(["prune", "--older-than", "1h"])).toBe("");
    expect(await korun.ok(["prune", "--keep", "1"])).toBe("a removed\nb removed");
    expect(kept(korun).sort()).toEqual([ids[2] as string, live].sort());
    expect(await korun.ok(["prune"])).toBe("c removed");
    expect(kept(korun)).toEqual([live]);
  });

  test("by number, at rest and by the next daemon", async () => {
    await using korun = new Korun({ KORUN_KEEP: "2" });
    const ids: string[] = [];
    for (const name of ["a", "b", "c"]) ids.push(await ended(korun, name));
    expect((await korun.run(["inspect", "a"])).code).toBe(1);
    await korun.ok(["daemon", "stop"]);
    await korun.ok(["daemon", "start"], { env: { KORUN_KEEP: "1" } });
    await waitFor("the older one to be forgotten", () => kept(korun).length === 1);
    expect(kept(korun)).toEqual([ids[2] as string]);
  });

  test("by age", async () => {
    await using korun = new Korun();
    const id = await ended(korun, "a");
    await korun.ok(["daemon", "stop"]);
    expect(existsSync(join(korun.home, "sessions", id))).toBe(true);
    await korun.ok(["daemon", "start"], { env: { KORUN_KEEP_FOR: "1ms" } });
    await waitFor("it to be forgotten", () => kept(korun).length === 0);
    expect((await korun.run(["inspect", id])).code).toBe(1);
  });

  test("as the daemon is told, or it says what is wrong", async () => {
    await using korun = new Korun({ KORUN_KEEP_FOR: "soon" });
    const { code, stderr } = await korun.run(["serve", "--", "true"]);
    expect(code).toBe(1);
    expect(stderr).toStartWith('korun: KORUN_KEEP_FOR is "soon"; wanted a duration');
  });
});
