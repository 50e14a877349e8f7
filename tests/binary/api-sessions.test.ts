// Sessions over HTTP: their names, their order, their end, and how many there are.

import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DaemonReply } from "../../src/api/daemon-replies.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import {
  act,
  create,
  errorOf,
  inspect,
  listedIds,
  page,
  send,
  shell,
  until,
  untilExited,
} from "./support/api.ts";

const SLEEP = { command: ["sleep", "600"] };

test("the list is in the order of creation, whatever became of the sessions", async () => {
  await using korun = new Korun();
  const ids: string[] = [];
  for (const command of [["true"], ["sleep", "600"], ["no-such-program"], ["sleep", "600"]]) {
    ids.push(await create(korun, { command }));
  }
  await act(korun, ids[1] ?? "", "stop?wait=1");
  await act(korun, ids[0] ?? "", "restart?wait=1");
  expect(await listedIds(korun)).toEqual(ids);
});

test("a hundred sessions made at once all run, and a hundred stops at once end them", async () => {
  await using korun = new Korun();
  await korun.url();
  const ids = await Promise.all(Array.from({ length: 100 }, () => create(korun, SLEEP)));
  expect(new Set(ids).size).toBe(100);
  expect(new Set(await listedIds(korun))).toEqual(new Set(ids));
  expect((await korun.json<DaemonReply>("/v1/daemon")).sessions_running).toBe(100);
  const stops = await Promise.all(ids.map((id) => act(korun, id, "stop?wait=1")));
  expect(new Set(stops.map(({ state }) => state))).toEqual(new Set(["exited"]));
  expect((await korun.json<DaemonReply>("/v1/daemon")).sessions_running).toBe(0);
  const living = processesWith(`KORUN_HOME=${korun.home}`);
  expect(living.filter((line) => line.includes("sleep"))).toEqual([]);
});

test("the daemon counts the sessions it made and those that run", async () => {
  await using korun = new Korun();
  const before = await korun.json<DaemonReply>("/v1/daemon");
  expect(before).toMatchObject({ sessions_created: 0, sessions_running: 0, sessions_known: 0 });
  await create(korun, SLEEP);
  const done = await create(korun, { command: ["true"] });
  await untilExited(korun, done);
  await send(korun, "DELETE", { path: `/v1/sessions/${done}` });
  const after = await korun.json<DaemonReply>("/v1/daemon");
  expect(after).toMatchObject({ sessions_created: 2, sessions_running: 1, sessions_known: 1 });
  expect(after).toMatchObject({ service: "korun", home: korun.home, pid: before.pid });
  expect(after.version).toBe((await korun.ok(["--version"])).replace(/^korun /, ""));
  expect(after.started_at).toBe(before.started_at);
  expect(after.uptime_ms).toBeGreaterThanOrEqual(before.uptime_ms);
});

test("a session answers to its UUID, to the beginning of it, and to its name", async () => {
  await using korun = new Korun();
  const id = await create(korun, { ...SLEEP, name: "web" });
  for (const reference of [id, id.toUpperCase(), id.slice(0, 4), id.slice(0, 13), "web"]) {
    expect((await inspect(korun, reference)).id).toBe(id);
  }
  expect((await korun.fetch(`/v1/sessions/${id.slice(0, 3)}`)).status).toBe(404);
});

test("a name means the living session of that name, else the newest", async () => {
  await using korun = new Korun();
  const named = { ...SLEEP, name: "web" };
  const first = await create(korun, named);
  await act(korun, first, "stop?wait=1");
  const second = await create(korun, named);
  await act(korun, second, "stop?wait=1");
  expect((await inspect(korun, "web")).id).toBe(second);
  await act(korun, first, "restart?wait=1");
  expect((await inspect(korun, "web")).id).toBe(first);
  const refused = await send(korun, "POST", { path: `/v1/sessions/${second}/restart` });
  expect(refused.status).toBe(409);
  expect((await errorOf(refused)).field).toBe("name");
  await act(korun, first, "stop?wait=1");
  await act(korun, second, "restart?wait=1");
  expect((await inspect(korun, "web")).id).toBe(second);
});

test("of eight that are made at once with one name, each another, seven are refused", async () => {
  await using korun = new Korun();
  await korun.url();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, number) => {
      const body = { command: ["sleep", `6${number}`], name: "web" };
      return send(korun, "POST", { path: "/v1/sessions", body });
    }),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
  expect((await listedIds(korun)).length).toBe(1);
});

