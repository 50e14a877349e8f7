import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { DaemonReply } from "../../src/api/daemon-replies.ts";
import { korun, start } from "./support/cli.ts";
import { always, FakeDaemon } from "./support/fake-daemon.ts";
import { Reading } from "./support/reading.ts";

const status: DaemonReply = {
  service: "korun",
  version: "1.0.0",
  pid: 412,
  started_at: "2026-03-16T12:00:00.000Z",
  uptime_ms: 65_000,
  sessions_created: 5,
  sessions_running: 2,
  sessions_known: 4,
  port: 7777,
  socket: "/home/me/korun.sock",
  home: "/home/me",
  problem: null,
  log: "/home/me/daemon.log",
};

test.each(["start", "status"])("daemon %s shows the one that runs", async (command) => {
  await using daemon = new FakeDaemon({ "GET /v1/daemon": always(status) });
  const { code, stdout } = await korun(daemon, ["daemon", command]);
  expect(code).toBe(0);
  expect(stdout).toBe(`\
daemon    korun 1.0.0, running for 1m 5s
pid       412
started   2026-03-16T12:00:00.000Z
url       http://127.0.0.1:7777
socket    /home/me/korun.sock
home      /home/me
log       /home/me/daemon.log
sessions  2 running, 4 known, 5 created
`);
  const json = await korun(daemon, ["daemon", command, "--json"]);
  expect(JSON.parse(json.stdout)).toEqual(status);
});

test("daemon status of none is a failure, with the remedy", async () => {
  await using daemon = new FakeDaemon();
  expect(await korun(daemon, ["daemon", "status"])).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "korun: no daemon is running\n" +
      "  `korun serve -- COMMAND` starts one, and so does `korun daemon start`.\n",
  });
});

test("daemon stop asks it to, and returns when nobody holds its home", async () => {
  await using daemon = new FakeDaemon({ "POST /v1/daemon/stop": always({ ok: true }, 202) });
  expect(await korun(daemon, ["daemon", "stop"])).toEqual({
    code: 0,
    stdout: "the daemon stopped\n",
    stderr: "",
  });
  expect((await korun(daemon, ["daemon", "stop", "--no-wait"])).stdout).toBe(
    "the daemon is stopping\n",
  );
  expect((await korun(daemon, ["daemon", "stop", "--json"])).stdout).toBe('{"ok":true}\n');
});

test("daemon stop of none is no failure", async () => {
  await using daemon = new FakeDaemon();
  expect(await korun(daemon, ["daemon", "stop"])).toEqual({
    code: 0,
    stdout: "",
    stderr: "korun: no daemon is running\n",
  });
});

describe("daemon logs", () => {
  test("reads the file, whether or not a daemon runs, the older part first", async () => {
    await using daemon = new FakeDaemon();
    writeFileSync(`${daemon.log}.1`, "one\ntwo\n");
    writeFileSync(daemon.log, "three\nfour\n");
    expect((await korun(daemon, ["daemon", "logs"])).stdout).toBe("one\ntwo\nthree\nfour\n");
    expect((await korun(daemon, ["daemon", "logs", "-n", "3"])).stdout).toBe("two\nthree\nfour\n");
    expect((await korun(daemon, ["daemon", "logs", "-n0"])).stdout).toBe("");
  });

  test("says when there is none", async () => {
    await using daemon = new FakeDaemon();
    const { code, stderr } = await korun(daemon, ["daemon", "logs"]);
    expect(code).toBe(1);
    expect(stderr).toStartWith(`korun: there is no log yet at ${daemon.log}\n`);
  });

  test("says that a home cannot be one, rather than wait for its log", async () => {
    await using daemon = new FakeDaemon();
    writeFileSync(daemon.log, "");
    const env = { KORUN_HOME: `${daemon.log}/home` };
    for (const args of [["daemon", "logs", "-f"], ["ls"], ["daemon", "stop"]]) {
      const { code, stderr } = await korun(daemon, args, { env });
      const [first, second] = stderr.split("\n");
      expect([args, code, second]).toEqual([
        args,
        2,
        "  Set KORUN_HOME to a folder that you can write.",
      ]);
      expect(first).toStartWith(`korun: cannot use the home ${env.KORUN_HOME}: ENOTDIR`);
    }
  });

  test("-f goes on with what is added, also when the log is begun anew", async () => {
    await using daemon = new FakeDaemon();
    writeFileSync(daemon.log, "one\n");
    const child = start(daemon, ["daemon", "logs", "-f"]);
    const shown = new Reading(child.stdout);
    await shown.until("one\n");
    writeFileSync(daemon.log, "two\n", { flag: "a" });
    await shown.until("two\n");
    writeFileSync(`${daemon.log}.1`, "one\ntwo\nthree\n");
    writeFileSync(daemon.log, "4\n");
    await shown.until("4\n");
    child.kill();
    await child.exited;
    expect(await shown.all).toBe("one\ntwo\nthree\n4\n");
  });
});
