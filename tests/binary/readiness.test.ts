// Whether a session is ready: on real processes, ports and daemons that are killed.

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventListReply } from "../../src/api/history-replies.ts";
import type { SessionReply } from "../../src/api/replies.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { freePort, listen, serverOn } from "./support/ports.ts";

/** Starts a session with these checks and gives its id. */
async function start(
  korun: Korun,
  command: readonly string[],
  flags: readonly string[],
): Promise<string> {
  return await korun.ok(["serve", ...flags, "--", ...command]);
}

function sh(script: string): readonly string[] {
  return ["sh", "-c", script];
}

function isReady({ ready }: SessionReply): boolean {
  return ready;
}

/** Waits until it has been looked, and gives what is missing. */
async function missing(korun: Korun, id: string): Promise<readonly string[]> {
  const { waiting_for } = await korun.until(id, ({ waiting_for }) => {
    return waiting_for.length > 0 && !waiting_for.some((one) => one.endsWith(" yet"));
  });
  return waiting_for;
}

/** Kills the daemon and waits for the next one. */
async function killDaemon(korun: Korun): Promise<void> {
  const { pid } = await korun.status();
  process.kill(pid, "SIGKILL");
  await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
}

async function eventsOf(korun: Korun, id: string): Promise<string[]> {
  const { events } = await korun.json<EventListReply>("/v1/events?limit=1000");
  return events.filter(({ session_id }) => session_id === id).map(({ type }) => type);
}

