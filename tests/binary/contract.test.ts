// Every route of the compiled daemon answers as its OpenAPI document says: each is driven to at
// least one success and one refusal, and every answer is held to the schemas, and to the document
// as the daemon gives it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ENDPOINTS } from "../../src/api/endpoints/all.ts";
import { endpointOf, holdToContract } from "../support/contract.ts";
import { createValidator } from "../support/json-schema.ts";
import { BINARY, Korun } from "../support/korun.ts";
import { untilPrinted } from "./support/api.ts";

const korun = new Korun();
/** Endpoints by name, with the statuses that they were seen to answer. */
const seen = new Map<string, Set<number>>();
const ajv = createValidator();
let socket = "";
/** A session that runs, has printed, and takes input in its terminal. */
let web = "";

beforeAll(async () => {
  const document = await korun.json<object>("/v1/openapi.json");
  ajv.addSchema({ $id: "korun", ...document });
  socket = (await korun.status()).socket;
  const body = JSON.stringify({
    command: ["sh", "-c", "echo ready; echo 'ERROR: no luck' >&2; exec cat"],
    name: "web",
    pty: true,
    env: { TOKEN: "secret" },
    restart: { kind: "exponential", maxRestarts: 3 },
    ready: [{ log: "ready" }, { command: "true" }],
    health: { command: "true", interval: "1s" },
    max_rss: "1G",
    max_runtime: "1h",
    watch: ["."],
    cwd: korun.work,
  });
  const created = await ask("POST", "/v1/sessions?wait=1", { body });
  expect(created.status).toBe(201);
  web = (JSON.parse(created.text) as { id: string }).id;
  await untilPrinted(korun, web, /ready/);
});

afterAll(() => korun[Symbol.asyncDispose]());

interface Asked {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Over the socket, and not TCP. */
  readonly unix?: boolean;
}

/** Asks, reads the whole answer and holds it to the contract. */
async function ask(
  method: string,
  path: string,
  { body, headers, unix = false }: Asked = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const url = unix ? "http://localhost" : await korun.url();
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
    ...(unix ? { unix: socket } : {}),
  });
  const answer = {
    ...{ method, path, status: response.status },
    type: response.headers.get("content-type"),
    text: await response.text(),
  };
  expect(response.headers.get("korun-version")).toMatch(/^\d/);
  holdToContract(answer);
  const endpoint = endpointOf({ method, path });
  if (endpoint === undefined) return answer;
  if (answer.type === "application/json") holdToDocument(endpoint, answer);
  const statuses = seen.get(endpoint.name) ?? new Set();
  seen.set(endpoint.name, statuses.add(answer.status));
  return answer;
}

function holdToDocument(
  { path, method }: { readonly path: string; readonly method: string },
  { status, text }: { readonly status: number; readonly text: string },
): void {
  const steps = ["paths", path, method.toLowerCase(), "responses", `${status}`];
  const pointer = [...steps, "content", "application/json", "schema"].map(
    (step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`,
  );
  const validate = ajv.compile({ $ref: `korun#${encodeURI(pointer.join(""))}` });
  validate(JSON.parse(text));
  expect([path, status, validate.errors]).toEqual([path, status, null]);
}

const ONE = "/v1/sessions/web";

describe("what answers", () => {
  for (const [method, path, body] of [
    ["GET", "/healthz"],
    ["GET", "/v1/daemon"],
    ["GET", "/v1/openapi.json"],
    ["GET", "/v1/sessions"],
    ["POST", "/v1/sessions", { command: ["echo", "hi"], name: "job", cwd: "/" }],
    ["GET", ONE],
    ["GET", `${ONE}/wait?for=ready&timeout=30s`],
    ["GET", `${ONE}/wait?for=exit&timeout=0`],
    ["POST", `${ONE}/input`, { text: "hello", enter: true }],
    ["POST", `${ONE}/resize`, { cols: 100, rows: 40 }],
    ["GET", `${ONE}/logs`],
    ["GET", `${ONE}/logs?since_seq=1`],
    ["GET", `${ONE}/logs?format=text`],
    ["GET", `${ONE}/tail?limit=1`],
    ["GET", `${ONE}/head?run=last`],
    ["GET", `${ONE}/expect?pattern=ready`],
    ["GET", `${ONE}/expect?pattern=never&timeout=0`],
    ["GET", `${ONE}/diff`],
    ["GET", `${ONE}/diff?format=text`],
    ["GET", `${ONE}/digest`],
    ["GET", `${ONE}/runs`],
    ["GET", `${ONE}/stats`],
    ["GET", "/v1/ports"],
    ["GET", "/v1/events"],
    ["GET", "/v1/sessions/job/logs?follow=1"],
    ["GET", "/v1/sessions/job/logs?follow=1&format=frames"],
    ["POST", `${ONE}/restart?wait=1`],
    ["POST", `${ONE}/stop?wait=1`],
    ["GET", ONE],
    ["GET", `${ONE}/runs`],
    ["GET", `${ONE}/wait?for=running`],
    ["GET", "/v1/events?limit=1000"],
    ["DELETE", "/v1/sessions/job"],
    ["POST", "/v1/prune", { older_than: "1d" }],
  ] as const) {
    test(`${method} ${path}`, async () => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const { status, text } = await ask(method, path, sent);
      expect(status < 300 ? "done" : text).toBe("done");
    });
  }
});

describe("what refuses", () => {
  for (const [wanted, method, path, body] of [
    [400, "GET", "/healthz?x=1"],
    [400, "GET", "/v1/daemon?x=1"],
    [400, "POST", "/v1/daemon/stop?x=1"],
    [413, "POST", "/v1/daemon/stop", { reason: "x".repeat(1_100_000) }],
    [403, "POST", "/v1/daemon/upgrade", { binary: "/bin/true" }],
    [400, "GET", "/v1/openapi.json?x=1"],
    [400, "GET", "/v1/sessions?x=1"],
    [400, "POST", "/v1/sessions", { command: [] }],
    [413, "POST", "/v1/sessions", { command: ["x".repeat(1_100_000)] }],
    [400, "POST", "/v1/sessions", { command: ["true"], cwd: "/no/such/folder" }],
    [404, "GET", "/v1/sessions/nobody"],
    [404, "DELETE", "/v1/sessions/nobody"],
    [413, "DELETE", ONE, { reason: "x".repeat(1_100_000) }],
    [404, "POST", "/v1/sessions/nobody/stop"],
    [409, "POST", `${ONE}/stop`],
    [413, "POST", `${ONE}/stop`, { reason: "x".repeat(1_100_000) }],
    [404, "POST", "/v1/sessions/nobody/restart"],
    [413, "POST", `${ONE}/restart`, { reason: "x".repeat(1_100_000) }],
    [404, "GET", "/v1/sessions/nobody/wait"],
    [400, "POST", `${ONE}/input`, {}],
    [409, "POST", `${ONE}/input`, { text: "x" }],
    [400, "POST", `${ONE}/resize`, { cols: 0, rows: 1 }],
    [400, "GET", `${ONE}/attach`],
    [400, "GET", `${ONE}/logs?limit=abc`],
    [404, "GET", `${ONE}/tail?run=99`],
    [400, "GET", `${ONE}/head?follow=1`],
    [400, "GET", `${ONE}/expect?pattern=(&regex=1`],
    [400, "GET", `${ONE}/expect`],
    [400, "GET", `${ONE}/diff?cursor=-`],
    [404, "GET", `${ONE}/digest?run=99`],
    [404, "GET", "/v1/sessions/nobody/runs"],
    [404, "GET", "/v1/sessions/nobody/stats"],
    [400, "GET", "/v1/ports?port=99999"],
    [400, "GET", "/v1/events?limit=-1"],
    [400, "POST", "/v1/prune", { keep: "all" }],
    [404, "GET", "/v1/nothing"],
    [405, "DELETE", "/v1/sessions"],
  ] as const) {
    test(`${method} ${path} with ${wanted}`, async () => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      expect((await ask(method, path, sent)).status).toBe(wanted);
    });
  }
});

