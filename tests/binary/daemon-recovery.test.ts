// What the daemon meets on a real machine: ports that are taken, daemons that were killed, logs
// that grow.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { killBoth, killDaemon } from "./support/deaths.ts";
import { isGone } from "./support/processes.ts";

/** A server of this process on a port of the loopback. */
async function stranger(): Promise<{ server: Server; port: number } & AsyncDisposable> {
  const server = createServer((connection) => connection.resume());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { server, port, [Symbol.asyncDispose]: close };
}

describe("a port that a stranger holds", () => {
  test("is told with the holder's pid and name, and the way out", async () => {
    await using held = await stranger();
    const { port } = held;
    await using korun = new Korun({ KORUN_PORT: String(port) });
    const name = readFileSync("/proc/self/comm", "utf8").trim();
    for (const args of [
      ["serve", "--", "true"],
      ["daemon", "start"],
      ["run", "--", "true"],
    ]) {
      expect(await korun.run(args)).toEqual({
        code: 1,
        stdout: "",
        stderr:
          `korun: port ${port} is held by pid ${process.pid} (${name})\n` +
          `  Set KORUN_PORT to another port, such as ${port + 1}, for this and every korun command.\n`,
      });
    }
    // A daemon that could not start tells its client before it ends.
    const left = () => processesWith(`KORUN_HOME=${korun.home}`);
    await waitFor("every daemon to end", () => left().length === 0);
    const other = { env: { KORUN_PORT: "0" } };
    expect((await korun.run(["daemon", "start"], other)).code).toBe(0);
  });

  test("is the daemon's as soon as it is free", async () => {
    const held = await stranger();
    const { port } = held;
    await using korun = new Korun({ KORUN_PORT: String(port) });
    expect((await korun.run(["serve", "--", "true"])).code).toBe(1);
    await held[Symbol.asyncDispose]();
    await korun.ok(["serve", "--", "true"]);
    expect((await korun.status()).port).toBe(port);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });
});

test("a daemon whose home was removed under it is told by its port, and how to end it", async () => {
  const { server, port } = await stranger();
  await new Promise((resolve) => server.close(resolve));
  await using korun = new Korun({ KORUN_PORT: String(port) });
  await korun.ok(["daemon", "start"]);
  const { pid } = await korun.status();
  rmSync(korun.home, { recursive: true });
  const stop = `http://127.0.0.1:${port}/v1/daemon/stop`;
  const { code, stderr } = await korun.run(["serve", "--", "true"]);
  expect([code, stderr]).toEqual([
    1,
    `korun: port ${port} is held by the korun daemon of ${korun.home} (pid ${pid}), whose home was ` +
      "removed or replaced\n" +
      `  End it, and what it runs, with: curl -X POST ${stop} (or set KORUN_PORT to another port)\n`,
  ]);
  expect((await fetch(stop, { method: "POST" })).ok).toBe(true);
  await waitFor("it to be gone", () => isGone(pid));
  await korun.ok(["serve", "--", "true"]);
});

test("after kill -9 of the daemon the next command has one again, on the same socket", async () => {
  await using korun = new Korun();
  await korun.ok(["daemon", "start"]);
  const { pid, socket } = await korun.status();
  process.kill(pid, "SIGKILL");
  await waitFor("the daemon to be gone", () => isGone(pid));
  const id = await korun.serve("echo up; exec sleep 600");
  expect((await korun.session(id)).state).toBe("running");
  const status = await korun.status();
  expect(status.pid).not.toBe(pid);
  expect(status.socket).toBe(socket);
});

test("after kill -9 of daemon and keeper any command about sessions has them back", async () => {
  await using korun = new Korun();
  const id = await korun.serve("echo up; exec sleep 600", ["--name", "web"]);
  const { pid } = await korun.session(id);
  await killBoth(korun);
  expect((await korun.run(["daemon", "status"])).code).toBe(1);
  expect(await korun.ok(["ls"])).toContain("web");
  const session = await korun.session("web");
  expect([session.pid, session.state, session.run]).toEqual([pid, "running", 1]);
  expect(await korun.ok(["stop", "web"])).toBe("web stopped");
});

