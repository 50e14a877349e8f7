// stop and restart end the whole tree, whatever its processes do about it.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { BINARY, Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import {
  act,
  create,
  inspect,
  page,
  shell,
  until,
  untilExited,
  untilPrinted,
} from "./support/api.ts";
import { killDaemon } from "./support/deaths.ts";
import { canListen, isStopped, livingOf } from "./support/processes.ts";

const LISTENER = join(import.meta.dir, "../fixtures/process/listener.ts");
/** Prints `pid port` once it listens. */
const SERVER = `'${process.execPath}' '${LISTENER}'`;
/** The same, and SIGTERM does not end it. */
const STUBBORN = `${SERVER} ignore-term`;
/** Longer than any test: what ends before it did not need it. */
const LONG_GRACE = "30m";

/** Creates a session that starts a server somewhere below it; its port. */
async function serving(korun: Korun, script: string, more: object = {}) {
  const id = await create(korun, { ...shell(script), ...more });
  const [, pid, port] = await untilPrinted(korun, id, /^(\d+) (\d+)$/);
  expect(canListen(Number(port))).toBe(false);
  return { id, pid: Number(pid), port: Number(port) };
}

/** After this nothing of the session lives and its port is free, though nobody waited for that. */
async function stopAndCheck(korun: Korun, { id, port }: { id: string; port: number }) {
  await act(korun, id, "stop?wait=1");
  expect(livingOf(id)).toEqual([]);
  expect(canListen(port)).toBe(true);
  const session = await inspect(korun, id);
  expect(session).toMatchObject({ state: "exited", pid: null, left_behind: [] });
  return session;
}

test("a server below a shell ends with its shell", async () => {
  await using korun = new Korun();
  const server = await serving(korun, `${SERVER}; echo over`, { grace: LONG_GRACE });
  await stopAndCheck(korun, server);
});

test("a grandchild that ignores SIGTERM is killed after the grace", async () => {
  await using korun = new Korun();
  const server = await serving(korun, `${STUBBORN}; echo over`, { grace: 100 });
  await stopAndCheck(korun, server);
});

test("a grandchild in a session of its own that ignores SIGTERM ends as well", async () => {
  await using korun = new Korun();
  const server = await serving(korun, `setsid ${STUBBORN} & sleep 600`, { grace: 100 });
  await stopAndCheck(korun, server);
});

test("a shell that died before the server it started: the server ends, and its port is free", async () => {
  await using korun = new Korun();
  const server = await serving(korun, `${SERVER} &`, { grace: LONG_GRACE });
  // The run goes on with its group, and says already how its leader ended.
  const session = await until(korun, server.id, (it) => it.exit_code !== null);
  expect(session).toMatchObject({ state: "running", exit_code: 0, pid: null, left_behind: [] });
  expect((await stopAndCheck(korun, server)).exit_code).toBe(0);
});

test("a restart takes the port over from a stubborn tree, time and again", async () => {
  await using korun = new Korun();
  const first = await serving(korun, SERVER);
  await stopAndCheck(korun, first);
  const script = `trap '' TERM; setsid ${STUBBORN} ${first.port} & sleep 600; sleep 600`;
  const id = await create(korun, { ...shell(script), grace: 20 });
  for (let run = 1; run <= 5; run += 1) {
    const pid = await waitFor("the server to listen", async () => {
      const { entries } = await page(korun, id);
      const line = entries.find((entry) => entry.run === run && / \d+$/.test(entry.line))?.line;
      expect(line ?? `0 ${first.port}`).toEndWith(` ${first.port}`);
      return line?.split(" ", 1)[0];
    });
    const living = livingOf(id);
    expect(living).toContain(Number(pid));
    await act(korun, id, "restart?wait=1");
    expect(livingOf(id).filter((it) => living.includes(it))).toEqual([]);
  }
  await act(korun, id, "stop?wait=1&force=1");
});

