import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { homedir } from "node:os";
import type { SessionListReply, SessionReply } from "../../src/api/replies.ts";
import { Problem } from "../../src/domain/problem.ts";
import { NOTHING_MORE } from "../../src/domain/session.ts";
import { waitFor } from "../support/wait.ts";
import { LOG_START } from "./support/directory.ts";
import { openRaw } from "./support/raw.ts";
import { DAEMON_REPLY, errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

const at = (seconds: number) => LOG_START + seconds * 1_000;

function post(path: string, body?: unknown, init: BunFetchRequestInit = {}): Promise<Response> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(server.url + path, { method: "POST", ...sent, ...init });
}

async function get<Reply>(path: string): Promise<Reply> {
  const response = await fetch(server.url + path);
  expect(response.status).toBe(200);
  return (await response.json()) as Reply;
}

describe("health and daemon", () => {
  test("health is what the specification shows, in JSON that ends a terminal's line", async () => {
    const response = await fetch(`${server.url}/healthz`);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("korun-version")).toBe("1.2.3");
    const text = await response.text();
    expect(text).toEndWith("}\n");
    const { time, ...rest } = JSON.parse(text);
    expect(rest).toEqual({ ok: true, service: "korun" });
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("the daemon says what it is, and stops when asked", async () => {
    expect(await get<object>("/v1/daemon")).toEqual(DAEMON_REPLY);
    expect(server.stopsRequested()).toBe(0);
    const response = await post("/v1/daemon/stop");
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ ok: true });
    expect(server.stopsRequested()).toBe(1);
  });

  test("errors carry the version as well", async () => {
    const response = await fetch(`${server.url}/nothing`);
    expect(response.headers.get("korun-version")).toBe("1.2.3");
  });
});

