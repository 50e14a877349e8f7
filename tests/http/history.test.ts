import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Happening, Run } from "../../src/domain/history.ts";
import { waitFor } from "../support/wait.ts";
import { LOG_START } from "./support/directory.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, { headers });
}

async function body(path: string): Promise<unknown> {
  return await (await get(path)).json();
}

function happen(happening: Happening, sessionId: string | null = "s"): void {
  server.history.append({ ...happening, time: LOG_START, sessionId });
}

function reader(response: Response): { next(part: string): Promise<string>; end(): Promise<void> } {
  const chunks = (response.body ?? new ReadableStream()).getReader();
  let text = "";
  return {
    async next(part) {
      while (!text.includes(part)) {
        const { value, done } = await chunks.read();
        if (done) throw new Error(`it ended after ${text}`);
        text += new TextDecoder().decode(value);
      }
      return text;
    },
    end: () => chunks.cancel(),
  };
}

const TS = "2026-03-16T12:00:00.000Z";

describe("events", () => {
  test("are shown with the fields of their type", async () => {
    happen({ type: "daemon_started", pid: 4, version: "1.2.3" }, null);
    happen({ type: "created", name: null, command: ["a"] });
    happen({
      type: "exited",
      run: 1,
      exitCode: null,
      termSignal: "SIGKILL",
      end: { kind: "signal" },
    });
    const event = { ts: TS, session_id: "s" };
    const exit = { exit_code: null, term_signal: "SIGKILL", end: { kind: "signal" } };
    expect(await body("/v1/events")).toEqual({
      events: [
        { ...event, seq: 1, type: "daemon_started", session_id: null, pid: 4, version: "1.2.3" },
        { ...event, seq: 2, type: "created", name: null, command: ["a"] },
        { ...event, seq: 3, type: "exited", run: 1, ...exit },
      ],
      next_seq: 4,
    });
  });

  test("are the newest, or those from a seq on", async () => {
    for (let run = 1; run <= 5; run++) happen({ type: "stopping", run });
    const seqs = async (query: string) => {
      const reply = (await body(`/v1/events?${query}`)) as { events: { seq: number }[] };
      return reply.events.map(({ seq }) => seq);
    };
    expect(await seqs("limit=2")).toEqual([4, 5]);
    expect(await seqs("since_seq=2&limit=2")).toEqual([2, 3]);
    expect(await body("/v1/events?since_seq=2&limit=2")).toMatchObject({ next_seq: 4 });
    expect(await body("/v1/events?limit=0")).toEqual({ events: [], next_seq: 6 });
  });

  test("are followed as NDJSON from where it is said", async () => {
    happen({ type: "stopping", run: 1 });
    happen({ type: "stopping", run: 2 });
    const leaving = new AbortController();
    const { signal } = leaving;
    const response = await fetch(`${server.url}/v1/events?follow=1&since_seq=2`, { signal });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = reader(response);
    expect(await lines.next("\n")).toBe(
      `{"seq":2,"ts":"${TS}","type":"stopping","session_id":"s","run":2}\n`,
    );
    happen({ type: "removed" });
    await lines.next('"removed"');
    leaving.abort();
    await waitFor("its end", () => server.history.open.size === 0);
  });

  test("come to a browser as server-sent events that it can resume", async () => {
    for (let run = 1; run <= 3; run++) happen({ type: "stopping", run });
    const sse = { accept: "text/event-stream" };
    const first = await get("/v1/events?follow=1&since_seq=3", sse);
    expect(first.headers.get("content-type")).toBe("text/event-stream");
    const data = (seq: number) =>
      `id: ${seq}\nevent: stopping\ndata: {"seq":${seq},"ts":"${TS}","type":"stopping","session_id":"s","run":${seq}}\n\n`;
    const one = reader(first);
    expect(await one.next("run")).toBe(`retry: 500\n\n${data(3)}`);
    await one.end();
    // The URL still says where it began; the header says how far it came.
    const again = await get("/v1/events?follow=1&since_seq=1", { ...sse, "last-event-id": "1" });
    const two = reader(again);
    expect(await two.next("id: 3")).toBe(`retry: 500\n\n${data(2)}${data(3)}`);
    await two.end();
    const wrong = await get("/v1/events?follow=1", { ...sse, "last-event-id": "x" });
    expect([wrong.status, (await errorOf(wrong)).field]).toEqual([400, "last-event-id"]);
  });

  test("of a number that is not reached yet are those that come next", async () => {
    happen({ type: "stopping", run: 1 });
    const lines = reader(await get("/v1/events?follow=1&since_seq=900"));
    happen({ type: "stopping", run: 2 });
    expect(await lines.next("\n")).toContain('"seq":2');
    await lines.end();
  });

  test.each(["?since_seq=x", "?limit=-1", "?follow=2", "?stream=stdout"])(
    "%s is a bad request",
    async (query) => {
      expect((await get(`/v1/events${query}`)).status).toBe(400);
    },
  );
});

