import { afterEach, beforeEach, expect, test } from "bun:test";
import type { DigestReply } from "../../src/api/digesting.ts";
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

function get(query = ""): Promise<Response> {
  return fetch(`${server.url}/v1/sessions/${session.id}/digest?${query}`);
}

async function digest(query = ""): Promise<DigestReply> {
  return (await (await get(query)).json()) as DigestReply;
}

test("it sums up the newest run", async () => {
  session.write("stdout", "ERROR old\n");
  session.flush();
  session.run = 2;
  session.write("stdout", "took 3 ms\ntook 17 ms\n", { run: 2 });
  session.write("stderr", "\x1b[31mERROR\x1b[0m boom\n", { run: 2, time: 2_000 });
  expect(await digest()).toEqual({
    session_id: session.id,
    stream: "blended",
    run: 2,
    lines: 3,
    complete: true,
    levels: { trace: 0, debug: 0, info: 2, warn: 0, error: 1 },
    errors: [
      {
        count: 1,
        level: "error",
        shape: "ERROR boom",
        first_seq: 4,
        seq: 4,
        ts: "1970-01-01T00:00:02.000Z",
        stream: "stderr",
        run: 2,
        line: "ERROR boom",
      },
    ],
    repeated: [expect.objectContaining({ count: 2, shape: "took <n> ms", first_seq: 2, seq: 3 })],
    next_seq: 5,
  });
});

test("it sums up another run, one stream, or all since a time", async () => {
  const now = Date.now();
  session.write("stdout", "one\n", { time: now - 600_000 });
  session.write("stderr", "two\n", { time: now });
  session.flush();
  session.run = 2;
  session.write("stdout", "three\n", { run: 2, time: now });
  expect((await digest("run=1")).lines).toBe(2);
  expect((await digest("run=1&stream=stderr")).lines).toBe(1);
  expect(await digest("since=5m")).toMatchObject({ lines: 2, run: null, complete: true });
});

test("of a run that there is not, it says which there are", async () => {
  const asked = async () => await errorOf(await get("run=5"));
  expect(await asked()).toMatchObject({
    message: "There is no run 5: there is only run 1",
    expected: "1 or last",
  });
  session.run = 3;
  expect(await asked()).toMatchObject({
    message: "There is no run 5: the newest is 3",
    expected: "a number from 1 to 3, or last",
  });
});

test.each([
  ["run=9", "run", 404],
  ["run=some", "run", 400],
  ["since=soon", "since", 400],
  ["stream=both", "stream", 400],
  ["limit=3", "limit", 400],
])("it refuses %s", async (query, field, status) => {
  const response = await get(query);
  expect(response.status).toBe(status);
  expect((await errorOf(response)).field).toBe(field);
});
