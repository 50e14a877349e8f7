import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { LogEntry, LogReply } from "../../src/api/log-replies.ts";
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

function get(endpoint: string): Promise<Response> {
  return fetch(`${server.url}/v1/sessions/${session.id}/${endpoint}`);
}

async function page(endpoint: string): Promise<LogReply> {
  return (await (await get(endpoint)).json()) as LogReply;
}

async function lines(endpoint: string): Promise<string[]> {
  return (await page(endpoint)).entries.map(({ line }) => line);
}

describe("filters", () => {
  beforeEach(() => {
    for (let line = 1; line <= 300; line += 1) {
      session.write("stdout", line % 50 === 0 ? `ERROR ${line} failed\n` : `line ${line} ok\n`);
    }
  });

  test("come before the limit, at every end of the log, in both formats", async () => {
    expect(await lines("logs?grep=ERROR&limit=2")).toEqual([
      "ERROR 250 failed",
      "ERROR 300 failed",
    ]);
    expect(await lines("tail?regex=fai.*d%24&limit=1")).toEqual(["ERROR 300 failed"]);
    expect(await lines("head?level=error&limit=2")).toEqual([
      "ERROR 50 failed",
      "ERROR 100 failed",
    ]);
    expect(await lines("logs?level=warn&since_seq=101&limit=1")).toEqual(["ERROR 150 failed"]);
    const text = await get("tail?grep=ERROR&limit=1&format=text&stream=stdout");
    expect(await text.text()).toBe("ERROR 300 failed\n");
  });

  test("all count together", async () => {
    expect(await lines("logs?grep=00&regex=^ERROR&level=error")).toEqual([
      "ERROR 100 failed",
      "ERROR 200 failed",
      "ERROR 300 failed",
    ]);
  });

  test("leave the numbers true, and a walk by next_seq skips nothing", async () => {
    const first = await page("logs?grep=ERROR&since_seq=1&limit=2");
    expect([first.entries.map(({ seq }) => seq), first.next_seq, first.dropped]).toEqual([
      [50, 100],
      101,
      0,
    ]);
    const none = await page("logs?grep=nowhere&since_seq=101");
    expect([none.entries, none.next_seq, none.dropped]).toEqual([[], 301, 0]);
  });

  test("hold for followers, history and what comes", async () => {
    const response = await get("logs?follow=1&grep=failed&limit=2");
    session.write("stdout", "line 301 ok\nERROR 302 failed\n");
    session.log.settle(true);
    const entries = (await response.text()).trim().split("\n");
    expect(entries.map((line) => (JSON.parse(line) as LogEntry).seq)).toEqual([250, 300, 302]);
    const text = await get("tail?follow=1&level=error&since_seq=299&format=text&stream=stdout");
    expect(await text.text()).toBe("ERROR 300 failed\nERROR 302 failed\n");
  });

  test("do not hold up others, however much there is to read", async () => {
    for (let round = 0; round < 20; round += 1) {
      session.write("stdout", `${"x".repeat(1_000)}\n`.repeat(500));
    }
    let slow = true;
    const found = get("logs?regex=(x%2Bx%2B)%2B%5B0-9%5D&limit=1").finally(() => {
      slow = false;
    });
    let answers = 0;
    while (slow) {
      await fetch(`${server.url}/healthz`);
      answers += 1;
    }
    expect((await found).status).toBe(200);
    expect(answers).toBeGreaterThan(1);
  });
});

test("times are read as RFC 3339, and as how long ago", async () => {
  const now = Date.now();
  for (const [ago, line] of [
    [600_000, "ten minutes ago"],
    [60_000, "a minute ago"],
    [0, "now"],
  ] as const) {
    session.write("stdout", `${line}\n`, { time: now - ago });
  }
  expect(await lines("logs?since=5m")).toEqual(["a minute ago", "now"]);
  expect(await lines("logs?until=5m")).toEqual(["ten minutes ago"]);
  const time = encodeURIComponent(new Date(now - 60_000).toISOString());
  expect(await lines(`logs?since=${time}`)).toEqual(["a minute ago", "now"]);
  expect(await lines(`logs?since=11m&until=${time}`)).toEqual(["ten minutes ago"]);
  const followed = await get("logs?follow=1&until=30s&format=text&stream=stdout");
  expect(await followed.text()).toBe("ten minutes ago\na minute ago\n");
});

