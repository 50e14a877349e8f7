// The examples of the KORun specification, typed into a shell with real curl.

import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Korun } from "../support/korun.ts";
import { create, shell, until, untilExited } from "./support/api.ts";
import { CurlFollower } from "./support/follow.ts";
import { livingOf } from "./support/processes.ts";
import { typed, typedJson } from "./support/typed.ts";

const API = "http://127.0.0.1:7777";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The specification's own session: `cargo run` in a folder with `src` and `Cargo.toml`. */
async function cargoRun(korun: Korun): Promise<string> {
  const app = join(korun.work, "app");
  mkdirSync(join(app, "src"), { recursive: true });
  writeFileSync(join(app, "Cargo.toml"), "[package]");
  const cargo = join(korun.work, "cargo");
  writeFileSync(
    cargo,
    '#!/bin/sh\necho "$1 $RUST_LOG"; echo "server started"; echo warning >&2; exec sleep 600\n',
  );
  chmodSync(cargo, 0o755);
  await korun.ok(["daemon", "start"], { env: { PATH: `${korun.work}:${process.env.PATH}` } });
  return `{
    "command": ["cargo", "run"],
    "cwd": "${app}",
    "watch": ["src", "Cargo.toml"],
    "env": {
      "RUST_LOG": "debug"
    }
  }`;
}

test("curl of /healthz says that the daemon lives", async () => {
  await using korun = new Korun();
  const reply = await typedJson(korun, `curl -s ${API}/healthz`);
  expect(reply).toEqual({ ok: true, service: "korun", time: expect.stringMatching(TIME) });
});

test("curl of /v1/sessions lists none in the beginning", async () => {
  await using korun = new Korun();
  expect(await typedJson(korun, `curl -s ${API}/v1/sessions`)).toEqual({ sessions: [] });
});

test("curl -d of a command needs no content type, and runs it in the user's home", async () => {
  await using korun = new Korun();
  const line = `curl -s -d '{"command":["sleep","9"]}' ${API}/v1/sessions`;
  const { id, state } = await typedJson<{ id: string; state: string }>(korun, line);
  expect(id).toMatch(UUID);
  expect(state).toBe("starting");
  const session = await until(korun, id, (it) => it.state === "running");
  expect(session).toMatchObject({ command: ["sleep", "9"], cwd: korun.work, env_overrides: {} });
});

test("the specification's session is created, listed and shown with all its fields", async () => {
  await using korun = new Korun();
  const request = await cargoRun(korun);
  const create = `curl -si -X POST -d '${request}' ${API}/v1/sessions`;
  const answer = (await typed(korun, create)).stdout;
  expect(answer).toStartWith("HTTP/1.1 201 Created\r\n");
  const reply = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))) as { id: string };
  expect(reply).toEqual({ id: expect.stringMatching(UUID), state: "starting" } as never);
  const { id } = reply;
  expect(answer.toLowerCase()).toContain(`location: /v1/sessions/${id}\r\n`);
  const { pid } = await until(korun, id, (it) => it.blended_lines === 3);

  const app = join(korun.work, "app");
  const listed = { id, state: "running", command: ["cargo", "run"], cwd: app, pid };
  const list = await typedJson(korun, `curl -s ${API}/v1/sessions`);
  const started = { started_at: expect.stringMatching(TIME), restart_count: 0 };
  expect(list).toMatchObject({ sessions: [{ ...listed, ...started }] });

  const shown = await typedJson(korun, `curl -s ${API}/v1/sessions/${id}`);
  expect(shown).toMatchObject({
    ...listed,
    ...started,
    env_overrides: { RUST_LOG: "debug" },
    watch: ["src", "Cargo.toml"],
    last_started_at: expect.stringMatching(TIME),
    last_stopped_at: null,
    uptime_ms: expect.any(Number),
    manual_restart_count: 0,
    watch_restart_count: 0,
    file_change_count: 0,
    last_change_at: null,
    last_change_path: null,
    exit_code: null,
    term_signal: null,
    stdout_lines: 2,
    stderr_lines: 1,
    blended_lines: 3,
    stdout_dropped_lines: 0,
    stderr_dropped_lines: 0,
    blended_dropped_lines: 0,
    stdout_bytes: 25,
    stderr_bytes: 8,
  });
});

