// The daemon: it starts by itself, is one, and ends with everything it started.

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import type { DaemonReply } from "../../src/api/daemon-replies.ts";
import type { SessionListReply } from "../../src/api/replies.ts";
import { always, FakeDaemon, session } from "../cli/support/fake-daemon.ts";
import { Reading } from "../cli/support/reading.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { livingOf } from "./support/processes.ts";
import { inShell, pathWithKorun } from "./support/shell.ts";
import { CTRL_C, Terminal } from "./support/terminal.ts";

/** Has heard of SIGTERM and stays. */
const STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.05; done";

/** Nothing of a home runs any more: no daemon, and no session of its. */
async function allEnded(korun: Korun): Promise<void> {
  await waitFor("all to end", () => processesWith(`KORUN_HOME=${korun.home}`).length === 0);
}

test("twenty serve at the same instant on a cold home: one daemon and twenty sessions", async () => {
  await using korun = new Korun();
  const ids = await Promise.all(Array.from({ length: 20 }, () => korun.serve("exec sleep 600")));
  expect(new Set(ids).size).toBe(20);
  const { sessions } = JSON.parse(await korun.ok(["ls", "--json"])) as SessionListReply;
  expect(sessions.map(({ id }) => id).sort()).toEqual(ids.sort());
  expect(sessions.every(({ state }) => state === "running")).toBe(true);
  const { sessions_created, sessions_running } = await korun.status();
  expect([sessions_created, sessions_running]).toEqual([20, 20]);
  expect((await korun.ok(["daemon", "logs"])).match(/listens on/g)).toHaveLength(1);
});

test("daemon status --json says where everything is, and all of it is the user's alone", async () => {
  await using korun = new Korun();
  await korun.serve("exec sleep 600");
  const status = await korun.status();
  expect(status).toMatchObject({
    service: "korun",
    version,
    pid: expect.any(Number),
    started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    uptime_ms: expect.any(Number),
    sessions_created: 1,
    sessions_running: 1,
    sessions_known: 1,
    port: expect.any(Number),
    socket: join(korun.home, "korun.sock"),
    home: korun.home,
    log: join(korun.home, "daemon.log"),
  });
  for (const name of [".", ...(readdirSync(korun.home, { recursive: true }) as string[])]) {
    const stat = statSync(join(korun.home, name));
    expect([name, stat.mode & 0o077]).toEqual([name, 0]);
  }
  expect(statSync(status.socket).mode & 0o777).toBe(0o600);
  expect(statSync(korun.home).mode & 0o777).toBe(0o700);
});

test("a home whose path is too long for a socket has it elsewhere, and status says where", async () => {
  await using korun = new Korun();
  const home = join(korun.root, "deep/".repeat(20), "home");
  const env = { KORUN_HOME: home };
  const runtime = { XDG_RUNTIME_DIR: korun.work };
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => void (await korun.run(["daemon", "stop"], { env })));
  const started = await korun.ok(["daemon", "start", "--json"], { env: { ...env, ...runtime } });
  const { socket } = JSON.parse(started) as DaemonReply;
  expect(socket).toStartWith(join(korun.work, "korun/"));
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  // Another shell, which has no runtime folder, finds the same daemon.
  const found = JSON.parse(await korun.ok(["daemon", "status", "--json"], { env })) as DaemonReply;
  expect(found).toMatchObject({ socket, home });
  // Nothing of it stays where others keep their things, and the next one makes it again.
  await korun.ok(["daemon", "stop"], { env });
  await waitFor("its folder to go", () => !existsSync(dirname(socket)));
  await korun.ok(["daemon", "start"], { env: { ...env, ...runtime } });
  expect(existsSync(socket)).toBe(true);
});

test("KORUN_PORT and KORUN_HOME keep any number of korun apart", async () => {
  await using one = new Korun();
  await using two = new Korun();
  await one.serve("exec sleep 600", ["--name", "web"]);
  await two.serve("exec sleep 600", ["--name", "web"]);
  expect((await one.status()).port).not.toBe((await two.status()).port);
  await one.ok(["daemon", "stop"]);
  expect((await two.session("web")).state).toBe("running");
});

