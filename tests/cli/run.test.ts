import { describe, expect, test } from "bun:test";
import { waitFor } from "../support/wait.ts";
import { environment, korun, onTerminal, result, start } from "./support/cli.ts";
import { always, FakeDaemon, refusal, session, textFrame } from "./support/fake-daemon.ts";
import { FakeRun } from "./support/fake-run.ts";
import { Reading } from "./support/reading.ts";

const { id } = session();

test("each stream goes to its own, byte for byte, from the first one on", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const child = start(daemon, ["run", "--", "app"]);
  run.stdout.push(textFrame("out\nno newline", { open: "newline" }));
  run.stderr.push(textFrame("err\n"));
  run.end({ exit_code: 0 });
  expect(await result(child)).toEqual({ code: 0, stdout: "out\nno newline", stderr: "err\n" });
  // It says who reads: its pid, and when it started.
  const reader = new RegExp(`&reader=${child.pid}\\.\\d+$`);
  const asked = daemon.lines.filter((line) => line.includes("/logs")).sort();
  for (const line of asked) expect(line).toMatch(reader);
  expect(asked.map((line) => line.replace(reader, ""))).toEqual([
    `GET /v1/sessions/${id}/logs?format=frames&stream=stderr&since_seq=0&follow=1&paced=1`,
    `GET /v1/sessions/${id}/logs?format=frames&stream=stdout&since_seq=0&follow=1&paced=1`,
  ]);
});

test("shows what was printed with its carriage returns", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const child = start(daemon, ["run", "--", "app"]);
  run.stdout.push(textFrame("a\nb\n\n", { returns: [1, 4] }));
  const text = "[korun] missed 2 lines\nc\nd\n";
  run.stdout.push(textFrame(text, { missed: 2, returns: [text.length - 1] }));
  run.end({ exit_code: 0 });
  expect((await result(child)).stdout).toBe("a\r\nb\n\r\nc\nd\r\n");
});

test("what was missed is told on stderr, not for each gap, and stdout has only what the command printed", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const child = start(daemon, ["run", "--", "app"]);
  run.stdout.push(textFrame("par", { open: "stdout" }));
  run.stdout.push(textFrame("\n[korun] missed 12 lines\n[korun] is mine\n", { missed: 12 }));
  run.stdout.push(textFrame("[korun] missed 3 lines\n", { missed: 3 }));
  run.stdout.push(textFrame("[korun] missed 2 lines\nend\n", { missed: 2 }));
  run.end({ exit_code: 0 });
  expect(await result(child)).toEqual({
    code: 0,
    stdout: "par\n[korun] is mine\nend\n",
    stderr: "[korun] missed 12 lines\n[korun] missed 5 lines\n",
  });
});

describe("its exit code is", () => {
  test.each([
    ["the child's own", { exit_code: 42 }, 42],
    ["128 and the signal that ended it", { term_signal: "SIGKILL" }, 137],
    ["1 when nobody saw how it ended", {}, 1],
  ])("%s", async (_, how, code) => {
    const run = new FakeRun();
    await using daemon = new FakeDaemon(run.answers);
    run.end(how);
    expect((await korun(daemon, ["run", "--", "app"])).code).toBe(code);
  });

  test("127 when there is no such command", async () => {
    const error = "ENOENT: no command tpyo";
    await using daemon = new FakeDaemon({
      "POST /v1/sessions": always({ id, state: "failed", error }, 201),
    });
    const { code, stderr } = await korun(daemon, ["run", "--", "tpyo"]);
    expect(code).toBe(127);
    expect(stderr).toContain(`cannot start tpyo: ${error}`);
  });

  test("127 when it was there at first, and not at the last restart", async () => {
    const run = new FakeRun();
    await using daemon = new FakeDaemon(run.answers);
    run.end({ state: "failed", error: "ENOENT: no command app" });
    expect((await korun(daemon, ["run", "--", "app"])).code).toBe(127);
  });
});