test("a next daemon that cannot start leaves everything as it is", async () => {
  await using korun = new Korun();
  const script = `trap "echo asked; exit 1" TERM; echo up; while :; do sleep 0.05; done`;
  const id = await korun.serve(script, ["--name", "web"]);
  const { pid } = await korun.until(id, ({ stdout_lines }) => stdout_lines === 1, "its trap");
  await killBoth(korun);
  await using held = await stranger();
  const refused = await korun.run(["ls"], { env: { KORUN_PORT: String(held.port) } });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("is held by pid")]);
  const left = () =>
    processesWith(`KORUN_HOME=${korun.home}`).filter((one) => one.includes("daemon"));
  await waitFor("that daemon to end", () => left().length === 0);
  expect(await korun.session("web")).toMatchObject({ pid, state: "running", run: 1 });
  expect(await korun.ok(["tail", "web"])).toBe("[stdout] up");
});

test("what a run left in its group is the run's under the next daemon too, whatever it carries", async () => {
  await using korun = new Korun();
  const script = 'env -i /bin/sh -c "echo \\$\\$; exec sleep 600" & sleep 0.05; exit 8';
  const id = await korun.serve(script, ["--name", "web"]);
  await korun.until(id, (session) => session.exit_code === 8 && session.stdout_lines === 1);
  const left = Number(await korun.ok(["logs", "web", "--stream", "stdout"]));
  const daemon = (await korun.status()).pid;
  process.kill(daemon, "SIGKILL");
  await waitFor("the daemon to be gone", () => isGone(daemon));
  expect(await korun.session("web")).toMatchObject({ state: "running", pid: null, exit_code: 8 });
  expect(isGone(left)).toBe(false);
  expect(await korun.ok(["stop", "web"])).toBe("web stopped");
  expect(isGone(left)).toBe(true);
});

test("a daemon that goes on with a stop asks nobody a second time", async () => {
  await using korun = new Korun();
  const go = join(korun.work, "go");
  const script = `trap "echo asked" TERM; echo up; until test -e ${go}; do sleep 0.05; done; exit 7`;
  const id = await korun.serve(script, ["--name", "web", "--grace", "1h"]);
  await korun.until(id, ({ stdout_lines }) => stdout_lines === 1, "its trap");
  await korun.ok(["stop", "web", "--no-wait"]);
  await korun.until(id, ({ stdout_lines }) => stdout_lines === 2, "that it was asked");
  const daemon = (await korun.status()).pid;
  process.kill(daemon, "SIGKILL");
  await waitFor("the daemon to be gone", () => isGone(daemon));
  expect(await korun.session("web")).toMatchObject({ state: "stopping", run: 1 });
  writeFileSync(go, "");
  const ended = await korun.until(id, ({ state }) => state === "exited");
  expect(ended).toMatchObject({ exit_code: 7, last_end: { kind: "stop" }, stdout_lines: 2 });
});

test("what ended while daemon and keeper were dead says that its last output may be missing", async () => {
  await using korun = new Korun();
  const id = await korun.serve("echo up; exec sleep 600", ["--name", "web"]);
  const { pid } = await korun.session(id);
  await killBoth(korun);
  process.kill(pid ?? 0, "SIGTERM");
  await waitFor("the child to end", () => isGone(pid ?? 0));
  await korun.ok(["ls"]);
  // Who reaps it may not have done so yet; then it can still be told how it ended.
  const { last_end } = await korun.until(id, ({ state }) => state === "exited");
  const why = await korun.ok(["why", "web"]);
  if (last_end?.kind === "signal") expect(last_end).toEqual({ kind: "signal", cut: true });
  else expect(last_end).toEqual({ kind: "unknown" });
  expect(why).toMatch(/its last output may be missing|nobody saw how/);
});

test("after daemon stop the next command has the sessions back, at rest", async () => {
  await using korun = new Korun();
  await korun.serve("echo up; exec sleep 600", ["--name", "web"]);
  await korun.ok(["daemon", "stop"]);
  expect(await korun.ok(["tail", "web"])).toBe("[stdout] up");
  expect((await korun.session("web")).last_end).toEqual({ kind: "daemon_stop" });
  await korun.ok(["daemon", "stop"]);
  expect(await korun.ok(["restart", "--lost"])).toBe("web restarted");
});

