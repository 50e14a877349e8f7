// `korun wait` and its endpoint: each way a wait can end has an exit code of its own.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { WaitReply } from "../../src/api/waiting.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream).text();
}

describe("korun wait", () => {
  test("exits with 0 once the session is ready", async () => {
    await using korun = new Korun();
    await korun.serve("sleep 600", ["--name", "web", "--ready-file", "up"]);
    const waiting = korun.spawn(["wait", "web"]);
    writeFileSync(join(korun.work, "up"), "");
    expect(await waiting.exited).toBe(0);
    expect(await text(waiting.stdout)).toBe("web is ready\n");
    const again = await korun.run(["wait", "web", "--json"]);
    expect(JSON.parse(again.stdout) as WaitReply).toMatchObject({
      outcome: "reached",
      ready: true,
      waiting_for: [],
    });
  });

  test("exits with 124 when the time is over, and says what is missing", async () => {
    await using korun = new Korun();
    await korun.serve("sleep 600", ["--name", "web", "--ready-log", "up"]);
    expect(await korun.run(["wait", "web", "--timeout", "50ms"])).toEqual({
      code: 124,
      stdout: "",
      stderr:
        "korun: web is not ready after 50ms: it is running\n" +
        '  It waits for log "up": not printed yet. See: korun logs web\n',
    });
    expect((await korun.run(["wait", "web", "--for", "exit", "--timeout", "0"])).code).toBe(124);
  });

  test("exits with 124 when the run's own time to be ready is over", async () => {
    await using korun = new Korun();
    const flags = ["--name", "web", "--ready-log", "up", "--ready-timeout", "50ms"];
    await korun.serve("sleep 600", flags);
    const { code, stderr } = await korun.run(["wait", "web"]);
    expect(code).toBe(124);
    expect(stderr).toStartWith("korun: web was not ready in time, and runs on\n");
  });

  test("exits with 3 when the session ends instead, even if it had been ready", async () => {
    await using korun = new Korun();
    const script = "until [ -e go ]; do sleep 0.01; done; echo up; exit 7";
    await korun.serve(script, ["--name", "web", "--ready-log", "up"]);
    const waiting = korun.spawn(["wait", "web", "--json"]);
    await waitFor("the wait to begin", async () => {
      const { waiting_for } = await korun.session("web");
      return waiting_for.length > 0;
    });
    writeFileSync(join(korun.work, "go"), "");
    expect(await waiting.exited).toBe(3);
    expect(JSON.parse(await text(waiting.stdout)) as WaitReply).toMatchObject({
      outcome: "ended",
      state: "exited",
      ready: false,
      exit_code: 7,
    });
    // Whether it was seen to be ready before its end depends on who was faster.
    expect(await text(waiting.stderr)).toMatch(
      /^korun: web (exited with code 7 before it was ready|does not run: it exited with code 7)\n/,
    );
  });

  test("does not say of one that was ready before its end that it never was", async () => {
    await using korun = new Korun();
    const script = "echo up; until [ -e go ]; do sleep 0.01; done; exit 3";
    await korun.serve(script, ["--name", "web", "--ready-log", "up", "--wait"]);
    writeFileSync(join(korun.work, "go"), "");
    await korun.until("web", ({ state }) => state === "exited");
    const { code, stderr } = await korun.run(["wait", "web"]);
    expect(code).toBe(3);
    expect(stderr).toStartWith("korun: web does not run: it exited with code 3\n");
  });

  test("exits with 4 for an unknown session, and where there is no daemon at all", async () => {
    await using korun = new Korun();
    expect((await korun.run(["wait", "nobody"])).code).toBe(4);
    await korun.ok(["daemon", "start"]);
    expect((await korun.run(["wait", "nobody"])).code).toBe(4);
    expect((await korun.run(["wait", "nobody", "--for", "life"])).code).toBe(2);
  });

  test("answers at once where the daemon was stopped and nothing is remembered", async () => {
    await using korun = new Korun();
    await korun.serve("exit 0", ["--name", "web"]);
    await korun.until("web", ({ state }) => state === "exited");
    await korun.ok(["rm", "web"]);
    await korun.ok(["daemon", "stop"]);
    for (const asked of [
      ["wait", "web"],
      ["expect", "web", "up"],
    ]) {
      const since = performance.now();
      const { code, stderr } = await korun.run([...asked, "--timeout", "0"]);
      expect(code).toBe(4);
      expect(stderr).toStartWith("korun: no daemon is running\n");
      expect(performance.now() - since).toBeLessThan(5_000);
    }
  });

  test("waits for the end of a session, and tells it", async () => {
    await using korun = new Korun();
    const script = "until [ -e go ]; do sleep 0.01; done; exit 5";
    await korun.serve(script, ["--name", "build"]);
    const waiting = korun.spawn(["wait", "build", "--for", "exit"]);
    writeFileSync(join(korun.work, "go"), "");
    expect(await waiting.exited).toBe(0);
    expect(await text(waiting.stdout)).toBe("build has exited with code 5\n");
  });

  test("goes on while a restart policy revives the session", async () => {
    await using korun = new Korun();
    const script = 'echo >> runs; [ "$(wc -l < runs)" -lt 3 ] && exit 1; echo up; exec sleep 600';
    const flags = ["--name", "web", "--restart", "fixed:10ms", "--ready-log", "up"];
    await korun.serve(script, flags);
    expect((await korun.run(["wait", "web"])).code).toBe(0);
    expect((await korun.session("web")).run).toBe(3);
  });

  test("goes on with the next daemon when this one is killed, with the time that is left", async () => {
    await using korun = new Korun();
    await korun.serve("sleep 600", ["--name", "web", "--ready-file", "up"]);
    const reached = korun.spawn(["wait", "web"]);
    const late = korun.spawn(["wait", "web", "--for", "exit", "--timeout", "1s"]);
    const { pid } = await korun.status();
    process.kill(pid, "SIGKILL");
    await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
    writeFileSync(join(korun.work, "up"), "");
    expect(await reached.exited).toBe(0);
    expect(await late.exited).toBe(124);
  });
});