describe("signals:", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s stops it gracefully", async (signal) => {
    const run = new FakeRun();
    run.onStop = () => {
      run.stdout.push(textFrame("bye\n"));
      run.end({ exit_code: 3 });
    };
    await using daemon = new FakeDaemon(run.answers);
    const child = start(daemon, ["run", "--", "app"]);
    await run.stdout.opened;
    child.kill(signal);
    expect(await result(child)).toMatchObject({ code: 3, stdout: "bye\n" });
    expect(daemon.lines).toContain(`POST /v1/sessions/${id}/stop`);
  });

  test("a second one kills it", async () => {
    const run = new FakeRun();
    const queries: string[] = [];
    run.onStop = (query) => {
      queries.push(query);
      if (query !== "") run.end({ term_signal: "SIGKILL" });
    };
    await using daemon = new FakeDaemon(run.answers);
    const child = start(daemon, ["run", "--", "app"]);
    const said = new Reading(child.stderr);
    await run.stdout.opened;
    child.kill("SIGINT");
    await said.until("stopping; once more kills it\n");
    child.kill("SIGINT");
    expect(await child.exited).toBe(137);
    expect(queries).toEqual(["", "?force=1"]);
  });

  test("a third one leaves it alone", async () => {
    const run = new FakeRun();
    run.onStop = () => {};
    await using daemon = new FakeDaemon(run.answers);
    const child = start(daemon, ["run", "--", "app"]);
    const said = new Reading(child.stderr);
    await run.stdout.opened;
    child.kill("SIGINT");
    await said.until("once more kills it\n");
    child.kill("SIGINT");
    await said.until("once more leaves it alone\n");
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
  });

  test("one that comes before there is a session stops it as soon as there is", async () => {
    const run = new FakeRun();
    const asked = Promise.withResolvers<void>();
    const made = Promise.withResolvers<void>();
    await using daemon = new FakeDaemon({
      ...run.answers,
      "POST /v1/sessions": async () => {
        asked.resolve();
        await made.promise;
        return Response.json({ id, state: "running" });
      },
    });
    const child = start(daemon, ["run", "--", "app"]);
    const said = new Reading(child.stderr);
    await asked.promise;
    child.kill("SIGINT");
    await said.until("stopping");
    made.resolve();
    expect(await child.exited).toBe(143);
  });

  test("a session that ended in the same moment is no failure to stop", async () => {
    const run = new FakeRun();
    await using daemon = new FakeDaemon({
      ...run.answers,
      [`POST /v1/sessions/${id}/stop`]: () => {
        run.end({ exit_code: 0 });
        return refusal(409, "conflict", "it is exited already");
      },
    });
    const child = start(daemon, ["run", "--", "app"]);
    await run.stdout.opened;
    child.kill("SIGTERM");
    expect(await result(child)).toMatchObject({ code: 0, stderr: "" });
  });
});

test("a reader that leaves stops the session, and it ends like any command in a pipe", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const child = start(daemon, ["run", "--", "app"]);
  const reader = child.stdout.getReader();
  run.stdout.push(textFrame("one\n"));
  await reader.read();
  await reader.cancel();
  run.stdout.push(textFrame("two\n"));
  expect(await child.exited).toBe(141);
  expect(daemon.lines).toContain(`POST /v1/sessions/${id}/stop?wait=1`);
});

test("with --watch it stays through a crash, and tells what started it again", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const child = start(daemon, ["run", "-w", "src", "--", "app"]);
  const said = new Reading(child.stderr);
  await run.stdout.opened;
  await run.events.opened;
  const tell = (event: object) =>
    run.events.push(`${JSON.stringify({ session_id: id, ...event })}\n`);
  tell({ seq: 1, type: "exited", session_id: "another", exit_code: 9, term_signal: null });
  tell({ seq: 2, type: "exited", exit_code: 1, term_signal: null });
  await said.until("korun: ended with code 1; waiting for a file change\n");
  const cause = { kind: "watch", path: "src/a.ts", event: "modified" } as const;
  tell({ seq: 3, type: "starting", run: 2, cause });
  tell({ seq: 4, type: "restarted", run: 2, cause });
  await said.until("korun: restarted: src/a.ts was modified\n");
  tell({ seq: 5, type: "exited", exit_code: null, term_signal: "SIGTERM" });
  tell({ seq: 6, type: "starting", run: 3, cause });
  tell({ seq: 7, type: "restarted", run: 3, cause });
  tell({ seq: 8, type: "exited", exit_code: null, term_signal: "SIGSEGV" });
  await said.until("korun: ended by SIGSEGV; waiting for a file change\n");
  child.kill("SIGINT");
  expect(await child.exited).toBe(143);
  expect(said.text.match(/waiting/g)).toHaveLength(2);
});

