import { afterEach, beforeEach, expect, test } from "bun:test";
import type { LogReply } from "../../src/api/log-replies.ts";
import type { FakeSession } from "./support/directory.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;
let session: FakeSession;

beforeEach(async () => {
  server = await startTestServer();
  session = await server.session();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function get(endpoint: string): Promise<Response> {
  return fetch(`${server.url}/v1/sessions/${session.id}/${endpoint}`);
}

async function page(endpoint: string): Promise<LogReply> {
  return (await (await get(endpoint)).json()) as LogReply;
}

async function seqs(endpoint: string): Promise<number[]> {
  return (await page(endpoint)).entries.map(({ seq }) => seq);
}

function print(count: number): void {
  for (let n = 1; n <= count; n++)
    session.log.print(n % 2 === 1 ? "stdout" : "stderr", `line ${n}`);
}

test("logs shows entries of both streams as the specification does", async () => {
  session.log.print("stdout", "server started on :3000");
  session.log.print("stderr", "warning: config file missing");
  const response = await get("logs");
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({
    session_id: session.id,
    stream: "blended",
    entries: [
      {
        seq: 1,
        ts: "2026-03-16T12:00:01.000Z",
        stream: "stdout",
        line: "server started on :3000",
        run: 1,
      },
      {
        seq: 2,
        ts: "2026-03-16T12:00:02.000Z",
        stream: "stderr",
        line: "warning: config file missing",
        run: 1,
      },
    ],
    next_seq: 3,
  });
});

test("logs and tail give the newest 100 unless told otherwise, head the oldest 100", async () => {
  print(150);
  for (const endpoint of ["logs", "tail"]) {
    const all = await seqs(endpoint);
    expect([all.length, all[0], all.at(-1)]).toEqual([100, 51, 150]);
    expect(await seqs(`${endpoint}?limit=2`)).toEqual([149, 150]);
    expect(await seqs(`${endpoint}?limit=2&stream=stdout`)).toEqual([147, 149]);
  }
  const oldest = await seqs("head");
  expect([oldest.length, oldest[0], oldest.at(-1)]).toEqual([100, 1, 100]);
  expect(await seqs("head?limit=2&stream=stderr")).toEqual([2, 4]);
});

test("limit=0 gives no entries", async () => {
  print(3);
  for (const endpoint of ["logs", "head", "tail"]) {
    expect(await seqs(`${endpoint}?limit=0`)).toEqual([]);
  }
});

test("asking again with next_seq walks the whole log, each entry once", async () => {
  print(25);
  const walked: number[] = [];
  let next = 0;
  for (let pages = 0; pages < 4; pages++) {
    const { entries, next_seq } = await page(`logs?since_seq=${next}&limit=7`);
    walked.push(...entries.map(({ seq }) => seq));
    next = next_seq;
  }
  expect(walked).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
});

test("with since_seq it says how many entries are gone, in text as well", async () => {
  print(5);
  session.log.dropOldest(3);
  expect((await page("logs?since_seq=1")).dropped).toBe(3);
  expect((await page("logs?since_seq=4")).dropped).toBe(0);
  expect((await page("logs")).dropped).toBeUndefined();
  const text = await (await get("logs?since_seq=1&format=text&stream=stderr")).text();
  expect(text).toBe("[korun] missed 3 lines\nline 4\n");
});

test("text is plain lines; blended, each names its stream", async () => {
  session.log.print("stdout", "server started on :3000");
  session.log.print("stderr", "warning: config file missing");
  const blended = await get("logs?format=text");
  expect(blended.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(await blended.text()).toBe(
    "[stdout] server started on :3000\n[stderr] warning: config file missing\n",
  );
  for (const endpoint of ["logs", "head", "tail"]) {
    const one = await get(`${endpoint}?format=text&stream=stderr`);
    expect(await one.text()).toBe("warning: config file missing\n");
  }
});

test("text of one stream is byte for byte what was printed, JSON replaces what is no UTF-8", async () => {
  const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0x00, 0xff, 0x1b, 0x5b, 0x6d]);
  session.log.print("stdout", bytes);
  const text = await get("logs?format=text&stream=stdout");
  expect(new Uint8Array(await text.arrayBuffer())).toEqual(new Uint8Array([...bytes, 0x0a]));
  expect((await page("logs")).entries[0]?.line).toBe("\ufeffa\0\ufffd\u001b[m");
});

test("a fragment of a long line says that it goes on, and text joins it", async () => {
  session.log.print("stdout", "first half, ", { partial: true });
  session.log.print("stdout", "second half");
  const { entries } = await page("logs");
  expect(entries.map(({ partial }) => partial)).toEqual([true, undefined]);
  expect(await (await get("logs?format=text&stream=stdout")).text()).toBe(
    "first half, second half\n",
  );
});

test("what a child prints is never taken for a page", async () => {
  session.log.print("stdout", "<script>alert(1)</script>");
  for (const format of ["text", "json"]) {
    const { headers } = await get(`logs?format=${format}`);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
});