describe("A session that is ready once it has printed something", () => {
  for (const [what, script, flags] of [
    [
      "a text within a line of JSON",
      `echo '{"msg":"up","port":3000}'`,
      ["--ready-log", '"msg":"up"'],
    ],
    ["what begins a line", "echo ready to go", ["--ready-regex", "^ready"]],
    ["a prompt without a newline", "printf 'Password: '", ["--ready-log", "Password:"]],
    [
      "a text in colours",
      "printf '\\033[32mlist\\033[0mening\\n' >&2",
      ["--ready-log", "listening"],
    ],
  ] as const) {
    test(`is ready at ${what}`, async () => {
      await using korun = new Korun();
      const id = await start(korun, sh(`${script}; sleep 600`), flags);
      expect(await korun.until(id, isReady)).toMatchObject({
        ready: true,
        ready_at: expect.any(String),
        waiting_for: [],
      });
    });
  }

  test("is not at another text, nor at that of an earlier run", async () => {
    await using korun = new Korun();
    const script = "[ -e again ] && echo other || echo up; touch again; sleep 600";
    const id = await start(korun, sh(script), ["--ready-log", "up"]);
    await korun.until(id, isReady);
    await korun.ok(["restart", id]);
    await korun.until(id, ({ stdout_lines }) => stdout_lines === 2);
    expect(await korun.session(id)).toMatchObject({
      run: 2,
      ready: false,
      ready_at: null,
      waiting_for: ['log "up": not printed yet'],
    });
  });

  test("is not made of an expression that is none", async () => {
    await using korun = new Korun();
    const refused = await korun.run(["serve", "--ready-regex", "up (", "--", "true"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--ready-regex is no regular expression");
    expect(await korun.json<object>("/v1/sessions")).toEqual({ sessions: [] });
  });
});

describe("A session that is ready once it listens", () => {
  for (const host of ["127.0.0.1", "::1", "0.0.0.0"]) {
    test(`is ready on ${host}`, async () => {
      await using korun = new Korun();
      const port = await freePort();
      const flags = ["--ready-port", String(port), "--ready-url", `http://localhost:${port}/`];
      const id = await start(korun, serverOn(port, { host }), flags);
      await korun.until(id, isReady);
      expect(await eventsOf(korun, id)).toEqual(["created", "starting", "running", "ready"]);
    });
  }

  test("is not while a stranger does, who is told, and is once he has left", async () => {
    await using korun = new Korun();
    const stranger = await listen(0, "127.0.0.1");
    const { port } = stranger;
    const [program, ...args] = serverOn(port);
    const script = 'until [ -e go ]; do sleep 0.01; done; exec "$@"';
    const command = ["sh", "-c", script, "sh", program, ...args];
    const id = await start(korun, command, ["--ready-port", String(port)]);
    const name = readFileSync("/proc/self/comm", "utf8").trim();
    const words = `${name} (pid ${process.pid}) has listened there since before this run`;
    expect(await missing(korun, id)).toEqual([`port ${port}: ${words}`]);
    await stranger[Symbol.asyncDispose]();
    await korun.until(id, ({ waiting_for }) => waiting_for[0] === `port ${port}: nothing listens`);
    writeFileSync(join(korun.work, "go"), "");
    await korun.until(id, isReady);
  });

  test("says of one that could not listen who kept it from the port", async () => {
    await using korun = new Korun();
    await using stranger = await listen(0, "127.0.0.1");
    const { port } = stranger;
    const script = "until [ -e go ]; do sleep 0.01; done; exit 1";
    const id = await start(korun, sh(script), ["--name", "web", "--ready-port", String(port)]);
    const name = readFileSync("/proc/self/comm", "utf8").trim();
    const who = `${name} (pid ${process.pid})`;
    const words = `port ${port}: ${who} has listened there since before this run`;
    expect(await missing(korun, id)).toEqual([words]);
    writeFileSync(join(korun.work, "go"), "");
    const { stderr } = await korun.run(["wait", "web"]);
    expect(stderr).toContain("web exited with code 1 before it was ready");
    expect(stderr).toContain(`It was waiting for ${words}.`);
    expect(await korun.ok(["why", "web"])).toContain(`It was not ready by then: ${words}.`);
    await killDaemon(korun);
    expect((await korun.session("web")).waited_for).toEqual([words]);
  });

  test("may have somebody else listen for it, as docker does, from its start on", async () => {
    await using korun = new Korun();
    const port = await freePort();
    const id = await start(korun, ["sleep", "600"], ["--ready-port", String(port)]);
    expect(await missing(korun, id)).toEqual([`port ${port}: nothing listens`]);
    await using _ = await listen(port, "0.0.0.0");
    await korun.until(id, isReady);
  });

  test("is ready at the status that is wanted, and at no other", async () => {
    await using korun = new Korun();
    const port = await freePort();
    writeFileSync(join(korun.work, "status"), "503");
    const url = `http://localhost:${port}/health`;
    const id = await start(korun, serverOn(port), ["--ready-url", url]);
    await korun.until(id, ({ waiting_for }) => waiting_for[0] === `url ${url}: answers 503`);
    writeFileSync(join(korun.work, "status"), "204");
    await korun.until(id, isReady);
  });
});

describe("A session that is ready by a file and a command", () => {
  test("wants both, in its own folder and environment", async () => {
    await using korun = new Korun();
    const line = 'test "$STAGE" = up -a -e "$STAGE"';
    const flags = ["-e", "STAGE=up", "--ready-file", "built", "--ready-cmd", line];
    const id = await start(korun, ["sleep", "600"], flags);
    expect(await missing(korun, id)).toEqual([
      "file built: does not exist",
      `command ${line}: exits with 1`,
    ]);
    writeFileSync(join(korun.work, "built"), "");
    expect((await korun.until(id, ({ waiting_for }) => waiting_for.length === 1)).ready).toBe(
      false,
    );
    writeFileSync(join(korun.work, "up"), "");
    await korun.until(id, isReady);
  });

  test("leaves nothing of a command that hangs, and does not count it as its own", async () => {
    await using korun = new Korun();
    const hanging = "echo $$ > check; setsid sleep 601 & exec sleep 602";
    const script = "until [ -e go ]; do sleep 0.01; done";
    const id = await start(korun, sh(script), ["--ready-cmd", hanging]);
    await waitFor("the command to run", () => existsSync(join(korun.work, "check")));
    writeFileSync(join(korun.work, "go"), "");
    expect(await korun.until(id, ({ state }) => state === "exited")).toMatchObject({
      left_behind: [],
      exit_code: 0,
    });
    await waitFor("the command to go", () => sleepersOf(korun).length === 0);
  });
});

/** What lives of those commands. */
function sleepersOf(korun: Korun): string[] {
  return processesWith(`KORUN_HOME=${korun.home}`).filter((line) => / sleep 60[12]/.test(line));
}

test("A session that is not ready in time is told, and runs on", async () => {
  await using korun = new Korun();
  const flags = ["--ready-file", "never", "--ready-timeout", "50ms"];
  const id = await start(korun, ["sleep", "600"], flags);
  expect(await korun.until(id, ({ ready_timed_out }) => ready_timed_out)).toMatchObject({
    state: "running",
    ready: false,
    waiting_for: ["file never: does not exist"],
  });
  expect(await eventsOf(korun, id)).toEqual(["created", "starting", "running", "not_ready"]);
});

describe("When the daemon is killed", () => {
  test("a session that was ready still is, since the same moment", async () => {
    await using korun = new Korun();
    const id = await start(korun, sh("echo up; sleep 600"), ["--ready-log", "up"]);
    const { ready_at } = await korun.until(id, isReady);
    await killDaemon(korun);
    expect(await korun.session(id)).toMatchObject({ ready: true, ready_at });
    expect(await eventsOf(korun, id)).toEqual([
      ...["created", "starting", "running", "ready", "adopted"],
    ]);
  });

  test("a session that was not goes on with what is missing, and knows its strangers", async () => {
    await using korun = new Korun();
    await using stranger = await listen(0, "127.0.0.1");
    const { port } = stranger;
    const flags = ["--ready-log", "up", "--ready-port", String(port)];
    const id = await start(korun, sh("echo up; sleep 600"), flags);
    const before = await missing(korun, id);
    expect(before).toHaveLength(1);
    await killDaemon(korun);
    expect(await missing(korun, id)).toEqual(before);
    await using _ = await listen(port, "::1");
    await korun.until(id, isReady);
  });

  test("its command that hung is ended, and run again by the next one", async () => {
    await using korun = new Korun();
    const command = "echo >> begun; exec sleep 601";
    const id = await start(korun, ["sleep", "600"], ["--ready-cmd", command]);
    const begun = join(korun.work, "begun");
    await waitFor("the command to run", () => existsSync(begun));
    await killDaemon(korun);
    await waitFor("it to run again", () => readFileSync(begun, "utf8") === "\n\n");
    await waitFor("the first to be gone", () => sleepersOf(korun).length === 1);
    await korun.ok(["stop", id]);
    await waitFor("the second to be gone", () => sleepersOf(korun).length === 0);
  });
});
