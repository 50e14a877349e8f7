import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { WaitReply } from "../../src/api/waiting.ts";
import { NOT_READY, type Readiness } from "../../src/domain/checks.ts";
import type { SessionSnapshot } from "../../src/domain/session.ts";
import { waitFor } from "../support/wait.ts";
import type { FakeSession } from "./support/directory.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;
let session: FakeSession;

beforeEach(async () => {
  server = await startTestServer();
  session = await server.session();
});

afterEach(() => server[Symbol.asyncDispose]());

const WAITING: Readiness = { ...NOT_READY, waitingFor: ["port 3000: nothing listens"] };
/** Long enough ago to be believed. */
const READY: Readiness = { ...NOT_READY, ready: true, readyAt: 1_000 };

/** The session is so from now on, and it is told. */
function becomes(facts: Partial<SessionSnapshot>): void {
  session.facts = { ...session.facts, ...facts };
  const happened = { type: "running", run: 1, pid: 7 } as const;
  server.history.append({ ...happened, time: Date.now(), sessionId: session.id });
}

async function ask(query: string, init?: RequestInit): Promise<WaitReply> {
  const path = `/v1/sessions/${session.id}/wait?${query}`;
  return (await (await fetch(`${server.url}${path}`, init)).json()) as WaitReply;
}

/** Asks, and resolves once the daemon waits. */
async function asking(query: string, init?: RequestInit) {
  const before = server.history.open.size;
  const reply = ask(query, init);
  reply.catch(() => undefined);
  await waitFor("the wait to begin", () => server.history.open.size > before);
  return { reply };
}

describe("Waiting for ready", () => {
  test("is answered at once when it is", async () => {
    session.facts = { state: "running", readiness: READY };
    expect(await ask("for=ready")).toEqual({
      outcome: "reached",
      session_id: session.id,
      state: "running",
      ready: true,
      run: 1,
      exit_code: null,
      term_signal: null,
      elapsed_ms: expect.any(Number),
      waiting_for: [],
    });
  });

  test("is what a wait means that does not say", async () => {
    session.facts = { state: "running", readiness: WAITING };
    expect(await ask("timeout=0")).toMatchObject({ outcome: "timed_out", ready: false });
    session.facts = { state: "running", readiness: READY };
    expect(await ask("")).toMatchObject({ outcome: "reached" });
  });

  test("is answered when it becomes so", async () => {
    session.facts = { state: "running", readiness: WAITING };
    const { reply } = await asking("for=ready");
    becomes({ readiness: { ...READY, readyAt: Date.now() } });
    expect(await reply).toMatchObject({ outcome: "reached", ready: true, waiting_for: [] });
    expect(server.history.open.size).toBe(0);
  });

  test("is not fooled by one that becomes ready and crashes", async () => {
    session.facts = { state: "running", readiness: WAITING };
    const { reply } = await asking("for=ready");
    becomes({ readiness: { ...READY, readyAt: Date.now() } });
    becomes({
      state: "exited",
      readiness: NOT_READY,
      exit: { code: 1, signal: null },
    });
    expect(await reply).toMatchObject({
      outcome: "ended",
      state: "exited",
      ready: false,
      exit_code: 1,
    });
  });

  test("ends with a session that nothing revives, and says what was missing", async () => {
    session.facts = { state: "running", readiness: WAITING };
    const { reply } = await asking("for=ready");
    becomes({ state: "exited", readiness: NOT_READY, exit: { code: null, signal: "SIGSEGV" } });
    expect(await reply).toMatchObject({
      outcome: "ended",
      term_signal: "SIGSEGV",
      waiting_for: ["port 3000: nothing listens"],
    });
  });

  test("says what was seen last, which may be newer than any event", async () => {
    session.facts = { state: "running", readiness: WAITING };
    const { reply } = await asking("for=ready");
    const waitedFor = ["port 3000: python3 (pid 7) has listened there since before this run"];
    const exit = { code: 1, signal: null };
    becomes({ state: "exited", readiness: { ...NOT_READY, waitedFor }, exit });
    expect(await reply).toMatchObject({ outcome: "ended", waiting_for: waitedFor });
  });

  test("goes on while its policy or a file change may revive it", async () => {
    const watching = { state: "armed", directories: 1, problem: null } as const;
    session.facts = { state: "exited", readiness: NOT_READY, nextRestartAt: 2_000 };
    const { reply } = await asking("for=ready");
    becomes({ state: "exited", nextRestartAt: null, watching });
    becomes({ state: "running", run: 2, readiness: READY });
    expect(await reply).toMatchObject({ outcome: "reached", run: 2 });
  });

  test("ends when the time of the run's own checks is over", async () => {
    session.facts = { state: "running", readiness: WAITING };
    const { reply } = await asking("for=ready");
    becomes({ readiness: { ...WAITING, timedOut: true } });
    expect(await reply).toMatchObject({
      outcome: "timed_out",
      state: "running",
      waiting_for: ["port 3000: nothing listens"],
    });
  });

  test("ends when its own time is over", async () => {
    session.facts = { state: "running", readiness: WAITING };
    const reply = await ask("for=ready&timeout=20ms");
    expect(reply).toMatchObject({ outcome: "timed_out", state: "running" });
    expect(reply.waiting_for).toEqual(["port 3000: nothing listens"]);
  });
});

describe("Waiting for a session to run", () => {
  test("is answered once it does, ready or not", async () => {
    const { reply } = await asking("for=running");
    becomes({ state: "running", readiness: WAITING });
    expect(await reply).toMatchObject({ outcome: "reached", ready: false });
  });

  test("ends with one that could not be started", async () => {
    const { reply } = await asking("for=running");
    becomes({ state: "failed", error: "ENOENT: no command" });
    expect(await reply).toMatchObject({ outcome: "ended", state: "failed" });
  });
});

describe("Waiting for an exit", () => {
  test("is answered at rest, with how it ended", async () => {
    session.facts = { state: "running", readiness: READY };
    const { reply } = await asking("for=exit");
    becomes({ state: "stopping" });
    becomes({ state: "exited", exit: { code: 3, signal: null }, nextRestartAt: 2_000 });
    expect(await reply).toMatchObject({ outcome: "reached", state: "exited", exit_code: 3 });
  });
});

describe("A wait", () => {
  test("holds nothing any more once its client has left", async () => {
    const client = new AbortController();
    await asking("for=exit", { signal: client.signal });
    client.abort();
    await waitFor("the wait to be given up", () => server.history.open.size === 0);
    expect(server.defects).toEqual([]);
  });

  test("is handed to the next daemon when this one leaves", async () => {
    const { reply } = await asking("for=exit");
    await server.http.stop();
    expect(await reply).toMatchObject({ error: { code: "unavailable" } });
  });

  test("names what it was asked wrongly", async () => {
    const get = (query: string) => fetch(`${server.url}/v1/sessions/${session.id}/wait?${query}`);
    expect(await errorOf(await get("for=readyness"))).toMatchObject({
      code: "bad_request",
      field: "for",
      expected: "one of ready, running, exit",
    });
    expect(await errorOf(await get("timeout=soon"))).toMatchObject({ field: "timeout" });
    expect(await errorOf(await get("until=ready"))).toMatchObject({ field: "until" });
    expect((await fetch(`${server.url}/v1/sessions/nobody/wait`)).status).toBe(404);
  });
});