test("a daemon belongs to no terminal, no folder and no session of its starter's", async () => {
  await using korun = new Korun();
  mkdirSync(join(korun.work, "folder"));
  await korun.ok(["daemon", "start"], { cwd: join(korun.work, "folder") });
  const { pid } = await korun.status();
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
  const [, , , session, terminal] = (
    readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? ""
  ).split(" ");
  expect({ session, terminal }).toEqual({ session: String(pid), terminal: "0" });
});

test("a daemon and its sessions survive the terminal they were started from", async () => {
  await using korun = new Korun();
  const env = { PATH: pathWithKorun(korun) };
  await using terminal = new Terminal(korun, ["sh"], { env });
  terminal.type("korun serve --name web -- sleep 600; echo go''ne\n");
  await terminal.until("gone");
  const { pid } = await korun.status();
  terminal.close();
  await terminal.exited;
  expect((await korun.status()).pid).toBe(pid);
  expect((await korun.session("web")).state).toBe("running");
  await korun.serve("exec sleep 600");
});

test("a daemon started from within a session is not ended with it", async () => {
  await using inner = new Korun();
  await using outer = new Korun();
  const start = `KORUN_HOME=${inner.home} korun serve --name web -- sleep 600; exec sleep 600`;
  const env = { PATH: pathWithKorun(outer) };
  const id = await outer.serve(start, [], { env });
  await outer.until(id, ({ stdout_lines }) => stdout_lines === 1);
  await outer.ok(["stop", id]);
  expect(livingOf(id)).toEqual([]);
  expect((await inner.session("web")).state).toBe("running");
});