test("a saved file restarts the specification's session, and it says which and when", async () => {
  await using korun = new Korun();
  const request = await cargoRun(korun);
  const { id } = await typedJson<{ id: string }>(
    korun,
    `curl -s -d '${request}' ${API}/v1/sessions`,
  );
  await until(korun, id, (it) => it.state === "running");
  writeFileSync(join(korun.work, "app/src/main.rs"), "fn main() {}");
  const session = await until(korun, id, (it) => it.run === 2 && it.state === "running");
  expect(session).toMatchObject({
    restart_count: 1,
    manual_restart_count: 0,
    watch_restart_count: 1,
    file_change_count: 1,
    last_change_at: expect.stringMatching(TIME),
    last_change_path: "src/main.rs",
    last_stopped_at: expect.stringMatching(TIME),
    last_restart_cause: { kind: "watch", path: "src/main.rs", event: "created" },
  });
});

test("curl -X POST restarts and stops, with an empty body", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["sleep", "600"] });
  const restart = await typedJson(korun, `curl -s -X POST ${API}/v1/sessions/${id}/restart`);
  expect(restart).toEqual({ ok: true, id, state: "starting" });
  const again = await until(korun, id, (it) => it.run === 2 && it.state === "running");
  expect(again).toMatchObject({ restart_count: 1, manual_restart_count: 1 });
  expect(again.last_restart_cause).toEqual({ kind: "manual" });

  const stop = await typedJson(korun, `curl -s -X POST ${API}/v1/sessions/${id}/stop`);
  expect(stop).toEqual({ ok: true, id, state: "stopping" });
  const stopped = await untilExited(korun, id);
  expect(stopped).toMatchObject({ pid: null, uptime_ms: null, exit_code: null });
  expect(stopped.term_signal).toBe("SIGTERM");
  expect(livingOf(id)).toEqual([]);
});

const PRINTING = shell("echo one; sleep 0; echo two >&2; sleep 0; echo three");

test("curl reads logs as JSON, by stream and limit, and as text", async () => {
  await using korun = new Korun();
  const id = await create(korun, PRINTING);
  await untilExited(korun, id);
  const logs = `${API}/v1/sessions/${id}/logs`;
  const entry = { seq: expect.any(Number), ts: expect.stringMatching(TIME), run: 1 };
  expect(await typedJson(korun, `curl -s "${logs}"`)).toEqual({
    session_id: id,
    stream: "blended",
    entries: expect.arrayContaining([
      { ...entry, stream: "stdout", line: "one" },
      { ...entry, stream: "stderr", line: "two" },
      { ...entry, stream: "stdout", line: "three" },
    ]),
    next_seq: 4,
  });
  expect(await typedJson(korun, `curl -s "${logs}?stream=stderr&limit=20"`)).toMatchObject({
    stream: "stderr",
    entries: [{ stream: "stderr", line: "two" }],
  });
  const { stdout } = await typed(korun, `curl -s "${logs}?format=text"`);
  expect(stdout.split("\n").sort()).toEqual(["", "[stderr] two", "[stdout] one", "[stdout] three"]);
  const one = await typed(korun, `curl -s "${logs}?format=text&stream=stdout"`);
  expect(one.stdout).toBe("one\nthree\n");
});

test("curl reads the oldest lines with head and the newest with tail", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["seq", "500"] });
  await untilExited(korun, id);
  const of = (endpoint: string) => `curl -s "${API}/v1/sessions/${id}/${endpoint}"`;
  expect((await typed(korun, of("head?limit=2&format=text"))).stdout).toBe(
    "[stdout] 1\n[stdout] 2\n",
  );
  expect((await typed(korun, of("tail?limit=2&format=text&stream=stdout"))).stdout).toBe(
    "499\n500\n",
  );
  for (const endpoint of ["head", "tail", "logs"]) {
    const { entries } = await typedJson<{ entries: { seq: number }[] }>(korun, of(endpoint));
    expect(entries.length).toBe(100);
    expect(entries[0]?.seq).toBe(endpoint === "head" ? 1 : 401);
  }
});

test("curl -N follows a session until it is over", async () => {
  await using korun = new Korun();
  const id = await create(
    korun,
    shell("echo first; until [ -e go ]; do sleep 0.01; done; echo last"),
  );
  using curl = await CurlFollower.start(korun, id, "format=text");
  await curl.untilReceived("[stdout] first\n");
  writeFileSync(join(korun.work, "go"), "");
  expect(await curl.exited).toBe(0);
  expect(curl.received()).toBe("[stdout] first\n[stdout] last\n");
});
