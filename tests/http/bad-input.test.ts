// What is wrong with a request is told by name: the field, the value that came, what it should be.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(() => server[Symbol.asyncDispose]());

const KINDS = "one of never, always, fixed, exponential";
const DURATION = "milliseconds or a duration such as 250ms, 5s, 2m";
const AGE = "milliseconds or a duration such as 90m, 12h, 7d";
const READY = "an object with at least one of log, regex, port, url, file, command";
const HEALTH = "an object with one of url, port, command";
const PORT = "a port from 1 to 65535";
const PTY = "true, or an object of cols and rows, each from 1 to 1000";

/** The fields that are wrong, and the whole message. */
const CASES: readonly (readonly [wish: object, field: string, message: string])[] = [
  [{ restart: "always" }, "restart", `must be an object whose kind is ${KINDS}, not "always"`],
  [{ restart: null }, "restart", `must be an object whose kind is ${KINDS}, not null`],
  [{ restart: [{ kind: "always" }] }, "restart", "must be an object, not an array"],
  [{ restart: {} }, "restart.kind", `is missing: it must be ${KINDS}`],
  [{ restart: { kind: "often" } }, "restart.kind", `must be ${KINDS}, not "often"`],
  [{ restart: { kind: 7 } }, "restart.kind", `must be ${KINDS}, not 7`],
  [
    { restart: { kind: "fixed", delay: "soon" } },
    "restart.delay",
    `must be ${DURATION}, at most 1h, not "soon"`,
  ],
  [
    { restart: { kind: "fixed", delay: "2h" } },
    "restart.delay",
    `must be ${DURATION}, at most 1h, not "2h"`,
  ],
  [{ restart: { kind: "fixed", delay: true } }, "restart.delay", `must be ${DURATION}, not true`],
  [
    { restart: { kind: "exponential", multiplier: 0.5 } },
    "restart.multiplier",
    "must be a number of at least 1, not 0.5",
  ],
  [
    { restart: { kind: "exponential", multiplier: "2" } },
    "restart.multiplier",
    'must be a number of at least 1, not "2"',
  ],
  [
    { restart: { kind: "exponential", initialDelay: "5s", maxDelay: "1s" } },
    "restart.maxDelay",
    "must be no less than initialDelay, not 1000",
  ],
  [
    { restart: { kind: "always", maxRestarts: -1 } },
    "restart.maxRestarts",
    "must be a non-negative integer, not -1",
  ],
  [
    { restart: { kind: "always", on: "success" } },
    "restart.on",
    'must be any or failure, not "success"',
  ],
  [
    { restart: { kind: "always", resetAfter: "later" } },
    "restart.resetAfter",
    `must be ${AGE}, not "later"`,
  ],
  [{ ready: {} }, "ready", `must be ${READY}, or an array of such objects, not {}`],
  [{ ready: "up" }, "ready", `must be ${READY}, or an array of such objects, not "up"`],
  [{ ready: { port: 99_999 } }, "ready.port", `must be ${PORT}, not 99999`],
  [{ ready: [{ log: "up" }, { port: 99_999 }] }, "ready[1].port", `must be ${PORT}, not 99999`],
  [{ ready: { port: "3000" } }, "ready.port", `must be ${PORT}, not "3000"`],
  [{ ready: [5] }, "ready[0]", `must be ${READY}, not 5`],
  [{ ready: [[{ port: 1 }]] }, "ready[0]", `must be ${READY}, not an array`],
  [{ ready: { url: "ftp://x" } }, "ready.url", 'must be an http:// or https:// URL, not "ftp://x"'],
  [{ ready: { command: [] } }, "ready.command[0]", "is missing: it must be a non-empty string"],
  [{ ready: { command: ["a", 1] } }, "ready.command[1]", "must be a string, not 1"],
  [{ ready: { log: "" } }, "ready.log", 'must be a non-empty string, not ""'],
  [{ ready: { log: "up", timeout: "soon" } }, "ready.timeout", `must be ${AGE}, not "soon"`],
  [
    { ready: { port: 1, status: 200 } },
    "ready.status",
    "must be left out unless there is a url, not 200",
  ],
  [{ health: {} }, "health", `must be ${HEALTH}, not {}`],
  [{ health: "up" }, "health", `must be ${HEALTH}, not "up"`],
  [{ health: [] }, "health", `must be ${HEALTH}, not an array`],
  [
    { health: { port: 1, url: "http://x" } },
    "health",
    `must be ${HEALTH}, not {"port":1,"url":"http://x"}`,
  ],
  [{ health: { port: 1, interval: 0 } }, "health.interval", "must be at least 10ms, not 0"],
  [{ health: { port: 1, interval: "9ms" } }, "health.interval", 'must be at least 10ms, not "9ms"'],
  [{ health: { port: 1, interval: "rarely" } }, "health.interval", `must be ${AGE}, not "rarely"`],
  [
    { health: { port: 1, threshold: 0 } },
    "health.threshold",
    "must be an integer from 1 to 1000, not 0",
  ],
  [{ health: { port: 1, restart: "yes" } }, "health.restart", 'must be true or false, not "yes"'],
  [{ max_rss: 0 }, "max_rss", "must be more than 0, not 0"],
  [{ max_rss: "lots" }, "max_rss", 'must be bytes or a size such as 64K, 512M, 2G, not "lots"'],
  [{ max_runtime: 0 }, "max_runtime", "must be more than 0, not 0"],
  [{ max_runtime: "soon" }, "max_runtime", `must be ${AGE}, not "soon"`],
  [{ stdin: "tty" }, "stdin", 'must be none or pipe, not "tty"'],
  [{ pty: "yes" }, "pty", `must be ${PTY}, not "yes"`],
  [{ pty: [] }, "pty", `must be ${PTY}, not []`],
  [{ pty: { cols: 0 } }, "pty.cols", "must be an integer from 1 to 1000, not 0"],
];

