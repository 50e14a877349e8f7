import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LaunchOptions, launchDaemon } from "../../src/daemon/launch.ts";
import { type Paths, resolvePaths } from "../../src/daemon/paths.ts";
import { preparePaths } from "../../src/daemon/prepare.ts";
import { answers, findSocket, isHeld, readRecord } from "../../src/daemon/record.ts";
import { Problem } from "../../src/domain/problem.ts";
import { keeperLock } from "../../src/keeper/options.ts";
import { FileLock } from "../../src/native/lock.ts";
import { startTimeOf } from "../../src/process/identity.ts";
import { waitFor } from "../support/wait.ts";

const FIXTURES = join(import.meta.dir, "fixtures");

let folder: string;
let paths: Paths;
let env: Record<string, string | undefined>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-launch-"));
  env = { ...process.env, KORUN_HOME: join(folder, "home"), KORUN_PORT: "0" };
  paths = resolvePaths(env);
});

afterEach(async () => {
  const pid = readRecord(paths)?.pid;
  if (pid !== undefined && isHeld(paths)) process.kill(pid, "SIGKILL");
  await waitFor("the daemon to be gone", () => !isHeld(paths));
  rmSync(folder, { recursive: true, force: true });
});

test("the first client starts a daemon, and the next one finds it", async () => {
  expect(await findSocket(paths)).toBeUndefined();
  expect(await launch()).toBe(paths.socket);
  const { pid } = seen();
  expect(await findSocket(paths)).toBe(paths.socket);
  expect(await launch("refuses")).toBe(paths.socket);
  expect(seen().pid).toBe(pid);
});

test("twenty clients at the same instant get one daemon", async () => {
  const clients = Array.from({ length: 20 }, () =>
    Bun.spawn([process.execPath, join(FIXTURES, "launcher.ts")], { env, stdout: "pipe" }),
  );
  const answered = await Promise.all(clients.map((client) => new Response(client.stdout).text()));
  expect(answered).toEqual(answered.map(() => `${paths.socket}\n`));
});

test("a daemon is in a session of its own, in a folder that nobody minds, with no lock of its launcher's", async () => {
  await launch();
  const { cwd, session, pid } = seen();
  expect(cwd).toBe("/");
  expect(session).toBe(String(pid));
  const lock = FileLock.tryTake(paths.launchLock);
  expect(lock).toBeDefined();
  lock?.release();
});

test("a daemon outlives its launcher", async () => {
  const client = Bun.spawn([process.execPath, join(FIXTURES, "launcher.ts")], { env });
  expect(await client.exited).toBe(0);
  expect(await answers(paths.socket)).toBe(true);
});

test("a daemon does not pass for a process of the session it was launched from", async () => {
  env = { ...env, KORUN_SESSION_ID: "an id", KORUN_NAME: "a name", OTHER: "kept" };
  await launch();
  expect(seen().env).toMatchObject({ OTHER: "kept", KORUN_DAEMON: "1", KORUN_HOME: paths.home });
  expect(Object.keys(seen().env)).not.toContain("KORUN_SESSION_ID");
  expect(Object.keys(seen().env)).not.toContain("KORUN_NAME");
});

test("a relative home means the same to the daemon", async () => {
  env = { ...env, KORUN_HOME: "home" };
  await launch();
  expect(seen().env.KORUN_HOME).toBe(paths.home);
});

test("what a daemon prints goes to its log", async () => {
  await launch();
  expect(readFileSync(paths.log, "utf8")).toContain("the fake daemon is up\n");
});

test("why a daemon cannot start is told, with the remedy, and the next client may try again", async () => {
  const problem = await failure("refuses");
  expect(problem.code).toBe("unavailable");
  expect(problem.message).toBe("port 7 is held");
  expect(problem.hint).toBe("Take port 8.");
  expect(await launch()).toBe(paths.socket);
});

test("a daemon that dies without a word is told, with its log", async () => {
  const problem = await failure("dies");
  expect(problem.message).toBe("the daemon ended with 7 while it started");
  expect(problem.hint).toContain(paths.log);
});

test("a daemon that says nothing for too long is ended", async () => {
  const problem = await failure("hangs", 200);
  expect(problem.message).toBe("the daemon was given up: it was not ready after 0.2 s");
  expect(problem.hint).toContain(paths.log);
});

test("so is the daemon of a keeper that does not end itself, and nothing half started stays", async () => {
  const problem = await failure("keeps one that hangs", 1_000);
  expect(problem.message).toContain("the daemon was given up");
  const { pid } = seen();
  await waitFor("the daemon to be gone", () => !isHeld(paths));
  expect(startTimeOf(pid)).toBeUndefined();
  expect(await launch()).toBe(paths.socket);
});

test("a daemon that serves at the last moment is not given up", async () => {
  expect(await launch("comes up when it is given up", 200)).toBe(paths.socket);
  expect(await answers(paths.socket)).toBe(true);
});