describe("what only some clients ask", () => {
  test("a session of the same name: the living one, or how it differs", async () => {
    const wish = { command: ["sleep", "60"], name: "twin", cwd: "/", env: { KEY: "a" } };
    const twice = () => ask("POST", "/v1/sessions?wait=1", { body: JSON.stringify(wish) });
    expect((await twice()).status).toBe(201);
    const again = await twice();
    expect([again.status, JSON.parse(again.text)]).toMatchObject([200, { existing: true }]);
    const body = JSON.stringify({ ...wish, env: { KEY: "b" } });
    expect((await ask("POST", "/v1/sessions", { body })).status).toBe(409);
    expect((await ask("DELETE", "/v1/sessions/twin")).status).toBe(409);
  });

  test("a page of another origin", async () => {
    const headers = { origin: "http://example.com" };
    expect((await ask("GET", "/v1/sessions", { headers })).status).toBe(403);
  });

  test("events as server-sent events and as NDJSON, until the daemon stops", async () => {
    const other = new Korun();
    try {
      const url = await other.url();
      const path = "/v1/events?follow=1";
      const asSse = { headers: { accept: "text/event-stream" } };
      const responses = await Promise.all([fetch(`${url}${path}`, asSse), fetch(`${url}${path}`)]);
      const texts = Promise.all(responses.map((response) => response.text()));
      await other.ok(["run", "--", "true"]);
      await other.ok(["daemon", "stop"]);
      for (const [index, text] of (await texts).entries()) {
        const type = responses[index]?.headers.get("content-type") ?? null;
        expect(text).toContain("daemon_stopping");
        holdToContract({ method: "GET", path, status: 200, type, text });
      }
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  test("a WebSocket: each message is one of the contract's", async () => {
    await ask("POST", `${ONE}/restart?wait=1`);
    const { TerminalMessage } = await import("../../src/api/terminal.ts");
    const { parse } = await import("valibot");
    const url = (await korun.url()).replace("http", "ws");
    const messages: unknown[] = [];
    const over = Promise.withResolvers<void>();
    const ws = new WebSocket(`${url}${ONE}/attach?cols=90&rows=30`);
    ws.onmessage = ({ data }) => {
      if (typeof data !== "string") return;
      messages.push(parse(TerminalMessage, JSON.parse(data)));
      if (messages.length === 1) void ask("POST", `${ONE}/stop`);
    };
    ws.onclose = () => over.resolve();
    await over.promise;
    expect(messages).toMatchObject([{ type: "screen" }, { type: "exit", over: true }]);
    seen.get("attachTerminal")?.add(101);
  });

  test("an upgrade, and in the end a stop", async () => {
    const body = JSON.stringify({ binary: BINARY });
    expect((await ask("POST", "/v1/daemon/upgrade", { body, unix: true })).status).toBe(202);
    await korun.ok(["ls"]);
    socket = (await korun.status()).socket;
    expect((await ask("POST", "/v1/daemon/stop", { unix: true })).status).toBe(202);
  });
});

test("every endpoint has answered and has refused", () => {
  const lacking = ENDPOINTS.filter(({ name }) => {
    const statuses = [...(seen.get(name) ?? [])];
    return !statuses.some((one) => one < 300) || !statuses.some((one) => one >= 400);
  });
  expect(lacking.map(({ name }) => name)).toEqual([]);
});
