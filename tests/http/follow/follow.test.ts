import { afterEach, beforeEach, expect, test } from "bun:test";
import { waitFor } from "../../support/wait.ts";
import type { FakeSession } from "../support/directory.ts";
import { openRaw, type RawConnection } from "../support/raw.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let session: FakeSession;

beforeEach(async () => {
  server = await startTestServer();
  session = await server.session();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function follow(query = ""): Promise<Response> {
  return fetch(`${server.url}/v1/sessions/${session.id}/logs?follow=1${query}`);
}

/** As curl would: no coding is accepted. */
async function followRaw(query = "", endpoint = "logs"): Promise<RawConnection> {
  const connection = await openRaw({ port: server.port });
  const path = `/v1/sessions/${session.id}/${endpoint}?follow=1${query}`;
  connection.socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
  return connection;
}

/** Lines of a stream, one at a time. */
async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const text of (response.body ?? new ReadableStream()).pipeThrough(
    new TextDecoderStream(),
  )) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

test("JSON is a line for each entry: history, then what comes, until it is over", async () => {
  session.log.print("stdout", "one");
  session.log.print("stderr", "two");
  const response = await follow();
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = linesOf(response);
  const next = async () => JSON.parse((await lines.next()).value ?? "null");
  expect(await next()).toEqual({
    seq: 1,
    ts: "2026-03-16T12:00:01.000Z",
    stream: "stdout",
    line: "one",
    run: 1,
  });
  expect((await next()).line).toBe("two");
  session.log.print("stdout", "three");
  expect((await next()).seq).toBe(3);
  session.log.end();
  expect((await lines.next()).done).toBe(true);
  expect(session.log.open.size).toBe(0);
});

test("text is lines as they come", async () => {
  session.log.print("stdout", "one");
  const response = await follow("&format=text");
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  const lines = linesOf(response);
  expect((await lines.next()).value).toBe("[stdout] one");
  session.log.print("stderr", "two");
  expect((await lines.next()).value).toBe("[stderr] two");
  session.log.end();
  expect((await lines.next()).done).toBe(true);
});

test("limit counts the history, since_seq starts it wherever it says", async () => {
  for (let n = 1; n <= 5; n++) session.log.print("stdout", `line ${n}`);
  session.log.end();
  const text = async (query: string) => (await follow(`&format=text&stream=stdout${query}`)).text();
  expect(await text("&limit=2")).toBe("line 4\nline 5\n");
  expect(await text("&limit=0")).toBe("");
  expect(await text("&since_seq=4")).toBe("line 4\nline 5\n");
  expect(await text("&since_seq=2&limit=1")).toBe("line 2\nline 3\nline 4\nline 5\n");
});

test("tail follows like logs", async () => {
  session.log.print("stdout", "one");
  const connection = await followRaw("&format=text&stream=stdout", "tail");
  await waitFor("the history", () => connection.received().includes("one\n"));
  session.log.print("stdout", "two");
  await waitFor("the new line", () => connection.received().includes("two\n"));
  connection.socket.destroy();
});

test("pieces of one stream tell where a carriage return was left out, unless a terminal made it", async () => {
  session.log.print("stdout", "one", { returned: true });
  session.log.print("stdout", "two");
  session.log.print("stdout", "", { returned: true });
  session.log.end();
  const headOf = async (query: string) => {
    const text = await (await follow(`&since_seq=1&format=frames${query}`)).text();
    return JSON.parse(text.slice(0, text.indexOf("\n")));
  };
  expect(await headOf("&stream=stdout")).toMatchObject({ bytes: 9, returns: [3, 8] });
  expect(await headOf("")).not.toHaveProperty("returns");
  session.facts = { spec: { ...session.spec, pty: { cols: 80, rows: 24 } } };
  expect(await headOf("&stream=stdout")).not.toHaveProperty("returns");
});

test("a follower is told how many entries it missed", async () => {
  for (let n = 1; n <= 5; n++) session.log.print("stdout", `line ${n}`);
  session.log.dropOldest(3);
  session.log.end();
  const json = (await (await follow("&since_seq=1")).text()).trim().split("\n");
  expect(JSON.parse(json[0] ?? "")).toEqual({ missed: 3, next_seq: 4 });
  expect(json.length).toBe(3);
  const text = await (await follow("&since_seq=1&format=text&stream=stdout")).text();
  expect(text).toBe("[korun] missed 3 lines\nline 4\nline 5\n");
  const frames = await (await follow("&since_seq=1&format=frames&stream=stdout")).text();
  expect(frames).toBe(`{"next_seq":6,"open":"nothing","bytes":${text.length},"missed":3}\n${text}`);
});

test.each(["json", "text"])(
  "a quiet session's %s answer begins at once for who takes gzip, and adds no byte",
  async (format) => {
    const response = await follow(`&format=${format}&stream=stdout`);
    expect(response.status).toBe(200);
    const lines = linesOf(response);
    const long = "x".repeat(200_000);
    const shown = (line?: string) => (format === "json" ? JSON.parse(line ?? "").line : line);
    for (const text of ["first", long]) {
      session.log.print("stdout", text);
      expect(shown((await lines.next()).value)).toBe(text);
    }
    session.log.end();
    expect((await lines.next()).done).toBe(true);
  },
);

test("an answer that gzip began is whole for any decoder", async () => {
  const command = ["curl", "-sS", "-N", "-m", "30", "--compressed"];
  const url = `${server.url}/v1/sessions/${session.id}/logs?follow=1&format=text&stream=stdout`;
  const curl = Bun.spawn([...command, url], { stdout: "pipe", stderr: "pipe" });
  await waitFor("the follower", () => session.log.asked > 0);
  const lines = Array.from({ length: 3_000 }, (_, n) => `line ${n} ${"é".repeat(n % 90)}`);
  for (const line of lines) session.log.print("stdout", line);
  session.log.end();
  expect(await new Response(curl.stdout).text()).toBe(`${lines.join("\n")}\n`);
  expect(await curl.exited).toBe(0);
});

test("who takes no gzip gets plain bytes", async () => {
  const connection = await followRaw("&format=text&stream=stdout");
  await waitFor("the follower", () => session.log.asked > 0);
  session.log.print("stdout", "hello");
  await waitFor("the line", () => connection.received().includes("hello\n"));
  expect(connection.received().toLowerCase()).not.toContain("content-encoding");
  connection.socket.destroy();
});

test("a session at rest with nothing to show ends the answer at once", async () => {
  session.log.end();
  expect(await (await follow()).text()).toBe("");
});

test("a client that leaves closes its follower, quiet or flooded", async () => {
  const quiet = await followRaw();
  await waitFor("the follower", () => session.log.asked > 0);
  quiet.socket.destroy();
  await waitFor("its end", () => session.log.open.size === 0);

  session.log.print("stdout", "x".repeat(1_000));
  const flooded = await followRaw();
  await waitFor("the first line", () => flooded.received().includes("xxx"));
  flooded.socket.pause();
  session.log.print("stdout", "y".repeat(16_000_000));
  flooded.socket.destroy();
  await waitFor("its end", () => session.log.open.size === 0);
});

test("a reader that stops is not asked for, and another is not held up", async () => {
  const chunk = "x".repeat(1_000_000);
  session.log.print("stdout", chunk);
  const stuck = await followRaw("&stream=stdout");
  stuck.socket.pause();
  // Fed only when asked: what is asked for without end is what is buffered without end.
  const before = session.log.asked;
  let fed = 0;
  for (; fed < 100; fed++) {
    const asked = session.log.asked;
    session.log.print("stdout", chunk);
    session.log.dropOldest(session.log.entries.length - 1);
    for (let turn = 0; turn < 20 && session.log.asked === asked; turn++) await turnOfTheLoop();
  }
  expect(session.log.asked - before).toBeLessThan(50);

  const other = await followRaw("&stream=stderr");
  session.log.print("stderr", "still here");
  await waitFor("the other's line", () => other.received().includes("still here"));
  stuck.socket.destroy();
  other.socket.destroy();
});

test("HEAD gives the headers and follows nothing", async () => {
  const path = `/v1/sessions/${session.id}/logs?follow=1`;
  const response = await fetch(server.url + path, { method: "HEAD" });
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  expect(session.log.asked).toBe(0);
});

test("the Unix socket follows as well", async () => {
  session.log.print("stdout", "one");
  const url = `http://korun/v1/sessions/${session.id}/logs?follow=1&format=text&stream=stdout`;
  const lines = linesOf(await fetch(url, { unix: server.socket }));
  expect((await lines.next()).value).toBe("one");
  session.log.print("stdout", "two");
  expect((await lines.next()).value).toBe("two");
  session.log.end();
  expect((await lines.next()).done).toBe(true);
});

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