test("runs are shown with what each printed, the one under way so far", async () => {
  const session = await server.session();
  const totals = { stdoutBytes: 0, stdoutLines: 0, stderrBytes: 0, stderrLines: 0 };
  const after = { stdoutBytes: 10, stdoutLines: 2, stderrBytes: 4, stderrLines: 1 };
  const run: Run = {
    number: 1,
    pid: 7,
    startTime: 1,
    startedAt: LOG_START,
    endedAt: LOG_START + 1_000,
    exitCode: 3,
    termSignal: null,
    cause: { kind: "create" },
    end: { kind: "exit" },
    outputBefore: totals,
    outputAfter: after,
  };
  const live = { pid: 8, endedAt: null, exitCode: null, end: null, outputAfter: null };
  const cause = { kind: "watch", path: "a", event: "modified" } as const;
  server.history.runsOf.set(session.id, [
    run,
    { ...run, number: 2, cause, outputBefore: after, ...live },
  ]);
  const { output } = session.snapshot();
  session.facts = {
    output: {
      ...output,
      stdoutBytes: 15,
      stdoutLines: 2,
      stdoutDropped: 3,
      stderrBytes: 4,
      stderrLines: 1,
    },
  };
  expect(await body(`/v1/sessions/${session.id}/runs`)).toEqual({
    runs: [
      {
        number: 1,
        pid: 7,
        started_at: TS,
        ended_at: "2026-03-16T12:00:01.000Z",
        exit_code: 3,
        term_signal: null,
        cause: { kind: "create" },
        end: { kind: "exit" },
        stdout_bytes: 10,
        stdout_lines: 2,
        stderr_bytes: 4,
        stderr_lines: 1,
      },
      {
        number: 2,
        pid: 8,
        started_at: TS,
        ended_at: null,
        exit_code: null,
        term_signal: null,
        cause,
        end: null,
        stdout_bytes: 5,
        stdout_lines: 3,
        stderr_bytes: 0,
        stderr_lines: 0,
      },
    ],
  });
  expect((await get("/v1/sessions/nobody/runs")).status).toBe(404);
});

describe("the log of one run", () => {
  test("is read by its number or as the last", async () => {
    const session = await server.session();
    session.log.print("stdout", "one");
    session.log.print("stdout", "two", { run: 2 });
    session.facts = { run: 2 };
    const text = async (query: string) =>
      (await get(`/v1/sessions/${session.id}/${query}&format=text&stream=stdout`)).text();
    expect(await text("logs?run=1")).toBe("one\n");
    expect(await text("tail?run=last")).toBe("two\n");
    expect(await text("head?run=2")).toBe("two\n");
  });

  test.each([
    ["run=3", 404],
    ["run=0", 404],
    ["run=x", 400],
    ["run=1&follow=1", 400],
    ["open=newline", 400],
    ["open=newline&follow=1", 400],
    ["format=frames", 400],
    ["paced=1", 400],
    ["paced=1&follow=1&grep=x", 400],
    ["reader=12.34&follow=1", 400],
    ["paced=1&follow=1&reader=12", 400],
  ])("%s is refused", async (query, status) => {
    const session = await server.session();
    const response = await get(`/v1/sessions/${session.id}/logs?${query}`);
    expect([response.status, typeof (await errorOf(response)).field]).toEqual([status, "string"]);
  });
});