test("ansi=0 leaves escape sequences out, everywhere", async () => {
  session.write("stdout", "\x1b[32mready\x1b[0m\n\x1b]0;title\x07done\n");
  session.log.settle(true);
  for (const endpoint of ["logs?", "head?", "tail?", "logs?grep=e&"]) {
    expect(await lines(`${endpoint}ansi=0`)).toEqual(["ready", "done"]);
  }
  expect(await lines("logs?limit=2")).toEqual(["\x1b[32mready\x1b[0m", "\x1b]0;title\x07done"]);
  const text = await get("logs?ansi=0&format=text&stream=stdout");
  expect(await text.text()).toBe("ready\ndone\n");
  const followed = await get("logs?ansi=0&format=text&stream=stdout&follow=1");
  expect(await followed.text()).toBe("ready\ndone\n");
});

describe("a line in progress", () => {
  beforeEach(() => {
    session.write("stdout", "one\n\x1b[1mPassword: ");
    session.write("stderr", "> ");
  });

  test("is shown beside the newest entries, and is none", async () => {
    const reply = await page("tail?stream=stdout");
    expect([reply.entries.length, reply.next_seq]).toEqual([1, 2]);
    expect(reply.open_lines).toEqual([{ stream: "stdout", line: "\x1b[1mPassword: " }]);
    const both = await page("logs?ansi=0&since_seq=2");
    expect(both.open_lines).toEqual([
      { stream: "stdout", line: "Password: " },
      { stream: "stderr", line: "> " },
    ]);
    session.write("stderr", "\n");
    expect((await page("logs?stream=stderr")).open_lines).toBeUndefined();
  });

  test("ends the text of the newest lines", async () => {
    const text = async (query: string) => await (await get(`tail?format=text&${query}`)).text();
    expect(await text("stream=stdout")).toBe("one\n\x1b[1mPassword: ");
    expect(await text("ansi=0")).toBe("[stdout] one\n[stdout] Password: \n[stderr] > \n");
    expect(await text("stream=stdout&since_seq=1")).toBe("one\n");
  });

  test("is not shown where the page ends before it, or is filtered, or is of another run", async () => {
    for (const endpoint of ["head?limit=0", "logs?since_seq=1&limit=0", "logs?grep=one"]) {
      expect((await page(endpoint)).open_lines).toBeUndefined();
    }
    session.run = 2;
    expect((await page("logs?run=1")).open_lines).toBeUndefined();
  });
});

describe("it is refused, by its name:", () => {
  test.each([
    ["regex=(", "regex", "regular expression"],
    ["regex=(%3F%3Dx)", "regex", "regular expression"],
    ["regex=", "regex", "1 to 1000 characters"],
    ["grep=", "grep", "1 to 1000 characters"],
    ["level=loud", "level", "one of trace, debug, info, warn, error"],
    ["since=soon", "since", "how long ago"],
    ["until=2026-03-16", "until", "how long ago"],
    ["since=10m&until=20m", "until", "not before since"],
    ["ansi=2", "ansi", "0 or 1"],
    ["greb=x", "greb", "one of stream"],
  ])("%s", async (query, field, expected) => {
    for (const endpoint of ["logs", "tail", "head"]) {
      const response = await get(`${endpoint}?${query}`);
      expect(response.status).toBe(400);
      const error = await errorOf(response);
      expect(error.field).toBe(field);
      expect(error.expected).toContain(expected);
    }
    expect((await get(`logs?follow=1&${query}`)).status).toBe(400);
  });
});