for (const [wish, field, message] of CASES) {
  test(`${JSON.stringify(wish)} is a 400 about ${field}`, async () => {
    const body = JSON.stringify({ command: ["x"], cwd: "/", ...wish });
    const response = await fetch(`${server.url}/v1/sessions`, { method: "POST", body });
    const error = await errorOf(response);
    expect([response.status, error.code]).toEqual([400, "bad_request"]);
    expect(error).toMatchObject({ field, message: `${field} ${message}` });
    expect(message).toContain(error.expected ?? "what was wanted");
    expect(server.directory.sessions).toEqual([]);
  });
}

test.each([
  [{ restart: { kind: "never", delay: 1 } }, "restart.delay", "kind"],
  [
    { restart: { kind: "fixed", delai: 1 } },
    "restart.delai",
    "kind, delay, on, resetAfter, maxRestarts",
  ],
  [
    { ready: [{ prot: 1 }] },
    "ready[0].prot",
    "log, regex, port, url, status, file, command, timeout",
  ],
  [{ pty: { row: 1 } }, "pty.row", "cols, rows"],
])("an unknown field of %j is named with those there are", async (wish, field, known) => {
  const body = JSON.stringify({ command: ["x"], cwd: "/", ...wish });
  const error = await errorOf(await fetch(`${server.url}/v1/sessions`, { method: "POST", body }));
  expect(error).toMatchObject({
    field,
    message: `Unknown field ${field}: this takes ${known}`,
    expected: `one of ${known}`,
  });
});

test("a number beyond all numbers is told as what it is", async () => {
  const body = '{"command":["x"],"restart":{"kind":"exponential","multiplier":1e999}}';
  const error = await errorOf(await fetch(`${server.url}/v1/sessions`, { method: "POST", body }));
  expect(error.message).toBe("restart.multiplier must be a number of at least 1, not Infinity");
});

test("a long value is told by its beginning", async () => {
  const body = JSON.stringify({ command: ["x"], stdin: "x".repeat(1_000) });
  const error = await errorOf(await fetch(`${server.url}/v1/sessions`, { method: "POST", body }));
  expect(error.message).toBe(`stdin must be none or pipe, not "${"x".repeat(99)}…`);
});
