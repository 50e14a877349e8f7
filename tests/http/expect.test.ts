import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { ExpectReply } from "../../src/api/expecting.ts";
import { waitFor } from "../support/wait.ts";
import { type LoggedSession, loggedSession } from "./support/logged.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;
let session: LoggedSession;

beforeEach(async () => {
  server = await startTestServer();
  session = await loggedSession(server);
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function ask(query: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.url}/v1/sessions/${session.id}/expect?${query}`, init);
}

async function reply(query: string): Promise<ExpectReply> {
  return (await (await ask(query)).json()) as ExpectReply;
}

describe("expect", () => {
  test("finds what was printed before it was asked", async () => {
    session.write("stdout", "starting\n\x1b[32mready\x1b[0m on :3000\nmore\n");
    expect(await reply("pattern=ready")).toEqual({
      outcome: "matched",
      session_id: session.id,
      seq: 2,
      run: 1,
      stream: "stdout",
      line: "ready on :3000",
      match: "ready",
      next_seq: 3,
      dropped: 0,
      elapsed_ms: expect.any(Number),
    });
  });

  test("waits for what is not there yet", async () => {
    session.write("stdout", "starting\n");
    const waiting = reply("pattern=%3A%5Cd%2B&regex=1&timeout=1h");
    await waitFor("somebody to wait", () => session.isAwaited());
    session.write("stderr", "listening on :3000\n");
    expect(await waiting).toMatchObject({ stream: "stderr", match: ":3000", seq: 2 });
  });

  test("begins at the newest run, at another one, or at an entry", async () => {
    session.write("stdout", "ready 1\nready 1b\n");
    session.flush();
    session.run = 2;
    session.write("stdout", "up\nready 2\n", { run: 2 });
    expect(await reply("pattern=ready")).toMatchObject({ line: "ready 2", run: 2 });
    expect(await reply("pattern=ready&run=last")).toMatchObject({ line: "ready 2" });
    expect(await reply("pattern=ready&run=1")).toMatchObject({ line: "ready 1", next_seq: 2 });
    expect(await reply("pattern=ready&since_seq=2")).toMatchObject({ line: "ready 1b" });
    const none = await reply("pattern=ready&since_seq=5&timeout=0");
    expect(none).toMatchObject({ outcome: "timed_out", next_seq: 5 });
  });

  test("looks at one stream if told so", async () => {
    session.write("stderr", "ready?\n");
    session.write("stdout", "ready!\n");
    expect(await reply("pattern=ready&stream=stdout")).toMatchObject({ line: "ready!" });
  });

  test("finds a prompt that has no newline, as soon as it is written", async () => {
    const waiting = reply("pattern=Password%3A");
    await waitFor("somebody to wait", () => session.isAwaited());
    session.write("stdout", "Pass");
    session.write("stdout", "word: ");
    expect(await waiting).toEqual({
      outcome: "matched",
      session_id: session.id,
      seq: null,
      run: null,
      stream: "stdout",
      line: "Password: ",
      match: "Password:",
      next_column: 9,
      next_seq: 1,
      dropped: 0,
      elapsed_ms: expect.any(Number),
    });
  });

  test("goes on behind a prompt it has found, in the very same line", async () => {
    session.write("stdout", "hello\n>>> ");
    const first = await reply("pattern=%3E%3E%3E&stream=stdout");
    expect(first).toMatchObject({ seq: null, next_seq: 2, next_column: 3 });
    const after = `since_seq=2&since_column=3&stream=stdout&timeout=0`;
    expect(await reply(`pattern=%3E%3E%3E&${after}`)).toMatchObject({ outcome: "timed_out" });
    session.write("stdout", "1+1\n2\n>>> ");
    expect(await reply(`pattern=1%2B1&${after}`)).toMatchObject({ seq: 2, line: ">>> 1+1" });
    const next = await reply(`pattern=%3E%3E%3E&${after}`);
    expect(next).toMatchObject({ seq: null, next_seq: 4, next_column: 3 });
  });

  test("says that it is over, or that the time is, and where to look on", async () => {
    session.write("stdout", "one\ntwo\n");
    expect(await reply("pattern=three&timeout=20")).toEqual({
      outcome: "timed_out",
      session_id: session.id,
      next_seq: 3,
      dropped: 0,
      elapsed_ms: expect.any(Number),
    });
    const waiting = reply("pattern=three");
    await waitFor("somebody to wait", () => session.isAwaited());
    session.over = true;
    session.log.settle(true);
    expect(await waiting).toMatchObject({ outcome: "ended", next_seq: 3 });
    expect(await reply("pattern=three")).toMatchObject({ outcome: "ended" });
    expect(await reply("pattern=two&timeout=0")).toMatchObject({ outcome: "matched" });
  });

  test("ends in time though output never stops", async () => {
    const flood = setInterval(() => session.write("stdout", "x\n".repeat(100)), 0);
    const found = await reply("pattern=never&timeout=50ms");
    clearInterval(flood);
    expect(found.outcome).toBe("timed_out");
  });

  test("says how many entries were gone before it came to them", async () => {
    session.write("stdout", "x\n".repeat(30_000));
    session.write("stdout", "ready\n");
    const found = await reply("pattern=ready&since_seq=1");
    expect(found).toMatchObject({ outcome: "matched", seq: 30_001 });
    expect(found.dropped).toBeGreaterThan(9_000);
  });

  test("is given up when its client leaves", async () => {
    const leaving = new AbortController();
    const waiting = ask("pattern=never", { signal: leaving.signal });
    await waitFor("somebody to wait", () => session.isAwaited());
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    await waitFor("nobody to wait", () => !session.isAwaited());
    expect(server.defects).toEqual([]);
  });

  test("is told to ask the next daemon when this one leaves", async () => {
    const waiting = ask("pattern=never");
    await waitFor("somebody to wait", () => session.isAwaited());
    server.http.breakOff();
    const response = await waiting;
    expect([response.status, (await errorOf(response)).code]).toEqual([503, "unavailable"]);
  });
});

describe("it is refused, by its name:", () => {
  test.each([
    ["", "pattern", 400],
    ["pattern=", "pattern", 400],
    ["pattern=(&regex=1", "pattern", 400],
    ["pattern=x&timeout=soon", "timeout", 400],
    ["pattern=x&since_seq=-1", "since_seq", 400],
    ["pattern=x&since_seq=1&run=1", "run", 400],
    ["pattern=x&since_column=1", "since_column", 400],
    ["pattern=x&since_column=1&since_seq=1", "since_column", 400],
    ["pattern=x&stream=both", "stream", 400],
    ["pattern=x&run=7", "run", 404],
    ["patern=x", "patern", 400],
  ])("%s", async (query, field, status) => {
    const response = await ask(query);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).field).toBe(field);
  });

  test("a session that there is not", async () => {
    const response = await fetch(`${server.url}/v1/sessions/nope/expect?pattern=x`);
    expect(response.status).toBe(404);
  });
});
