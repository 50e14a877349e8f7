import { afterEach, beforeEach, expect, test } from "bun:test";
import type { DiffReply } from "../../src/api/diffing.ts";
import { waitFor } from "../support/wait.ts";
import { type LoggedSession, loggedSession } from "./support/logged.ts";
import { openRaw } from "./support/raw.ts";
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

function get(query = "", init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.url}/v1/sessions/${session.id}/diff?${query}`, init);
}

async function diff(query = ""): Promise<DiffReply> {
  return (await (await get(query)).json()) as DiffReply;
}

async function lines(query = ""): Promise<string[]> {
  return (await diff(query)).entries.map(({ line }) => line);
}

test("it gives all there is, then what is new, each entry once", async () => {
  session.write("stdout", "one\n");
  session.write("stderr", "two\n");
  expect(await diff()).toEqual({
    session_id: session.id,
    cursor: "default",
    entries: [
      expect.objectContaining({ seq: 1, line: "one", stream: "stdout" }),
      expect.objectContaining({ seq: 2, line: "two", stream: "stderr" }),
    ],
    next_seq: 3,
    dropped: 0,
    more: false,
  });
  expect(await lines()).toEqual([]);
  session.write("stdout", "three\nfour\n");
  expect(await lines()).toEqual(["three", "four"]);
  expect(await lines()).toEqual([]);
});

test("each cursor has a place of its own", async () => {
  session.write("stdout", "one\n");
  expect(await lines("cursor=agent-1")).toEqual(["one"]);
  session.write("stdout", "two\n");
  expect(await lines("cursor=agent-2")).toEqual(["one", "two"]);
  expect(await lines("cursor=agent-1")).toEqual(["two"]);
});

test("a limit gives the oldest first, says that there are more, and skips nothing", async () => {
  session.write("stdout", "1\n2\n3\n4\n5\n");
  const first = await diff("limit=2");
  expect([first.entries.length, first.more, first.next_seq]).toEqual([2, true, 3]);
  expect((await diff("limit=0")).more).toBe(true);
  expect(await lines("limit=2")).toEqual(["3", "4"]);
  expect(await diff("limit=2")).toMatchObject({ more: false, next_seq: 6 });
});

test("entries that are gone are counted, also between two looks", async () => {
  session.write("stdout", "x\n".repeat(30));
  await diff();
  session.write("stdout", "y\n".repeat(30_000));
  const after = await diff("limit=1");
  expect(after.entries[0]?.seq).toBe(31 + after.dropped);
  expect(after.dropped).toBe(10_000);
  expect((await diff("limit=1")).dropped).toBe(0);
});

test("a prompt is shown while it is one, and is an entry once it is complete", async () => {
  session.write("stdout", "hello\n\x1b[1mPassword: ");
  const first = await diff("ansi=0");
  expect(first.open_lines).toEqual([{ stream: "stdout", line: "Password: " }]);
  expect(first.entries.length).toBe(1);
  session.write("stdout", "\n");
  const second = await diff("ansi=0");
  expect([second.open_lines, second.entries[0]?.line]).toEqual([undefined, "Password: "]);
});

test("as text each look is whole lines, with what was missed", async () => {
  session.write("stdout", `one\n${"x".repeat(70_000)}`);
  const text = async () => await (await get("format=text")).text();
  expect(await text()).toBe(`[stdout] one\n[stdout] ${"x".repeat(65_536)}\n`);
  session.write("stdout", "\n");
  expect(await text()).toBe(`[stdout] ${"x".repeat(70_000 - 65_536)}\n`);
  session.write("stdout", "y\n".repeat(30_000));
  expect(await text()).toStartWith("[korun] missed 10000 lines\n[stdout] y\n");
});

test("HEAD moves no cursor", async () => {
  session.write("stdout", "one\n");
  expect((await get("", { method: "HEAD" })).status).toBe(200);
  expect(await lines()).toEqual(["one"]);
});

test("an address that a browser opens moves no cursor, since a foreign site may redirect to it", async () => {
  session.write("stdout", "one\n");
  for (const site of ["none", "same-origin"]) {
    const headers = { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate" };
    const shown = (await (await get("", { headers })).json()) as DiffReply;
    expect(shown.entries.map(({ line }) => line)).toEqual(["one"]);
  }
  expect(await lines()).toEqual(["one"]);
});

test("whoever leaves before the answer was taken gets it again", async () => {
  session.write("stdout", `${"x".repeat(10_000)}\n`.repeat(2_000));
  const client = await openRaw({ path: server.socket });
  client.socket.pause();
  client.socket.write(
    `GET /v1/sessions/${session.id}/diff?limit=5000 HTTP/1.1\r\nHost: korun\r\n\r\n`,
  );
  // It has begun to read, and what it has not read is with the server.
  client.socket.resume();
  await waitFor("the answer to begin", () => client.received().length > 0);
  client.socket.pause();
  client.socket.destroy();
  await client.closed;
  const again = await diff("limit=5000");
  expect([again.entries.length, again.dropped]).toEqual([2_000, 0]);
});

test("an answer that is taken late does not take the cursor back", async () => {
  session.write("stdout", `${"x".repeat(10_000)}\n`.repeat(2_000));
  const late = await openRaw({ path: server.socket });
  late.socket.write(
    `GET /v1/sessions/${session.id}/diff?limit=1500 HTTP/1.1\r\nHost: korun\r\nConnection: close\r\n\r\n`,
  );
  await waitFor("the answer to begin", () => late.received().length > 0);
  late.socket.pause();
  expect((await diff("limit=5000")).next_seq).toBe(2_001);
  late.socket.resume();
  await late.closed;
  session.write("stdout", "new\n");
  expect(await lines()).toEqual(["new"]);
});

test("a cursor of a log that is gone begins anew", async () => {
  session.write("stdout", "1\n2\n3\n");
  await diff();
  const other = await loggedSession(server);
  other.write("stdout", "again\n");
  const [, replaced] = server.directory.others;
  if (replaced === undefined) throw new Error("there is no other session");
  server.directory.others.splice(0, 1);
  server.directory.others.push({ ...replaced, id: session.id, log: other.log });
  expect(await lines()).toEqual(["again"]);
  expect(await lines()).toEqual([]);
});

test.each([
  ["cursor=a%20b", "cursor"],
  ["cursor=", "cursor"],
  ["limit=some", "limit"],
  ["format=yaml", "format"],
  ["since_seq=1", "since_seq"],
])("it refuses %s", async (query, field) => {
  const response = await get(query);
  expect(response.status).toBe(400);
  expect((await errorOf(response)).field).toBe(field);
});