describe("POST /v1/sessions", () => {
  test("the specification's request makes a session with its defaults", async () => {
    const response = await post("/v1/sessions", {
      command: ["cargo", "run"],
      cwd: "/tmp/app",
      watch: ["src", "Cargo.toml"],
      env: { RUST_LOG: "debug" },
    });
    const session = server.directory.sessions[0];
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ id: session?.id, state: "starting" });
    expect(response.headers.get("location")).toBe(`/v1/sessions/${session?.id}`);
    expect(session?.spec).toEqual({
      ...NOTHING_MORE,
      command: ["cargo", "run"],
      cwd: "/tmp/app",
      name: undefined,
      watch: ["src", "Cargo.toml"],
      ignore: [],
      env: { RUST_LOG: "debug" },
      inherited: undefined,
      graceMs: 2_000,
      debounceMs: 250,
    });
  });

  test("every further field is taken, durations as numbers or words", async () => {
    await post("/v1/sessions", {
      command: ["x"],
      name: "web",
      ignore: ["*.log"],
      grace: "5s",
      debounce: 100,
    });
    const spec = server.directory.sessions[0]?.spec;
    expect(spec).toMatchObject({ name: "web", ignore: ["*.log"], graceMs: 5_000, debounceMs: 100 });
  });

  test("without cwd it runs in the user's home", async () => {
    await post("/v1/sessions", { command: ["x"] });
    expect(server.directory.sessions[0]?.spec.cwd).toBe(homedir());
  });

  test.each([
    [{}, "command", "is missing"],
    [{ command: [] }, "command[0]", "is missing"],
    [{ command: "ls -l" }, "command", 'not "ls -l"'],
    [{ command: [""] }, "command[0]", 'not ""'],
    [{ command: ["x", 1] }, "command[1]", "not 1"],
    [{ command: ["x\0"] }, "command[0]", "without NUL"],
    [{ command: ["x"], cwd: "src" }, "cwd", 'an absolute path, not "src"'],
    [{ command: ["x"], cwd: null }, "cwd", "not null"],
    [{ command: ["x"], name: "-a" }, "name", "letters"],
    [{ command: ["x"], watch: "src" }, "watch", 'an array of paths or globs, not "src"'],
    [{ command: ["x"], watch: ["a", {}] }, "watch[1]", "not an object"],
    [{ command: ["x"], ignore: [[]] }, "ignore[0]", "not an array"],
    [{ command: ["x"], env: ["A=1"] }, "env", "not an array"],
    [{ command: ["x"], env: { FOO: true } }, "env.FOO", "not a boolean"],
    [{ command: ["x"], env: { "A=B": "" } }, "env.A=B", "a variable name"],
    [{ command: ["x"], grace: "soon" }, "grace", 'not "soon"'],
    [{ command: ["x"], grace: -1 }, "grace", "not -1"],
    [{ command: ["x"], debounce: "2h" }, "debounce", "at most 1h"],
    [{ comand: ["x"] }, "comand", "Unknown field comand"],
    [{ command: ["x"], constructor: 1 }, "constructor", "Unknown field"],
  ])("%j is a 400 about %s", async (body, field, words) => {
    const response = await post("/v1/sessions", body);
    const error = await errorOf(response);
    expect([response.status, error.code, error.field]).toEqual([400, "bad_request", field]);
    expect(error.message).toContain(words);
    expect(error.expected?.length).toBeGreaterThan(0);
  });

  test("a value of a variable is never repeated", async () => {
    const response = await post("/v1/sessions", { command: ["x"], env: { TOKEN: "hunter2\0" } });
    expect(await response.text()).not.toContain("hunter2");
  });

  test("keys that mean something to JavaScript are variables like any other, or unknown", async () => {
    const response = await post("/v1/sessions", undefined, {
      body: '{"command":["x"],"env":{"__proto__":"a","constructor":"b"}}',
    });
    expect(response.status).toBe(201);
    const env = server.directory.sessions[0]?.spec.env ?? {};
    expect(Object.entries(env)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    const polluted = await post("/v1/sessions", undefined, {
      body: '{"command":["x"],"__proto__":{"cwd":"/tmp"}}',
    });
    expect((await errorOf(polluted)).field).toBe("__proto__");
  });

  test("what the caller hands on is taken over the Unix socket", async () => {
    const body = {
      command: ["x"],
      inherit_env: { PATH: "/bin" },
      inherit_umask: 0o027,
      inherit_open_files: 1024,
    };
    const response = await post("/v1/sessions", body, { unix: server.socket });
    expect(response.status).toBe(201);
    expect(server.directory.sessions[0]?.spec.inherited).toEqual({
      env: { PATH: "/bin" },
      umask: 0o027,
      openFiles: 1024,
    });
  });

  test.each(["inherit_env", "inherit_umask", "inherit_open_files"])(
    "%s over TCP is a 400 that says where to send it",
    async (field) => {
      const value = field === "inherit_env" ? { PATH: "/bin" } : 64;
      const response = await post("/v1/sessions", { command: ["x"], [field]: value });
      const error = await errorOf(response);
      expect([response.status, error.field]).toEqual([400, field]);
      expect(error.message).toContain("Unix socket only");
    },
  );

  test("what the directory refuses is the answer", async () => {
    server.directory.refusal = new Problem("bad_request", "no such path", { field: "watch[0]" });
    const error = await errorOf(await post("/v1/sessions", { command: ["x"], watch: ["nope"] }));
    expect(error.field).toBe("watch[0]");
  });

  test("with wait=1 it answers when the command runs, or could not be started", async () => {
    let answered = false;
    const waiting = post("/v1/sessions?wait=1", { command: ["nope"] }).finally(() => {
      answered = true;
    });
    const session = await waitFor("the session", () => server.directory.sessions[0]);
    expect(await get<object>("/healthz")).toMatchObject({ ok: true });
    expect(answered).toBe(false);
    session.settle({ state: "failed", error: "ENOENT: no such command: nope" });
    const response = await waiting;
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      id: session.id,
      state: "failed",
      error: "ENOENT: no such command: nope",
    });
  });
});

