import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DaemonReply } from "../../src/api/daemon-replies.ts";
import type { CreatedReply, SessionListReply, SessionReply } from "../../src/api/replies.ts";
import { launchDaemon } from "../../src/daemon/launch.ts";
import { type Paths, resolvePaths } from "../../src/daemon/paths.ts";
import { preparePaths } from "../../src/daemon/prepare.ts";
import { isHeld, readRecord } from "../../src/daemon/record.ts";
import { Problem } from "../../src/domain/problem.ts";
import { waitFor } from "../support/wait.ts";

const DAEMON = join(import.meta.dir, "fixtures/daemon.ts");
const IGNORES_TERM = `trap "" TERM; echo up; while :; do sleep 0.05; done`;

let folder: string;
let paths: Paths;
let env: Record<string, string | undefined>;
const started: Bun.Subprocess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-run-"));
  env = { ...process.env, KORUN_HOME: join(folder, "home"), KORUN_PORT: "0" };
  paths = resolvePaths(env);
});

afterEach(async () => {
  if (isHeld(paths)) await stop();
  for (const daemon of started.splice(0)) {
    daemon.kill("SIGKILL");
    await daemon.exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

test("a daemon serves its port and its socket, and its lock says where", async () => {
  const daemon = await start();
  const overSocket = await get<DaemonReply>("/v1/daemon");
  const { pid, port, socket } = readRecord(paths) ?? {};
  expect(overSocket).toMatchObject({ pid: daemon.pid, version: "9.9.9", home: paths.home });
  expect(overSocket).toMatchObject({ pid, port, socket, log: paths.log });
  const overPort = await fetch(`http://127.0.0.1:${port}/v1/daemon`);
  expect(((await overPort.json()) as DaemonReply).pid).toBe(daemon.pid);
});

test("a daemon in the foreground prints where it listens, and to its log as well", async () => {
  const daemon = await start();
  const { port } = await get<DaemonReply>("/v1/daemon");
  daemon.kill("SIGTERM");
  const printed = await new Response(daemon.stderr).text();
  expect(printed).toContain(`listens on http://127.0.0.1:${port}\n`);
  expect(printed).toContain(paths.socket);
  expect(readFileSync(paths.log, "utf8")).toBe(printed);
});

test("a second daemon of the same home is refused with the pid of the first", async () => {
  const first = await start();
  expect(await failing()).toBe(
    `failed: a daemon of ${paths.home} already runs: pid ${first.pid}\n`,
  );
  expect((await get<DaemonReply>("/v1/daemon")).pid).toBe(first.pid);
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s stops all sessions and the daemon, and the next one finds them at rest",
  async (signal) => {
    const daemon = await start();
    const sessions = [await running("sleep 600"), await running("sleep 600 & wait")];
    daemon.kill(signal);
    expect(await daemon.exited).toBe(0);
    for (const { pid } of sessions) expect(isAlive(pid)).toBe(false);
    expect(readdirSync(paths.sessions).length).toBe(2);
    expect(existsSync(paths.socket)).toBe(false);
    expect(isHeld(paths)).toBe(false);
    await start();
    const { sessions: found } = await get<SessionListReply>("/v1/sessions");
    expect(found.map(({ state, term_signal }) => [state, term_signal])).toEqual([
      ["exited", "SIGTERM"],
      ["exited", "SIGTERM"],
    ]);
  },
);

test("a client's request to stop does the same", async () => {
  const daemon = await start();
  const { pid } = await running("sleep 600");
  expect(await post("/v1/daemon/stop")).toEqual({ ok: true });
  expect(await daemon.exited).toBe(0);
  expect(isAlive(pid)).toBe(false);
});

test("a session gets its grace when the daemon stops, and a second signal takes it away", async () => {
  const daemon = await start();
  const { id, pid } = await running(IGNORES_TERM, { grace: "10m" });
  await waitFor(
    "the trap",
    async () => (await get<SessionReply>(`/v1/sessions/${id}`)).stdout_lines,
  );
  daemon.kill("SIGTERM");
  await waitFor(
    "the session to be stopping",
    async () => (await get<SessionReply>(`/v1/sessions/${id}`)).state === "stopping",
  );
  expect(isAlive(pid)).toBe(true);
  daemon.kill("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(isAlive(pid)).toBe(false);
});

test("a daemon that has no terminal goes on after a hang-up", async () => {
  await launch();
  const { pid } = await get<DaemonReply>("/v1/daemon");
  process.kill(pid, "SIGHUP");
  expect((await get<DaemonReply>("/v1/daemon")).pid).toBe(pid);
  const session = await running("sleep 600");
  expect(isAlive(session.pid)).toBe(true);
});

test("defects are logged with their place, and the daemon lives", async () => {
  const daemon = await start();
  daemon.kill("SIGUSR2");
  await waitFor("both to be logged", () => {
    const log = readFileSync(paths.log, "utf8");
    return log.includes("a promise that nobody looks at") && log.includes("a callback that throws");
  });
  expect(readFileSync(paths.log, "utf8")).toContain("fixtures/daemon.ts");
  expect((await get<DaemonReply>("/v1/daemon")).pid).toBe(daemon.pid);
});

test("the next daemon after a killed one takes over what still runs", async () => {
  const killed = await start();
  const { id, pid } = await running("echo up; exec sleep 600");
  killed.kill("SIGKILL");
  await killed.exited;
  expect(existsSync(paths.socket)).toBe(true);
  expect(readdirSync(paths.sessions)).toEqual([id]);
  await start();
  expect(isAlive(pid)).toBe(true);
  const session = await get<SessionReply>(`/v1/sessions/${id}`);
  expect(session).toMatchObject({ state: "running", pid, run: 1, restart_count: 0 });
  await waitFor("its output", async () => {
    return (await get<SessionReply>(`/v1/sessions/${id}`)).stdout_lines === 1;
  });
  await post(`/v1/sessions/${id}/stop?wait=1`);
  expect(isAlive(pid)).toBe(false);
  expect(await get<SessionReply>(`/v1/sessions/${id}`)).toMatchObject({
    state: "exited",
    term_signal: "SIGTERM",
  });
});

test("where any port will do, the next daemon has the same one, however the last one ended", async () => {
  const killed = await start();
  const { port } = await get<DaemonReply>("/v1/daemon");
  killed.kill("SIGKILL");
  await killed.exited;
  const stopped = await start();
  expect((await get<DaemonReply>("/v1/daemon")).port).toBe(port);
  stopped.kill("SIGTERM");
  await stopped.exited;
  await start();
  expect((await get<DaemonReply>("/v1/daemon")).port).toBe(port);
});

test("and another one only if somebody has taken that", async () => {
  const killed = await start();
  const { port } = await get<DaemonReply>("/v1/daemon");
  killed.kill("SIGKILL");
  await killed.exited;
  const taker = Bun.serve({ hostname: "127.0.0.1", port, fetch: () => new Response("mine") });
  const next = await start();
  const found = (await get<DaemonReply>("/v1/daemon")).port;
  expect(found).not.toBe(port);
  await taker.stop(true);
  next.kill("SIGKILL");
  await next.exited;
  await start();
  expect((await get<DaemonReply>("/v1/daemon")).port).toBe(found);
});

test("what is kept of a session that nobody knows is removed", async () => {
  await start();
  await stop();
  mkdirSync(join(paths.sessions, "11111111-1111-4111-8111-111111111111"));
  await start();
  expect(readdirSync(paths.sessions)).toEqual([]);
});

test("a port that is held is told to the launching client, with the holder and the way out", async () => {
  const server = createServer((connection) => connection.resume());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  env = { ...env, KORUN_PORT: String(port) };
  const problem = await launch().catch((thrown: unknown) => thrown);
  await new Promise((resolve) => server.close(resolve));
  expect(problem).toBeInstanceOf(Problem);
  const { message, hint } = problem as Problem;
  expect(message).toBe(
    `port ${port} is held by pid ${process.pid} (${readFileSync("/proc/self/comm", "utf8").trim()})`,
  );
  expect(hint).toContain("KORUN_PORT");
  await waitFor("the home to be free", () => !isHeld(paths));
  await launch();
});

test("a daemon whose lock file was removed keeps its socket from a second one", async () => {
  await start();
  rmSync(paths.lock);
  expect(await failing()).toContain("answers at");
  expect((await get<DaemonReply>("/v1/daemon")).service).toBe("korun");
});

test("something in the place of the socket that is none is refused and left alone", async () => {
  preparePaths(paths);
  mkdirSync(paths.socket);
  expect(await failing()).toContain("it is no socket");
  expect(existsSync(paths.socket)).toBe(true);
});

test("a lock that is no file is told, as is every other thing that is wrong with a home", async () => {
  preparePaths(paths);
  mkdirSync(paths.lock);
  expect(await failing()).toStartWith(`failed: cannot use the home ${paths.home}: EISDIR`);
  rmSync(paths.lock, { recursive: true });
});

test("a session gets no descriptor of the daemon's", async () => {
  await launch();
  const { id } = await running("ls /proc/self/fd; exec sleep 600");
  // The fourth is what `ls` opened to look.
  await waitFor("the list", async () => {
    const text = await (await request(`/v1/sessions/${id}/logs?format=text`)).text();
    if (text.match(/\d+/g)?.join(" ") !== "0 1 2 3") throw new Error(text);
    return true;
  });
});

function spawnDaemon() {
  const daemon = Bun.spawn([process.execPath, DAEMON], { env, stderr: "pipe" });
  started.push(daemon);
  return daemon;
}

/** A daemon in the foreground, once it answers. */
async function start() {
  const daemon = spawnDaemon();
  await waitFor("the daemon to answer", async () => (await request("/healthz")).ok);
  return daemon;
}

/** A daemon as a client starts it. */
function launch(): Promise<string> {
  const command = [process.execPath, DAEMON, "--detached"];
  return launchDaemon(resolvePaths(env), { env, command });
}

/** What a daemon in the foreground says when it cannot start. */
async function failing(): Promise<string> {
  const daemon = spawnDaemon();
  expect(await daemon.exited).toBe(1);
  return await new Response(daemon.stderr).text();
}

async function stop(): Promise<void> {
  const pid = readRecord(paths)?.pid;
  for (const signal of ["SIGTERM", "SIGTERM"]) {
    if (pid !== undefined && isHeld(paths)) process.kill(pid, signal);
  }
  await waitFor("the daemon to end", () => !isHeld(paths));
}

async function running(
  script: string,
  options: object = {},
): Promise<SessionReply & { pid: number }> {
  const body = { command: ["sh", "-c", script], ...options };
  const { id } = await post<CreatedReply>("/v1/sessions?wait=1", body);
  const session = await get<SessionReply>(`/v1/sessions/${id}`);
  const { pid } = session;
  if (pid === null) throw new Error(`${script} does not run: ${JSON.stringify(session)}`);
  return { ...session, pid };
}

async function get<T>(path: string): Promise<T> {
  return (await (await request(path)).json()) as T;
}

async function post<T>(path: string, body?: object): Promise<T> {
  const init = { method: "POST", ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return (await (await request(path, init)).json()) as T;
}

function request(path: string, init: BunFetchRequestInit = {}): Promise<Response> {
  return fetch(`http://korun${path}`, { ...init, unix: paths.socket });
}

/** Not gone, and not only waiting to be reaped. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