describe("after a database that was damaged", () => {
  test("output that is known to nobody is kept and told, start after start", async () => {
    await using korun = new Korun();
    const id = await korun.serve("echo precious");
    await korun.until(id, ({ state }) => state === "exited");
    await korun.ok(["daemon", "stop"]);
    writeFileSync(join(korun.home, "korun.db"), "garbage");
    const output = join(korun.home, "sessions", id);
    for (const _ of [1, 2, 3]) {
      await korun.ok(["daemon", "start"]);
      expect((await korun.status()).problem).toContain(output);
      expect(readFileSync(join(output, "stdout.ring"), "latin1")).toContain("precious");
      await korun.ok(["daemon", "stop"]);
    }
    rmSync(output, { recursive: true });
    await korun.ok(["daemon", "start"]);
    expect((await korun.status()).problem).toBeNull();
  });

  test("what runs is a session still, and prints on", async () => {
    await using korun = new Korun();
    const go = join(korun.work, "go");
    // More than a pipe holds: it would stand still if nobody read.
    const script = `until test -e ${go}; do sleep 0.05; done; seq 20000; exec sleep 600`;
    const id = await korun.serve(script, ["--name", "web", "--restart", "always"]);
    const { pid } = await korun.session(id);
    const daemon = await killBoth(korun);
    for (const name of ["korun.db", "korun.db-wal"]) writeFileSync(join(korun.home, name), "x");
    await korun.ok(["daemon", "start"]);
    expect((await korun.status()).pid).not.toBe(daemon);
    expect((await korun.status()).problem).toContain(`Session web (${id}) was not known`);
    writeFileSync(go, "");
    const printed = (session: { stdout_lines: number; stdout_dropped_lines: number }) =>
      session.stdout_lines + session.stdout_dropped_lines === 20_000;
    const session = await korun.until("web", printed, "all it prints");
    expect(session).toMatchObject({ id, pid, state: "running", run: 1, cwd: korun.work });
    // The next daemon knows it as any other, and so does a stop.
    await killDaemon(korun);
    expect((await korun.status()).problem).toBeNull();
    expect(await korun.session("web")).toMatchObject({ id, pid, state: "running", run: 1 });
    expect(await korun.ok(["stop", "web"])).toBe("web stopped");
    expect(isGone(pid ?? 0)).toBe(true);
  });

  test("so is what runs in a terminal that its keeper has", async () => {
    await using korun = new Korun();
    const id = await korun.serve("read line; echo got $line; exec sleep 600", ["--pty"]);
    const { pid } = await korun.status();
    process.kill(pid, "SIGSTOP");
    for (const name of ["korun.db", "korun.db-wal"]) writeFileSync(join(korun.home, name), "x");
    process.kill(pid, "SIGKILL");
    await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
    await korun.ok(["send", id, "it", "--enter"]);
    await waitFor("what it prints", async () => (await korun.lines(id)).includes("got it"));
    expect((await korun.session(id)).terminal).toMatchObject({ state: "open" });
    expect(await korun.ok(["restart", id])).toContain("restarted");
  });
});

describe("things that lie in a home from before:", () => {
  test("a lock file that nobody holds is no daemon", async () => {
    await using korun = new Korun();
    mkdirSync(korun.home, { mode: 0o700 });
    const record = { pid: process.pid, version: "1", startedAt: "", port: 1, socket: "/nowhere" };
    writeFileSync(join(korun.home, "daemon.lock"), JSON.stringify(record));
    writeFileSync(join(korun.home, "launch.lock"), "");
    expect((await korun.run(["daemon", "status"])).code).toBe(1);
    await korun.ok(["serve", "--", "true"]);
  });

  test("something else in the place of the socket is named and left alone", async () => {
    await using korun = new Korun();
    const socket = join(korun.home, "korun.sock");
    mkdirSync(socket, { recursive: true, mode: 0o700 });
    writeFileSync(join(korun.home, "daemon.lock"), "");
    const { code, stderr } = await korun.run(["serve", "--", "true"]);
    expect(code).toBe(1);
    expect(stderr).toStartWith(`korun: ${socket} is in the way: it is no socket\n`);
    expect(existsSync(socket)).toBe(true);
  });

  test("a home that others can write is refused", async () => {
    await using korun = new Korun();
    const open = join(korun.root, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    const env = { KORUN_HOME: open };
    const { code, stderr } = await korun.run(["serve", "--", "true"], { env });
    expect(code).toBe(2);
    expect(stderr).toStartWith(`korun: ${open} can be written by every user\n`);
  });
});

test("the daemon's log is bounded: one file of 1 MiB and one older one", async () => {
  await using korun = new Korun();
  mkdirSync(korun.home, { mode: 0o700 });
  const log = join(korun.home, "daemon.log");
  writeFileSync(join(korun.home, "daemon.lock"), "");
  writeFileSync(log, `${"x".repeat(99)}\n`.repeat(50_000), { mode: 0o600 });
  await korun.ok(["daemon", "start"]);
  expect(statSync(log).size).toBeLessThan(1_048_576);
  expect(statSync(`${log}.1`).size).toBeLessThanOrEqual(2 * 1_048_576);
  expect(readFileSync(log, "utf8")).toContain("listens on");
  expect(await korun.ok(["daemon", "logs", "-n", "100"])).toContain("xxx\n");
});