describe("daemon start and stop", () => {
  test("start is no second one where one runs; stop of none is no error", async () => {
    await using korun = new Korun();
    const first = JSON.parse(await korun.ok(["daemon", "start", "--json"])) as DaemonReply;
    const second = JSON.parse(await korun.ok(["daemon", "start", "--json"])) as DaemonReply;
    expect(second.pid).toBe(first.pid);
    expect(await korun.ok(["daemon", "stop"])).toBe("the daemon stopped");
    expect(processesWith(`KORUN_HOME=${korun.home}`)).toEqual([]);
    expect(await korun.run(["daemon", "stop"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "korun: no daemon is running\n",
    });
    expect((await korun.run(["daemon", "status"])).code).toBe(1);
  });

  test("stop returns when it has ended with all its sessions, --no-wait at once", async () => {
    await using korun = new Korun();
    const id = await korun.serve(STUBBORN, ["--grace", "10m"]);
    await korun.until(id, ({ stdout_lines }) => stdout_lines === 1);
    expect(await korun.ok(["daemon", "stop", "--no-wait"])).toBe("the daemon is stopping");
    await korun.until(id, ({ state }) => state === "stopping");
    const { code, stderr } = await korun.run(["serve", "--", "true"]);
    expect(code).toBe(1);
    expect(stderr).toStartWith("korun: The daemon is shutting down");
    await korun.ok(["stop", id, "--force"]);
    await allEnded(korun);
  });
});

test("SIGTERM stops all sessions within their grace, those that ignore it too", async () => {
  await using korun = new Korun();
  const polite = "trap 'echo bye > bye; exit' TERM; echo ready; while :; do sleep 0.02; done";
  const ids = [
    await korun.serve(polite, ["--grace", "10m"]),
    await korun.serve(STUBBORN, ["--grace", "100ms"]),
    await korun.serve(`setsid sh -c "${STUBBORN}" & echo ready; wait`, ["--grace", "100ms"]),
  ];
  for (const id of ids) await korun.until(id, ({ stdout_lines }) => stdout_lines >= 1);
  const { pid } = await korun.status();
  process.kill(pid, "SIGTERM");
  await allEnded(korun);
  for (const id of ids) expect(livingOf(id)).toEqual([]);
  expect(readFileSync(join(korun.work, "bye"), "utf8")).toBe("bye\n");
  expect(await korun.ok(["daemon", "logs"])).toMatch(/info {2}stopping: SIGTERM\n.* stopped\n?/);
});

describe("daemon run", () => {
  test("is the daemon in the foreground: it says where it listens, and Ctrl-C stops it", async () => {
    await using korun = new Korun();
    await using terminal = Terminal.korun(korun, ["daemon", "run"]);
    await terminal.until("and for its user alone at");
    const { port, pid, socket } = await korun.status();
    expect(terminal.shown).toContain(`(pid ${pid}) listens on http://127.0.0.1:${port}\r\n`);
    expect(terminal.shown).toContain(socket);
    const id = await korun.serve("exec sleep 600");
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(0);
    expect(livingOf(id)).toEqual([]);
  });

  test("where one runs already it is refused, with the pid of that one", async () => {
    await using korun = new Korun();
    await korun.ok(["daemon", "start"]);
    const { pid } = await korun.status();
    const { code, stderr } = await korun.run(["daemon", "run"]);
    expect(code).toBe(1);
    expect(stderr).toStartWith(`korun: a daemon of ${korun.home} already runs: pid ${pid}\n`);
  });
});

test.each([
  ["older", "0.9.0", "korun daemon upgrade"],
  ["newer", "99.0.0", "install that version"],
])(
  "an %s daemon serves all the same, with a note and a remedy on stderr",
  async (_, theirs, remedy) => {
    const list = { "GET /v1/sessions": always({ sessions: [session()] }) };
    await using daemon = new FakeDaemon(list, theirs);
    await using korun = new Korun({ KORUN_HOME: daemon.home });
    const { code, stdout, stderr } = await korun.run(["ls"]);
    expect(code).toBe(0);
    expect(stdout).toContain("cargo run");
    expect(stderr).toStartWith(`korun: the daemon is ${theirs}, this is ${version}: `);
    expect(stderr).toContain(remedy);
  },
);

test("a port that the daemon does not have is told, where one is asked for", async () => {
  await using korun = new Korun();
  await korun.ok(["daemon", "start"]);
  const { port } = await korun.status();
  const other = port === 7_999 ? 7_998 : 7_999;
  const words = `korun: the daemon of this home listens on ${port}, not on ${other} (KORUN_PORT): `;
  const told = `${words}\`korun daemon stop\` first, to have it there\n`;
  for (const args of [["serve", "--", "true"], ["daemon", "start"], ["ls"]]) {
    const asking = async (KORUN_PORT: string) => {
      const { code, stderr } = await korun.run(args, { env: { KORUN_PORT } });
      return { code, stderr };
    };
    expect(await asking(String(other))).toEqual({ code: 0, stderr: told });
    for (const none of [String(port), "0", ""])
      expect(await asking(none)).toEqual({ code: 0, stderr: "" });
  }
});

test("daemon logs shows its own log, also when it does not run, and follows it", async () => {
  await using korun = new Korun();
  const none = await korun.run(["daemon", "logs"]);
  expect(none.code).toBe(1);
  expect(none.stderr).toStartWith("korun: there is no log yet at ");
  await korun.ok(["daemon", "start"]);
  const follower = korun.spawn(["daemon", "logs", "-f"]);
  const shown = new Reading(follower.stdout);
  await shown.until("listens on");
  await korun.ok(["daemon", "stop"]);
  await shown.until("stopped\n");
  // The keeper has the last word.
  await waitFor("all of it", async () => `${await korun.ok(["daemon", "logs"])}\n` === shown.text);
  follower.kill("SIGINT");
  expect(`${await korun.ok(["daemon", "logs"])}\n`).toBe(await shown.all);
  expect((await korun.ok(["daemon", "logs", "-n", "1"])).split("\n").length).toBe(1);
  expect((await inShell(korun, "korun daemon logs | head -n 1")).stderr).toBe("");
});