test("a command that ends on SIGTERM is given its grace and keeps its exit code", async () => {
  await using korun = new Korun();
  const script = "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.01; done";
  const id = await create(korun, { ...shell(script), grace: LONG_GRACE });
  await untilPrinted(korun, id, /^up$/);
  await act(korun, id, "stop?wait=1");
  expect(await inspect(korun, id)).toMatchObject({ exit_code: 7, term_signal: null });
  await untilPrinted(korun, id, /^bye$/);
});

test("a stopped process (SIGSTOP) still ends gracefully", async () => {
  await using korun = new Korun();
  const script = "trap 'exit 5' TERM; echo up; kill -STOP $$; while :; do sleep 0.01; done";
  const id = await create(korun, { ...shell(script), grace: LONG_GRACE });
  const { pid } = await until(korun, id, (it) => it.stdout_lines === 1);
  await waitFor("it to be stopped", () => isStopped(pid ?? 0));
  await act(korun, id, "stop?wait=1");
  expect(await inspect(korun, id)).toMatchObject({ exit_code: 5, term_signal: null });
});

test("a second stop with force=1 kills at once what the first still waits for", async () => {
  await using korun = new Korun();
  const server = await serving(korun, `${STUBBORN}; sleep 600`, { grace: LONG_GRACE });
  expect(await act(korun, server.id, "stop")).toMatchObject({ state: "stopping" });
  expect(await inspect(korun, server.id)).toMatchObject({ state: "stopping" });
  expect(await act(korun, server.id, "stop?force=1&wait=1")).toMatchObject({ state: "exited" });
  expect(livingOf(server.id)).toEqual([]);
  expect(canListen(server.port)).toBe(true);
});

test("force=1 spares a command its grace, though it would end on SIGTERM", async () => {
  await using korun = new Korun();
  const script = "trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done";
  const id = await create(korun, { ...shell(script), grace: LONG_GRACE });
  await untilPrinted(korun, id, /^up$/);
  await act(korun, id, "stop?force=1&wait=1");
  expect(await inspect(korun, id)).toMatchObject({ exit_code: null, term_signal: "SIGKILL" });
});

test("a run ends by itself when its process group is empty, with its leader's exit code", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("sleep 600 & echo $!; exit 4"));
  const [helper] = await untilPrinted(korun, id, /^\d+$/);
  const lingering = await until(korun, id, (it) => it.exit_code === 4);
  expect(lingering).toMatchObject({ state: "running", pid: null, last_stopped_at: null });
  process.kill(Number(helper), "SIGKILL");
  const ended = await untilExited(korun, id);
  expect(ended).toMatchObject({ exit_code: 4, term_signal: null, left_behind: [] });
});

test("a run whose leader has ended goes on with its group when the daemon is killed", async () => {
  await using korun = new Korun();
  const command = shell("sleep 600 & echo $!; exit 4");
  const id = await create(korun, { ...command, restart: { kind: "always" } });
  const [helper] = await untilPrinted(korun, id, /^\d+$/);
  await until(korun, id, (it) => it.exit_code === 4);
  await killDaemon(korun);
  expect(await inspect(korun, id)).toMatchObject({ state: "running", pid: null, run: 1 });
  expect(livingOf(id)).toHaveLength(1);
  process.kill(Number(helper), "SIGKILL");
  await until(korun, id, (it) => it.run === 2 && it.exit_code === 4);
});

test("a daemon started from inside a session is no part of it", async () => {
  await using korun = new Korun();
  await using inner = new Korun();
  const env = { KORUN_HOME: inner.home, KORUN_PORT: "0", HOME: inner.work };
  const id = await create(korun, { ...shell(`'${BINARY}' daemon start; exec sleep 600`), env });
  await untilPrinted(korun, id, /^log/);
  const innerId = await inner.serve("exec sleep 600");
  await act(korun, id, "stop?wait=1");
  expect(livingOf(id)).toEqual([]);
  expect((await inner.session(innerId)).state).toBe("running");
});
