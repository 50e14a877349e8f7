// The router and the contract say the same: every route is described, what is described is served,
// and the parameters that are described are those that are taken.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Endpoint } from "../../src/api/endpoint.ts";
import { ENDPOINTS } from "../../src/api/endpoints/all.ts";
import { SchemaWriter } from "../../src/api/json-schema.ts";
import { refusalsOf } from "../../src/api/openapi.ts";
import { routesOf, type ServerOptions } from "../../src/http/server.ts";
import type { FakeSession } from "./support/directory.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;
let session: FakeSession;

beforeAll(async () => {
  server = await startTestServer();
  session = await server.session();
});

afterAll(() => server[Symbol.asyncDispose]());

function ask({ method, path }: Endpoint, query: string): Promise<Response> {
  return fetch(`${server.url}${path.replace("{id}", session.id)}?${query}`, { method });
}

test("every route of the router is an endpoint of the contract, and the other way round", () => {
  const routes = Object.entries(routesOf({} as ServerOptions)).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const endpoints = ENDPOINTS.map(({ method, path }) => `${method} ${path}`);
  expect(endpoints.toSorted()).toEqual(routes.toSorted());
});

test("the document is served, and is the contract's own", async () => {
  const response = await fetch(`${server.url}/v1/openapi.json`);
  expect(response.headers.get("content-type")).toBe("application/json");
  const document = (await response.json()) as { paths: object; info: object };
  expect(document.info).toMatchObject({ version: "1.2.3" });
  expect(Object.keys(document.paths)).toEqual([...new Set(ENDPOINTS.map(({ path }) => path))]);
});

describe("an unknown parameter is refused with those that are described", () => {
  for (const endpoint of ENDPOINTS) {
    test(`${endpoint.method} ${endpoint.path}`, async () => {
      const response = await ask(endpoint, "no-such=1");
      const error = await errorOf(response);
      const names = Object.keys(endpoint.query.entries);
      expect([response.status, error.field]).toEqual([400, "no-such"]);
      const expected = names.length === 0 ? "no query parameters" : `one of ${names.join(", ")}`;
      expect(error.expected).toBe(expected);
      expect(Object.keys(refusalsOf(endpoint))).toContain("400");
    });
  }
});

describe("a value that the document rules out is refused", () => {
  const writer = new SchemaWriter("#/$defs/");
  for (const endpoint of ENDPOINTS) {
    for (const [name, entry] of Object.entries(endpoint.query.entries)) {
      const schema = writer.write(entry as Parameters<typeof writer.write>[0]);
      const isText = schema.type === "string" && schema.enum === undefined && !schema.pattern;
      if (isText || schema.anyOf !== undefined) continue;
      test(`${name} of ${endpoint.method} ${endpoint.path}`, async () => {
        const others = requiredBeside(endpoint, name);
        const response = await ask(endpoint, `${name}=%00&${others}`);
        expect([response.status, (await errorOf(response)).field]).toEqual([400, name]);
      });
    }
  }
});

function requiredBeside({ query }: Endpoint, name: string): string {
  return Object.entries(query.entries)
    .filter(([other, entry]) => other !== name && entry.type !== "optional")
    .map(([other]) => `${other}=x`)
    .join("&");
}

test("neither the daemon nor a listing loads what only the documents need", async () => {
  const ofDaemon = await loadedBy("src/daemon/run.ts");
  expect([...ofDaemon]).toEqual(expect.arrayContaining(["src/api/queries.ts", "valibot"]));
  for (const path of ofDaemon) {
    expect(path).not.toMatch(/^src\/api\/(openapi|json-schema|endpoint)|to-json-schema/);
  }
  for (const command of ["src/cli/main.ts", "src/cli/commands/ls.ts"]) {
    expect(await loadedBy(command)).not.toContain("valibot");
  }
});

/** What is loaded with a file: all but types and what is imported when it is needed. */
async function loadedBy(path: string): Promise<Set<string>> {
  const loaded = new Set<string>();
  const visit = async (from: string): Promise<void> => {
    if (loaded.has(from)) return;
    loaded.add(from);
    if (!from.startsWith("src/")) return;
    const source = await Bun.file(new URL(`../../${from}`, import.meta.url)).text();
    for (const { kind, path: to } of new Bun.Transpiler({ loader: "ts" }).scanImports(source)) {
      if (kind !== "import-statement") continue;
      await visit(to.startsWith(".") ? new URL(to, `file:///${from}`).pathname.slice(1) : to);
    }
  };
  await visit(path);
  return loaded;
}