test("DELETE forgets a session at rest with its name and its output", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["echo", "hello"], name: "job" });
  await untilExited(korun, id);
  const response = await send(korun, "DELETE", { path: "/v1/sessions/job" });
  expect(await response.json()).toEqual({ ok: true, id, state: "exited" });
  expect(await listedIds(korun)).toEqual([]);
  for (const path of [`/v1/sessions/${id}`, "/v1/sessions/job", `/v1/sessions/${id}/logs`]) {
    expect([path, (await korun.fetch(path)).status]).toEqual([path, 404]);
  }
  await waitFor("its output to be removed", async () => {
    const left = await Array.fromAsync(new Bun.Glob("**/*.ring").scan(korun.home));
    return left.length === 0;
  });
});

test("a command that cannot be started makes a failed session that says why", async () => {
  await using korun = new Korun();
  const write = (name: string, text: string, mode: number) => {
    const path = join(korun.work, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const wrong: [code: RegExp, command: string][] = [
    [/^ENOENT: .*no-such-program/, "no-such-program"],
    [/^ENOENT: .*\/no\/such\/file/, "/no/such/file"],
    [/^EACCES: .*plain/, write("plain", "echo no", 0o644)],
    [/^EACCES: .*directory/, korun.work],
    [/^ENOEXEC: .*binary/, write("binary", "\x7fELF\0\0\0\0", 0o755)],
    [/^ENOENT: .*interpreter/, write("script", "#!/no/such/interpreter\n", 0o755)],
  ];
  for (const [reason, command] of wrong) {
    const response = await send(korun, "POST", {
      path: "/v1/sessions?wait=1",
      body: { command: [command] },
    });
    const reply = (await response.json()) as { id: string; state: string; error: string };
    expect([command, response.status, reply.state]).toEqual([command, 201, "failed"]);
    expect(reply.error).toMatch(reason);
    const session = await inspect(korun, reply.id);
    expect(session).toMatchObject({
      state: "failed",
      pid: null,
      exit_code: null,
      term_signal: null,
    });
    expect(session).toMatchObject({ error: reply.error, started_at: null, last_stopped_at: null });
    expect((await page(korun, reply.id)).entries).toEqual([]);
  }
});

test("a failed session starts with a restart once what was wrong is put right", async () => {
  await using korun = new Korun();
  const program = join(korun.work, "program");
  const id = await create(korun, { command: [program] });
  expect((await inspect(korun, id)).state).toBe("failed");
  writeFileSync(program, "#!/bin/sh\nexec sleep 600\n");
  chmodSync(program, 0o755);
  await act(korun, id, "restart?wait=1");
  expect(await inspect(korun, id)).toMatchObject({ state: "running", run: 2, error: null });
});

test("exited is any end of a command that did start", async () => {
  await using korun = new Korun();
  const ends: [script: string, code: number | null, signal: string | null][] = [
    ["exit 0", 0, null],
    ["exit 3", 3, null],
    ["exit 127", 127, null],
    ["kill -KILL $$", null, "SIGKILL"],
    ["kill -SEGV $$", null, "SIGSEGV"],
  ];
  for (const [script, exit_code, term_signal] of ends) {
    const session = await untilExited(korun, await create(korun, shell(script)));
    expect(session).toMatchObject({ exit_code, term_signal, error: null, pid: null });
  }
});

test("the child sees its session's id and name, its overrides, and no more of korun", async () => {
  await using korun = new Korun();
  const env = { GREETING: "hello", KORUN_SESSION_ID: "forged", KORUN_NAME: "forged" };
  const id = await create(korun, { command: ["env"], env, name: "web" });
  await untilExited(korun, id);
  const { entries } = await page(korun, id, "limit=20000");
  const lines = entries.map(({ line }) => line);
  expect(lines).toContain(`KORUN_SESSION_ID=${id}`);
  expect(lines).toContain("KORUN_NAME=web");
  expect(lines).toContain("GREETING=hello");
  expect(lines.filter((line) => line.startsWith("KORUN_DAEMON"))).toEqual([]);
  expect((await inspect(korun, id)).env_overrides).toEqual(env);
});

test("beyond a hundred sessions at rest the oldest is forgotten, and a living one never", async () => {
  await using korun = new Korun();
  const live = await create(korun, SLEEP);
  const first = await create(korun, { command: ["true"] });
  await untilExited(korun, first);
  for (let batch = 0; batch < 4; batch += 1) {
    const made = Array.from({ length: 25 }, () => create(korun, { command: ["true"] }));
    await Promise.all(made);
  }
  await until(korun, live, ({ state }) => state === "running");
  await waitFor(
    "the oldest to be forgotten",
    async () => !(await listedIds(korun)).includes(first),
  );
  const ids = await listedIds(korun);
  expect(ids.length).toBe(101);
  expect(ids[0]).toBe(live);
});
