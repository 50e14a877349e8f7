import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { SessionReply } from "../../src/api/replies.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(() => server[Symbol.asyncDispose]());

function create(checks: object): Promise<Response> {
  const body = JSON.stringify({ command: ["server"], cwd: "/", ...checks });
  return fetch(`${server.url}/v1/sessions`, { method: "POST", body });
}

describe("A readiness check that can look for nothing", () => {
  test("is refused before anything is made of it", async () => {
    const refused = await create({ ready: [{ port: 3000 }, { log: "up", regex: "ready in (" }] });
    expect(refused.status).toBe(400);
    expect(await errorOf(refused)).toMatchObject({
      code: "bad_request",
      field: "ready[1].regex",
      message: expect.stringContaining("ready[1].regex is no regular expression: missing closing"),
    });
    expect(server.directory.sessions).toEqual([]);
  });

  test("is named as it was sent, alone or in a list", async () => {
    expect((await errorOf(await create({ ready: { regex: "[" } }))).field).toBe("ready.regex");
    const { field } = await errorOf(await create({ ready: [{ log: "x".repeat(2_000) }] }));
    expect(field).toBe("ready[0].log");
  });

  for (const [field, expected, checks] of [
    ["ready.socket", /^one of log, regex, port, url, /, { ready: { socket: "/tmp/x" } }],
    ["ready.port", /^a port from 1 to 65535$/, { ready: { port: 99_999 } }],
    ["ready[1].port", /^a port from 1 to 65535$/, { ready: [{ log: "up" }, { port: 99_999 }] }],
    ["ready[0].url", /^an http/, { ready: [{ url: "ftp://localhost" }] }],
    ["ready.url", /^an http/, { ready: { url: "http://localhost:0/" } }],
    ["health.url", /^an http/, { health: { url: "http://me:100%@localhost/" } }],
    ["ready[0].timeout", /such as 90m/, { ready: [{ log: "up", timeout: "soon" }] }],
    ["ready.timeout", /such as 90m/, { ready: { log: "up", timeout: "9".repeat(400) } }],
    ["ready.log", /^1 to 1000 characters$/, { ready: { log: "x".repeat(1_001) } }],
    ["ready.log", /^a pattern of /, { ready: { log: "one\ntwo" } }],
    ["ready[0]", /^an object with at least one of log, /, { ready: [{}] }],
    ["ready", /^an object with at least one of log, /, { ready: "up" }],
    ["health.log", /^one of url, status, port, command, /, { health: { log: "up" } }],
    ["health", /^an object with one of url, port, command$/, { health: { interval: "1s" } }],
  ] as const) {
    test(`is refused by its name: ${JSON.stringify(checks)}`, async () => {
      expect(await errorOf(await create(checks))).toMatchObject({
        code: "bad_request",
        field,
        expected: expect.stringMatching(expected),
      });
    });
  }
});

test("What is asked of a session is shown with it", async () => {
  const ready = [
    { log: "up", regex: "ready in \\d+" },
    { port: 3000, timeout: "5s" },
  ];
  const health = { url: "http://localhost:3000/", interval: "1s", restart: true };
  expect((await create({ ready, health })).status).toBe(201);
  const [session] = server.directory.sessions;
  const shown = await fetch(`${server.url}/v1/sessions/${session?.id}`);
  expect((await shown.json()) as SessionReply).toMatchObject({
    ready_checks: [
      { log: "up", timeout: 60_000 },
      { regex: "ready in \\d+", timeout: 60_000 },
      { port: 3000, timeout: 5_000 },
    ],
    health_check: {
      url: "http://localhost:3000/",
      interval: 1_000,
      timeout: 5_000,
      threshold: 3,
      restart: true,
    },
  });
});

test.each([
  [{ initialDelay: "60s" }, { initialDelay: 60_000, maxDelay: 60_000 }],
  [{ initialDelay: "5s" }, { initialDelay: 5_000, maxDelay: 30_000 }],
])(
  "The longest delay of %j is no shorter than the first, unless it is said",
  async (given, kept) => {
    expect((await create({ restart: { kind: "exponential", ...given } })).status).toBe(201);
    const [session] = server.directory.sessions;
    const shown = await fetch(`${server.url}/v1/sessions/${session?.id}`);
    expect(((await shown.json()) as SessionReply).restart_policy).toMatchObject(kept);
  },
);