describe("reading", () => {
  test("a fresh session has every field of the specification, and the added ones", async () => {
    const session = await server.session();
    expect(await get<object>(`/v1/sessions/${session.id}`)).toEqual({
      id: session.id,
      name: null,
      state: "starting",
      command: ["server"],
      cwd: "/",
      env_overrides: {},
      watch: [],
      ignore: [],
      grace_ms: 2_000,
      debounce_ms: 250,
      pid: null,
      run: 1,
      created_at: "2026-03-16T12:00:00.000Z",
      started_at: null,
      last_started_at: null,
      last_stopped_at: null,
      uptime_ms: null,
      restart_count: 0,
      manual_restart_count: 0,
      watch_restart_count: 0,
      last_restart_cause: null,
      file_change_count: 0,
      last_change_at: null,
      last_change_path: null,
      exit_code: null,
      term_signal: null,
      error: null,
      last_end: null,
      left_behind: [],
      watching: { state: "off", directories: 0, problem: null },
      stdout_lines: 0,
      stderr_lines: 0,
      blended_lines: 0,
      stdout_dropped_lines: 0,
      stderr_dropped_lines: 0,
      blended_dropped_lines: 0,
      stdout_bytes: 0,
      stderr_bytes: 0,
      ready: false,
      health: null,
      next_restart_at: null,
      gave_up: false,
      lost: false,
      policy_restart_count: 0,
      health_restart_count: 0,
      ready_at: null,
      waiting_for: [],
      ready_timed_out: false,
      waited_for: [],
      gave_up_reason: null,
      called_off: null,
      restart_policy: { kind: "never" },
      ready_checks: [],
      health_check: null,
      max_rss: null,
      max_runtime_ms: null,
      stdin: "none",
      pty: null,
      terminal: null,
    });
  });

  test("each fact of a session lands in its own field", async () => {
    const session = await server.session();
    session.facts = {
      state: "running",
      pid: 43_122,
      run: 4,
      firstStartedAt: at(1),
      lastStartedAt: at(5),
      lastEndedAt: at(4),
      uptimeMs: 81_000.4,
      manualRestarts: 1,
      watchRestarts: 2,
      lastRestartCause: { kind: "watch", path: "src/main.rs", event: "modified" },
      fileChanges: 7,
      lastChangeAt: at(3),
      lastChangePath: "src/main.rs",
      exit: { code: null, signal: "SIGTERM" },
      leftBehind: [{ pid: 9, name: "gradle" }],
      watching: { state: "degraded", directories: 3, problem: "too many" },
      output: {
        stdoutLines: 1,
        stderrLines: 2,
        blendedLines: 3,
        stdoutDropped: 4,
        stderrDropped: 5,
        blendedDropped: 9,
        stdoutBytes: 6,
        stderrBytes: 7,
      },
    };
    expect(await get<object>(`/v1/sessions/${session.id}`)).toMatchObject({
      state: "running",
      pid: 43_122,
      run: 4,
      started_at: "2026-03-16T12:00:01.000Z",
      last_started_at: "2026-03-16T12:00:05.000Z",
      last_stopped_at: "2026-03-16T12:00:04.000Z",
      uptime_ms: 81_000,
      restart_count: 3,
      manual_restart_count: 1,
      watch_restart_count: 2,
      last_restart_cause: { kind: "watch", path: "src/main.rs", event: "modified" },
      file_change_count: 7,
      last_change_at: "2026-03-16T12:00:03.000Z",
      last_change_path: "src/main.rs",
      exit_code: null,
      term_signal: "SIGTERM",
      left_behind: [{ pid: 9, name: "gradle" }],
      watching: { state: "degraded", directories: 3, problem: "too many" },
      stdout_lines: 1,
      stderr_lines: 2,
      blended_lines: 3,
      stdout_dropped_lines: 4,
      stderr_dropped_lines: 5,
      blended_dropped_lines: 9,
      stdout_bytes: 6,
      stderr_bytes: 7,
      ready: false,
      health: null,
      next_restart_at: null,
      gave_up: false,
      lost: false,
      policy_restart_count: 0,
      health_restart_count: 0,
      ready_at: null,
      waiting_for: [],
      ready_timed_out: false,
      waited_for: [],
      gave_up_reason: null,
      called_off: null,
      restart_policy: { kind: "never" },
      ready_checks: [],
      health_check: null,
      max_rss: null,
      max_runtime_ms: null,
      stdin: "none",
      pty: null,
      terminal: null,
    });
  });

  test("what a session inherited is never shown", async () => {
    const inherit_env = { AWS_SECRET_ACCESS_KEY: "hunter2" };
    const body = { command: ["x"], inherit_env };
    await post("/v1/sessions", body, { unix: server.socket });
    const { id } = server.directory.sessions[0] ?? { id: "" };
    for (const path of ["/v1/sessions", `/v1/sessions/${id}`]) {
      expect(JSON.stringify(await get<object>(path))).not.toContain("hunter2");
    }
  });

  test("the list is in creation order, each element with the specification's fields", async () => {
    const made = [await server.session(), await server.session(), await server.session()];
    const { sessions } = await get<SessionListReply>("/v1/sessions");
    expect(sessions.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
    expect(sessions[0]).toEqual({
      id: made[0]?.id ?? "",
      name: null,
      state: "starting",
      command: ["server"],
      cwd: "/",
      pid: null,
      started_at: null,
      uptime_ms: null,
      restart_count: 0,
      exit_code: null,
      term_signal: null,
      error: null,
      last_end: null,
      ready: false,
      health: null,
      next_restart_at: null,
      gave_up: false,
      lost: false,
    });
  });

  test("a session is found by its name, and one that is not there is a 404", async () => {
    await post("/v1/sessions", { command: ["x"], name: "web" });
    expect((await get<SessionReply>("/v1/sessions/web")).name).toBe("web");
    for (const action of ["", "/logs", "/head", "/tail"]) {
      const response = await fetch(`${server.url}/v1/sessions/nobody${action}`);
      expect([action, response.status]).toEqual([action, 404]);
      expect((await errorOf(response)).code).toBe("not_found");
    }
  });
});

describe("stop, restart, forget", () => {
  test("stop and restart answer at once, as the specification shows", async () => {
    const { id } = await server.session();
    const stop = await post(`/v1/sessions/${id}/stop`);
    expect(stop.status).toBe(200);
    expect(await stop.json()).toEqual({ ok: true, id, state: "stopping" });
    const restart = await post(`/v1/sessions/${id}/restart`);
    expect(await restart.json()).toEqual({ ok: true, id, state: "starting" });
  });

  test("with wait=1 they answer when it is done, with what became of it", async () => {
    const session = await server.session();
    const { id } = session;
    const waiting = post(`/v1/sessions/${id}/restart?wait=true`);
    await waitFor("the restart", () => session.facts.state === "starting");
    session.settle({ state: "failed", error: "EACCES: not executable" });
    expect(await (await waiting).json()).toEqual({
      ok: true,
      id,
      state: "failed",
      error: "EACCES: not executable",
    });
  });

  test.each([
    [false, "somebody stopped it", (id: string) => `Start it again with: korun restart ${id}`],
    [
      true,
      "the daemon was stopped",
      () => "Start again all that ended with the daemon with: korun restart --lost",
    ],
  ])(
    "a restart that a stop overtakes is a 409 for who waits; lost: %p",
    async (lost, who, hint) => {
      const session = await server.session();
      const { id } = session;
      const waiting = post(`/v1/sessions/${id}/restart?wait=1`);
      await waitFor("the restart", () => session.facts.state === "starting");
      session.settle({ state: "exited", lost });
      const response = await waiting;
      expect(response.status).toBe(409);
      expect(await errorOf(response)).toMatchObject({
        code: "conflict",
        message: `Session ${id} does not run: ${who} during its restart`,
        hint: hint(id),
      });
    },
  );

  test("stop spares the grace only with force=1", async () => {
    const session = await server.session();
    await post(`/v1/sessions/${session.id}/stop`);
    expect(session.forced).toBe(false);
    await post(`/v1/sessions/${session.id}/stop?force=1`);
    expect(session.forced).toBe(true);
  });

  test("a client that leaves while it waits is forgotten, and harms nothing", async () => {
    const session = await server.session();
    const { socket } = await openRaw({ port: server.port });
    socket.write(
      `POST /v1/sessions/${session.id}/stop?wait=1 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 0\r\n\r\n`,
    );
    await waitFor("the stop", () => session.facts.state === "stopping");
    socket.destroy();
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    session.settle({ state: "exited" });
    expect(server.defects).toEqual([]);
  });

  test("DELETE forgets a session at rest; one that is alive is a 409", async () => {
    const session = await server.session();
    const url = `${server.url}/v1/sessions/${session.id}`;
    session.facts = { state: "running" };
    expect((await fetch(url, { method: "DELETE" })).status).toBe(409);
    session.facts = { state: "exited" };
    const response = await fetch(url, { method: "DELETE" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ok: true, id: session.id, state: "exited" });
    expect(server.directory.removed).toEqual([session.id]);
  });
});