describe("korun serve --wait", () => {
  test("returns once the session is ready, with its id", async () => {
    await using korun = new Korun();
    const script = "touch begun; until [ -e go ]; do sleep 0.01; done; echo up; sleep 600";
    const serving = korun.spawn(["serve", "--ready-log", "up", "--wait", "--", "sh", "-c", script]);
    await waitFor("the session to begin", () => Bun.file(join(korun.work, "begun")).exists());
    writeFileSync(join(korun.work, "go"), "");
    expect(await serving.exited).toBe(0);
    const id = (await text(serving.stdout)).trim();
    expect((await korun.session(id)).ready).toBe(true);
  });

  test("tells a session that ends instead, and one that is late", async () => {
    await using korun = new Korun();
    const flags = ["--name", "web", "--ready-log", "up", "--wait"];
    const crashed = await korun.run(["serve", ...flags, "--", "sh", "-c", "exit 9"]);
    expect(crashed.code).toBe(3);
    expect(crashed.stderr).toStartWith("korun: web exited with code 9 before it was ready\n");
    const late = await korun.run([
      "serve",
      ...flags,
      "--ready-timeout",
      "50ms",
      "--",
      "sleep",
      "600",
    ]);
    expect(late.code).toBe(124);
    expect(late.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
  });
});

test("The endpoint answers a client that asks over TCP", async () => {
  await using korun = new Korun();
  const id = await korun.serve("exit 3");
  const reply = await korun.json<WaitReply>(`/v1/sessions/${id}/wait?for=exit&timeout=10s`);
  expect(reply).toEqual({
    outcome: "reached",
    session_id: id,
    state: "exited",
    ready: false,
    run: 1,
    exit_code: 3,
    term_signal: null,
    elapsed_ms: expect.any(Number),
    waiting_for: [],
  });
  expect((await korun.fetch(`/v1/sessions/${id}/wait`)).status).toBe(200);
});