test("a daemon that was killed leaves nothing that keeps the next from starting", async () => {
  await launch();
  const { pid } = seen();
  process.kill(pid, "SIGKILL");
  await waitFor("the daemon to be gone", () => !isHeld(paths));
  expect(existsSync(paths.socket)).toBe(true);
  expect(await findSocket(paths)).toBeUndefined();
  rmSync(paths.socket); // the next daemon's own task
  expect(await launch()).toBe(paths.socket);
  expect(seen().pid).not.toBe(pid);
});

test("while a daemon is ending, a client waits until it may start another", async () => {
  preparePaths(paths);
  const ending = FileLock.tryTake(paths.lock);
  const launching = launch();
  await waitFor("the client to be at it", () => existsSync(paths.launchLock));
  ending?.release();
  expect(await launching).toBe(paths.socket);
});

test("a daemon that holds its home and does not answer is named", async () => {
  preparePaths(paths);
  const lock = FileLock.tryTake(paths.lock);
  lock?.write(
    JSON.stringify({ pid: 4_444, version: "1", startedAt: "", port: 1, socket: paths.socket }),
  );
  const problem = await failure("", 200);
  expect(problem.message).toContain(`the daemon of ${paths.home} (pid 4444) did not answer`);
  expect(existsSync(join(paths.home, "seen.json"))).toBe(false);
  lock?.release();
});

test("one whose socket was removed is named, with the way to end it", async () => {
  preparePaths(paths);
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { pid } = process;
  const record = { pid, version: "1", startedAt: "", port: server.port, socket: paths.socket };
  const lock = FileLock.tryTake(paths.lock);
  lock?.write(JSON.stringify(record));
  const problem = await failure("", 200);
  // Before anything can fail: who holds it at the end of a test is killed.
  lock?.release();
  expect(problem.message).toBe(
    `the socket of the daemon (pid ${pid}) was removed: ${paths.socket}`,
  );
  expect(problem.hint).toEndWith(`: curl -X POST ${server.url}v1/daemon/stop`);
});

test("a keeper that cannot bring its daemon up is asked why", async () => {
  preparePaths(paths);
  const lock = FileLock.tryTake(keeperLock(paths.home));
  const refusal = { reason: "port 7 is held", hint: "Take port 8." };
  lock?.write(JSON.stringify({ pid: 4_444, refusal }));
  const problem = await failure("", 200);
  expect(problem.message).toBe(`the daemon of ${paths.home} cannot start: port 7 is held`);
  expect(problem.hint).toBe("Take port 8. It is tried again by itself.");
  lock?.write(JSON.stringify({ pid: 4_444 }));
  expect((await failure("", 200)).message).toContain("did not answer");
  lock?.release();
});

test("a daemon whose socket lies elsewhere than this environment says is found", async () => {
  env = { ...env, KORUN_HOME: join(folder, "deep/".repeat(20), "home"), TMPDIR: folder };
  const short = { ...resolvePaths(env), socketFolder: join(folder, "s") };
  paths = { ...short, socket: join(short.socketFolder, "korun.sock") };
  preparePaths(paths);
  const lock = FileLock.tryTake(paths.lock);
  const recorded = join(folder, "other.sock");
  const server = Bun.serve({ unix: recorded, fetch: () => new Response() });
  lock?.write(JSON.stringify({ pid: 1, version: "1", startedAt: "", port: 1, socket: recorded }));
  expect(await findSocket(paths)).toBe(recorded);
  expect(await launch()).toBe(recorded);
  await server.stop(true);
  expect(await findSocket(paths)).toBeUndefined();
  lock?.release();
});

test("a home that is not safe to use is refused before anything is started", async () => {
  mkdirSync(paths.home);
  chmodSync(paths.home, 0o777);
  const problem = await failure("");
  expect(problem.code).toBe("bad_request");
  expect(readdirSync(paths.home)).toEqual([]);
});

test("a home in which something is in the way is named, with what is wrong", async () => {
  preparePaths(paths);
  mkdirSync(paths.launchLock);
  const problem = await failure("");
  expect(problem.message).toStartWith(`cannot use the home ${paths.home}: EISDIR`);
  expect(problem.hint).toContain("KORUN_HOME");
});

function launch(behaviour = "", timeoutMs?: number): Promise<string> {
  const options: LaunchOptions = {
    env,
    command: [process.execPath, join(FIXTURES, "fake-daemon.ts"), behaviour],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return launchDaemon(paths, options);
}

async function failure(behaviour: string, timeoutMs?: number): Promise<Problem> {
  try {
    await launch(behaviour, timeoutMs);
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error("the launch did not fail");
}

interface Seen {
  readonly pid: number;
  readonly cwd: string;
  readonly session: string;
  readonly env: Record<string, string>;
}

/** What the newest daemon saw when it started. */
function seen(): Seen {
  return JSON.parse(readFileSync(join(paths.home, "seen.json"), "utf8")) as Seen;
}
