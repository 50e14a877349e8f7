import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../support/wait.ts";
import { bodyOf, exchangeRaw, openRaw, statusOf } from "./support/raw.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

const MIB = 1_048_576;
let server: TestServer;
let folder: string;

beforeEach(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), "korun-body-"));
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** A valid request body of exactly this many bytes. */
function bodyOfLength(length: number): string {
  const rest = JSON.stringify({ command: [""] }).length;
  return JSON.stringify({ command: ["x".repeat(length - rest)] });
}

async function curl(options: readonly string[]): Promise<string> {
  const command = ["curl", "-sS", "-m", "30", ...options, `${server.url}/v1/sessions`];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  return await new Response(child.stdout).text();
}

test("curl -d works as typed, without a content type", async () => {
  expect(JSON.parse(await curl(["-d", '{"command":["sleep","9"]}'])).state).toBe("starting");
  expect(server.directory.sessions[0]?.spec.command).toEqual(["sleep", "9"]);
});

test("a body of 1 MiB is read, one byte more is a 413 in our envelope", async () => {
  const post = (body: string) => fetch(`${server.url}/v1/sessions`, { method: "POST", body });
  expect((await post(bodyOfLength(MIB))).status).toBe(201);
  const refused = await post(bodyOfLength(MIB + 1));
  expect(refused.status).toBe(413);
  expect((await errorOf(refused)).code).toBe("payload_too_large");
});

test("curl prints the 413 whether it declares the length, streams, or waits to be asked", async () => {
  const file = join(folder, "body");
  writeFileSync(file, bodyOfLength(2 * MIB));
  const ways = [[], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"]];
  for (const way of ways) {
    const printed = await curl([...way, "-d", `@${file}`]);
    expect(JSON.parse(printed).error.code).toBe("payload_too_large");
  }
  expect(server.directory.sessions).toEqual([]);
});

test("a client that sends all before it listens gets the 413 and may go on", async () => {
  const { socket, received } = await openRaw({ port: server.port });
  const head = `Host: 127.0.0.1:${server.port}\r\n`;
  socket.pause();
  socket.write(`POST /v1/sessions HTTP/1.1\r\n${head}Content-Length: ${8 * MIB}\r\n\r\n`);
  socket.write(Buffer.alloc(8 * MIB, "x"));
  await new Promise((resolve) => socket.write(`GET /healthz HTTP/1.1\r\n${head}\r\n`, resolve));
  socket.resume();
  await waitFor("the second answer", () => received().includes('"ok":true'));
  expect(statusOf(received())).toBe(413);
  socket.destroy();
});

test("a declared length over the limit is refused before anything is sent", async () => {
  const answer = await exchangeRaw(
    { port: server.port },
    `POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: ${2 ** 40}\r\n\r\n`,
  );
  expect(statusOf(answer)).toBe(413);
  expect(JSON.parse(bodyOf(answer)).error.code).toBe("payload_too_large");
});

test("what is not JSON, not UTF-8, or no object is a 400", async () => {
  const bodies = [
    "{",
    "{'command':['x']}",
    "command=x",
    "\0",
    "[".repeat(100_000),
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
    Buffer.from('{"command":["\xff"]}', "latin1"),
    "null",
    "1",
    '"text"',
    "[]",
    "",
  ];
  for (const body of bodies) {
    const response = await fetch(`${server.url}/v1/sessions`, { method: "POST", body });
    expect([String(body).slice(0, 20), response.status]).toEqual([String(body).slice(0, 20), 400]);
    expect((await errorOf(response)).code).toBe("bad_request");
  }
  expect(server.defects).toEqual([]);
});

test("actions take an empty body or {}, and nothing else", async () => {
  const session = await server.session();
  for (const path of [`/v1/sessions/${session.id}/stop`, "/v1/daemon/stop"]) {
    const post = (init: RequestInit) => fetch(server.url + path, { method: "POST", ...init });
    for (const body of ["", "{}", " { } "]) expect((await post({ body })).ok).toBe(true);
    expect((await post({})).ok).toBe(true);
    for (const body of ['{"a":1}', "[]", "null", "x"]) {
      const response = await post({ body });
      expect([body, response.status]).toEqual([body, 400]);
      await response.text();
    }
  }
});

test("a client that leaves in the middle of its body is no defect", async () => {
  const { socket } = await openRaw({ port: server.port });
  const head = `POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`;
  await new Promise((resolve) => socket.write(`${head}Content-Length: 100\r\n\r\n{"com`, resolve));
  socket.resetAndDestroy();
  // The server has dealt with it once it answers the next one.
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(server.defects).toEqual([]);
});
