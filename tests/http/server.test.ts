import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemCode } from "../../src/domain/problem.ts";
import { type HttpServer, startServer } from "../../src/http/server.ts";
import { waitFor } from "../support/wait.ts";
import { FakeCursors } from "./support/cursors.ts";
import { FakeDirectory } from "./support/directory.ts";
import { FakeHistory } from "./support/history.ts";
import { FakeMachine } from "./support/machine.ts";
import { exchangeRaw, openRaw, statusOf } from "./support/raw.ts";
import { DAEMON_REPLY, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;
let folder: string;

beforeEach(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), "korun-server-"));
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test("the socket is the user's alone and serves the same API under any Host", async () => {
  expect(statSync(server.socket).mode & 0o777).toBe(0o600);
  const response = await fetch("http://anything.example/v1/daemon", { unix: server.socket });
  expect(await response.json()).toEqual(DAEMON_REPLY);
  const odd = "GET /healthz HTTP/1.1\r\nHost: a b%%%/?#\r\n\r\n";
  expect(statusOf(await exchangeRaw({ path: server.socket }, odd))).toBe(200);
});

test("only loopback is listened on", async () => {
  const address = "127.0.0.1";
  expect((await fetch(`http://${address}:${server.port}/healthz`)).status).toBe(200);
  const taken = createServer();
  // The same port on another address of this machine is still free.
  await new Promise<void>((resolve, reject) => {
    taken.once("error", reject);
    taken.listen(server.port, "127.0.0.2", resolve);
  });
  taken.close();
});

test("a port that is taken is EADDRINUSE, and leaves no socket behind", async () => {
  const socketPath = join(folder, "s");
  expect(await failure(server.port, socketPath)).toBe("EADDRINUSE");
  expect(existsSync(socketPath)).toBe(false);
});

test("a socket that cannot be made leaves no port behind", async () => {
  const free = await startTestServer();
  const { port } = free;
  await free[Symbol.asyncDispose]();
  expect(await failure(port, join(folder, "no", "such", "folder"))).toBe("ENOENT");
  const again = await start(port, join(folder, "s"));
  expect(again.port).toBe(port);
  await again.stop();
});

test("a stop takes no new connections, ends followers, and lets answers finish", async () => {
  const session = await server.session();
  session.log.print("stdout", "one");
  const follower = await fetch(`${server.url}/v1/sessions/${session.id}/logs?follow=1`);
  const waiting = fetch(`${server.url}/v1/sessions/${session.id}/stop?wait=1`, { method: "POST" });
  await waitFor("the stop", () => session.facts.state === "stopping");

  const stopped = server.http.stop();
  const refused = await openRaw({ port: server.port }).catch((thrown) => systemCode(thrown));
  expect(refused).toBe("ECONNREFUSED");
  expect(await follower.text()).toEndWith("\n");
  session.settle({ state: "exited" });
  expect((await waiting).status).toBe(200);
  await stopped;
  expect(existsSync(server.socket)).toBe(false);
});

test("a stop does not wait for ever for an answer that never comes", async () => {
  const session = await server.session();
  const waiting = fetch(`${server.url}/v1/sessions/${session.id}/stop?wait=1`, { method: "POST" });
  const cut = waiting.then(
    () => "answered",
    () => "cut off",
  );
  await waitFor("the stop", () => session.facts.state === "stopping");
  await server.http.stop();
  expect(await cut).toBe("cut off");
});

test("to refuse leaves what is under way in peace", async () => {
  const session = await server.session();
  session.log.print("stdout", "one");
  const follower = await openRaw({ port: server.port });
  follower.socket.write(
    `GET /v1/sessions/${session.id}/logs?follow=1 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
  );
  await waitFor("the history", () => follower.received().includes("one"));
  server.http.refuse();
  session.log.print("stdout", "two");
  await waitFor("the last words", () => follower.received().includes("two"));
  const refused = await openRaw({ port: server.port }).catch((thrown) => systemCode(thrown));
  expect(refused).toBe("ECONNREFUSED");
  follower.socket.destroy();
});

test("one whose sessions are handed over is asked for them no more", async () => {
  server.http.breakOff();
  // Its session would not be found in a daemon that has let go of all.
  const refused = await openRaw({ port: server.port }).catch((thrown) => systemCode(thrown));
  expect(refused).toBe("ECONNREFUSED");
});

function start(port: number, socketPath: string): Promise<HttpServer> {
  const machine = new FakeMachine();
  return startServer({
    registry: new FakeDirectory(),
    history: new FakeHistory(),
    cursors: new FakeCursors(),
    usage: machine,
    machine,
    daemon: () => DAEMON_REPLY,
    requestStop: () => undefined,
    requestUpgrade: async () => "1.0.0",
    port,
    socketPath,
    version: "1.2.3",
  });
}

async function failure(port: number, socketPath: string): Promise<string | undefined> {
  return await start(port, socketPath).then(
    () => "started",
    (thrown) => systemCode(thrown),
  );
}