describe("entries in JSON say what text needs:", () => {
  test("the bytes that are no UTF-8, and that there was no newline", async () => {
    const session = await server.session();
    session.log.print("stdout", new Uint8Array([0x61, 0xff]));
    session.log.print("stdout", "a real \ufffd");
    session.log.print("stdout", "end", { unterminated: true });
    const reply = (await body(`/v1/sessions/${session.id}/logs`)) as { entries: object[] };
    const entry = { stream: "stdout", run: 1, ts: expect.any(String) };
    expect(reply.entries).toEqual([
      { ...entry, seq: 1, line: "a\ufffd", base64: "Yf8=" },
      { ...entry, seq: 2, line: "a real \ufffd" },
      { ...entry, seq: 3, line: "end", unterminated: true },
    ]);
  });
});

test("followed frames are text in pieces, which another follower goes on with", async () => {
  const session = await server.session();
  session.log.print("stdout", "one");
  session.log.print("stdout", "tw", { partial: true });
  session.log.print("stdout", "o");
  session.log.end();
  const frames = async (query: string) =>
    (await get(`/v1/sessions/${session.id}/logs?follow=1&format=frames${query}`)).text();
  expect(await frames("&since_seq=1")).toBe(
    '{"next_seq":4,"open":"nothing","bytes":26}\n[stdout] one\n[stdout] two\n',
  );
  expect(await frames("&since_seq=3&open=stdout")).toBe(
    '{"next_seq":4,"open":"nothing","bytes":2}\no\n',
  );
});

test("a follower that falls behind is an event once, until it has caught up", async () => {
  const session = await server.session();
  session.log.print("stdout", "1");
  const lines = reader(
    await get(`/v1/sessions/${session.id}/logs?follow=1&format=text&stream=stdout`),
  );
  await lines.next("1");
  const fallBehind = (first: string, last: string) => {
    session.log.print("stdout", first);
    session.log.dropOldest(session.log.entries.length);
    session.log.print("stdout", last);
  };
  fallBehind("2", "3");
  await lines.next("3\n");
  fallBehind("4", "5");
  await lines.next("5\n");
  expect(server.history.lags).toEqual([{ sessionId: session.id, stream: "stdout", missed: 1 }]);
  session.log.print("stdout", "6");
  await lines.next("6\n");
  fallBehind("7", "8");
  await lines.next("8\n");
  expect(server.history.lags).toHaveLength(2);
  await lines.end();
});

test("a server whose followers go on elsewhere breaks them off, and ends them otherwise", async () => {
  const session = await server.session();
  session.log.print("stdout", "one");
  const follow = () => fetch(`${server.url}/v1/sessions/${session.id}/logs?follow=1&format=text`);
  const broken = await follow();
  const quiet = await fetch(`${server.url}/v1/events?follow=1&limit=0`);
  server.http.breakOff();
  await expect(broken.text()).rejects.toThrow();
  await expect(quiet.text()).rejects.toThrow();
  await server.http.stop();
  expect(session.log.open.size).toBe(0);

  await using other = await startTestServer();
  const ended = await fetch(`${other.url}/v1/events?follow=1&limit=0`);
  const text = ended.text();
  await other.http.stop();
  expect(await text).toBe("");
});

describe("prune", () => {
  function prune(what?: object | number | string | null): Promise<Response> {
    const body = what === undefined ? {} : { body: JSON.stringify(what) };
    return fetch(`${server.url}/v1/prune`, { method: "POST", ...body });
  }

  test("says what it has forgotten", async () => {
    const session = await server.session();
    const reply = await (await prune({ older_than: "7d", keep: 20 })).json();
    expect(reply).toEqual({ ok: true, removed: [{ id: session.id, name: null }] });
    expect(server.directory.pruning).toEqual({ olderThanMs: 7 * 86_400_000, keep: 20 });
  });

  test("without a body means all that are at rest", async () => {
    expect(await (await prune()).json()).toEqual({ ok: true, removed: [] });
    expect(server.directory.pruning).toEqual({ olderThanMs: 0, keep: 0 });
  });

  const refused = [{ older_than: "soon" }, { keep: -1 }, { older: 1 }, null, [], 0, "x"];
  test.each(refused.map((what) => [what]))("%j is refused", async (what) => {
    expect((await prune(what)).status).toBe(400);
    expect(server.directory.pruning).toBeUndefined();
  });
});