test("with a policy it stays through restarts, and ends with the last code when that gives up", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const child = start(daemon, ["run", "--restart", "exponential:1s..30s", "--", "app"]);
  const said = new Reading(child.stderr);
  await run.stdout.opened;
  await run.events.opened;
  const tell = (event: object) =>
    run.events.push(`${JSON.stringify({ session_id: id, ...event })}\n`);
  tell({ seq: 1, type: "exited", run: 1, exit_code: 1, term_signal: null });
  tell({ seq: 2, type: "restart_scheduled", run: 1, attempt: 1, delay_ms: 1_000 });
  await said.until("korun: ended with code 1; starting again in 1s\n");
  const cause = { kind: "policy", attempt: 1, delay_ms: 1_000 } as const;
  tell({ seq: 3, type: "starting", run: 2, cause });
  tell({ seq: 4, type: "restarted", run: 2, cause });
  await said.until("korun: restarted by its policy\n");
  tell({ seq: 5, type: "exited", run: 2, exit_code: 7, term_signal: null });
  const reason = "it was restarted once, and no run lasted 1m";
  tell({ seq: 6, type: "gave_up", run: 2, reason });
  run.end({ exit_code: 7, gave_up: true, gave_up_reason: reason });
  expect(await child.exited).toBe(7);
  await said.until(`korun: its restart policy gave up: ${reason}\n`);
});

test("an end is told though its policy starts the next run at once", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const child = start(daemon, ["run", "--restart", "fixed:20ms", "--", "app"]);
  const said = new Reading(child.stderr);
  await run.stdout.opened;
  const cause = { kind: "policy", attempt: 1, delay_ms: 20 } as const;
  const events = [
    { seq: 1, type: "exited", run: 1, exit_code: 5, term_signal: null },
    { seq: 2, type: "restart_scheduled", run: 1, attempt: 1, delay_ms: 20 },
    { seq: 3, type: "starting", run: 2, cause },
    { seq: 4, type: "restarted", run: 2, cause },
  ];
  const lines = events.map((event) => JSON.stringify({ session_id: id, ...event }));
  run.events.push(`${lines.join("\n")}\n`);
  await said.until("restarted by its policy\n");
  run.end({ exit_code: 0 });
  expect(await child.exited).toBe(0);
  expect(await said.all).toBe(
    "korun: ended with code 5; starting again in 20ms\nkorun: restarted by its policy\n",
  );
});

test("what korun has ended for a limit is told to be so, at each end", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const child = start(daemon, ["run", "--restart", "fixed:1s", "--max-runtime", "5s", "--", "app"]);
  const said = new Reading(child.stderr);
  await run.stdout.opened;
  await run.events.opened;
  const tell = (event: object) =>
    run.events.push(`${JSON.stringify({ session_id: id, ...event })}\n`);
  const end = { kind: "limit", limit: "max_runtime", reason: "it has run for 5s" } as const;
  tell({ seq: 1, type: "exited", run: 1, exit_code: null, term_signal: "SIGTERM", end });
  tell({ seq: 2, type: "restart_scheduled", run: 1, attempt: 1, delay_ms: 1_000 });
  const told = "korun: ended over its max_runtime: it has run for 5s";
  await said.until(`${told}; starting again in 1s\n`);
  run.end({ term_signal: "SIGTERM", last_end: end });
  expect(await child.exited).toBe(143);
  await said.until(`${told}\n`);
});

test("on a terminal both streams come in the order they were printed in", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const entry = { ts: "2026-03-16T12:00:00.000Z", run: 1 };
  for (const [seq, stream] of ["stdout", "stderr", "stdout"].entries()) {
    run.blended.push(`${JSON.stringify({ ...entry, seq, stream, line: `${stream} ${seq}` })}\n`);
  }
  run.end({ exit_code: 0 });
  expect(await onTerminal(daemon, ["run", "--", "app"])).toEqual({
    code: 0,
    shown: "stdout 0\r\nstderr 1\r\nstdout 2\r\n",
  });
});

test("a terminal that closes stops the session", async () => {
  const run = new FakeRun();
  await using daemon = new FakeDaemon(run.answers);
  const entry = `${import.meta.dir}/../../index.ts`;
  const child = Bun.spawn([process.execPath, entry, "run", "--", "app"], {
    env: environment(daemon),
    terminal: {},
  });
  await run.blended.opened;
  child.terminal?.close();
  expect(await child.exited).toBe(143);
  await waitFor("a stop", () => daemon.lines.some((line) => line.includes("/stop")));
});
