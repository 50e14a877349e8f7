import { afterEach, beforeEach, expect, test } from "bun:test";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(() => server[Symbol.asyncDispose]());

function create(headers: Record<string, string>): Promise<Response> {
  const body = JSON.stringify({ command: ["true"] });
  return fetch(`${server.url}/v1/sessions`, { method: "POST", headers, body });
}

test("a request's name goes with it; without one the daemon finds an id itself", async () => {
  const id = crypto.randomUUID();
  expect((await create({ "korun-request": id })).status).toBe(201);
  expect((await create({})).status).toBe(201);
  expect(server.directory.asked).toEqual([id, undefined]);
});

test.each(["", "1", "../../etc", "6BA7B810-9DAD-41D1-80B4-00C04FD430C8"])(
  "%j is no name for a request",
  async (name) => {
    const response = await create({ "korun-request": name });
    expect(response.status).toBe(400);
    const { field, expected } = await errorOf(response);
    expect([field, expected]).toEqual(["korun-request", "a UUID in lower case"]);
    expect(server.directory.asked).toEqual([]);
  },
);
