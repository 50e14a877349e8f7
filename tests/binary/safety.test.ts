// Nobody else gets in: pages of other sites, names that were rebound, other users of the machine.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DaemonReply } from "../../src/api/daemon-replies.ts";
import { Korun } from "../support/korun.ts";
import { create, errorOf, listedIds, send, untilExited } from "./support/api.ts";
import { exchange, type RawAnswer, requestOf } from "./support/raw.ts";
import { typed } from "./support/typed.ts";

const SESSIONS = "/v1/sessions";
const COMMAND = '{"command":["touch","was-here"]}';
const JSON_TYPE = "Content-Type: application/json";

let korun: Korun;
let port: number;

beforeAll(async () => {
  korun = new Korun();
  await korun.url();
  ({ port } = await korun.status());
});

afterAll(async () => {
  await korun[Symbol.asyncDispose]();
});

type Wish = Parameters<typeof requestOf>[1];

async function ask(wish: Wish): Promise<RawAnswer> {
  const answer = await exchange(port, requestOf(port, wish));
  expect(answer.head.toLowerCase()).not.toContain("access-control");
  return answer;
}

async function expectRefused(wish: Wish): Promise<void> {
  const { status, body } = await ask(wish);
  expect([wish, status]).toEqual([wish, 403]);
  if (wish.method !== "HEAD") expect(JSON.parse(body).error.code).toBe("forbidden");
}

/** Nothing was started, stopped or written by what was refused. */
async function expectUntouched(): Promise<void> {
  expect(await listedIds(korun)).toEqual([]);
  expect(await Bun.file(join(korun.work, "was-here")).exists()).toBe(false);
}

describe("a hostile page", () => {
  const evil = "Origin: http://evil.example";

  test("is refused on every method and path, known or not", async () => {
    for (const method of ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"]) {
      for (const path of ["/healthz", SESSIONS, "/v1/daemon", "/v1/daemon/stop", "/nothing"]) {
        await expectRefused({ method, path, headers: [evil] });
      }
    }
  });

  test("cannot start a command with a simple request, nor with a preflighted one", async () => {
    const post = { method: "POST", path: SESSIONS, body: COMMAND };
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
      await expectRefused({ ...post, headers: [evil, `Content-Type: ${type}`] });
      await expectRefused({ ...post, headers: ["Origin: null", `Content-Type: ${type}`] });
      const hidden = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"];
      await expectRefused({ ...post, headers: [...hidden, `Content-Type: ${type}`] });
    }
    const preflight = ["Access-Control-Request-Method: POST"];
    await expectRefused({ method: "OPTIONS", path: SESSIONS, headers: [evil, ...preflight] });
    await expectUntouched();
  });

  test("of another port or scheme of this machine is another origin", async () => {
    const origins = [
      `https://127.0.0.1:${port}`,
      `http://127.0.0.1:${port + 1}`,
      "http://127.0.0.1",
      `http://localhost:${port}`,
      `http://127.0.0.1:${port}.evil.example`,
    ];
    for (const origin of origins) await expectRefused({ headers: [`Origin: ${origin}`] });
  });

  test("of another site is refused without an Origin too, and so is one of the same site", async () => {
    for (const site of ["cross-site", "same-site"]) {
      for (const mode of ["no-cors", "navigate", "cors"]) {
        await expectRefused({ headers: [`Sec-Fetch-Site: ${site}`, `Sec-Fetch-Mode: ${mode}`] });
      }
    }
  });

  test("gets no WebSocket", async () => {
    const upgrade = [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    for (const path of ["/", SESSIONS, "/v1/daemon"]) {
      await expectRefused({ path, headers: [...upgrade, evil] });
      expect((await ask({ path, headers: upgrade })).status).not.toBe(101);
    }
  });

  test("cannot read a log, live or not", async () => {
    const id = await create(korun, { command: ["echo", "secret"] });
    await untilExited(korun, id);
    for (const path of [`${SESSIONS}/${id}/logs`, `${SESSIONS}/${id}/logs?follow=1`]) {
      expect((await ask({ path, headers: [evil] })).body).not.toContain("secret");
    }
    await send(korun, "DELETE", { path: `${SESSIONS}/${id}` });
  });
});

test("our own page is served, with a JSON body only", async () => {
  const own = [`Origin: http://127.0.0.1:${port}`, "Sec-Fetch-Site: same-origin"];
  expect((await ask({ headers: own })).status).toBe(200);
  const post = { method: "POST", path: SESSIONS, body: '{"command":[]}' };
  expect((await ask({ ...post, headers: [...own, JSON_TYPE] })).status).toBe(400);
  await expectRefused({ ...post, headers: [...own, "Content-Type: text/plain"] });
  await expectRefused({ ...post, headers: own });
});

test("an address typed into a browser is served", async () => {
  const typedIn = ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
  expect((await ask({ headers: typedIn })).status).toBe(200);
  await expectRefused({ method: "POST", path: "/v1/daemon/stop", headers: typedIn });
});

test("a name that was rebound to 127.0.0.1 is refused, and the three of this machine are served", async () => {
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
    expect([host, (await ask({ host })).status]).toEqual([host, 200]);
  }
  const foreign = [
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `127.0.0.1:${port + 1}`,
    "127.0.0.1",
    "localhost",
    `0.0.0.0:${port}`,
    "",
  ];
  for (const host of foreign) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      await expectRefused({ method, host, path: SESSIONS, body: COMMAND, headers: [JSON_TYPE] });
    }
  }
  await expectUntouched();
});

test("no answer of any kind allows another origin anything", async () => {
  const paths = ["/healthz", SESSIONS, "/nothing", "/v1/daemon", `${SESSIONS}/x/logs?follow=1`];
  for (const path of paths) {
    for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
      // `ask` looks for it in each answer.
      const { status } = await ask({ method, path });
      expect(status).toBeGreaterThanOrEqual(200);
    }
  }
});

test("what a child prints is never taken for a page", async () => {
  const id = await create(korun, { command: ["echo", "<script>alert(1)</script>"] });
  await untilExited(korun, id);
  for (const query of ["format=text", "format=json", "format=text&follow=1", "follow=1"]) {
    const { headers } = await korun.fetch(`${SESSIONS}/${id}/logs?${query}`);
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-type")).not.toContain("html");
  }
  await send(korun, "DELETE", { path: `${SESSIONS}/${id}` });
});

test("the caller's environment is taken over the socket only, and never shown", async () => {
  const { socket } = await korun.json<DaemonReply>("/v1/daemon");
  const body = JSON.stringify({ command: ["env"], inherit_env: { SECRET: "hunter2" } });
  const refused = await korun.fetch(SESSIONS, { method: "POST", body });
  expect(refused.status).toBe(400);
  expect((await errorOf(refused)).field).toBe("inherit_env");
  await expectUntouched();

  const url = `http://korun${SESSIONS}`;
  const accepted = await fetch(url, { method: "POST", body, unix: socket });
  expect(accepted.status).toBe(201);
  const { id } = (await accepted.json()) as { id: string };
  expect(JSON.stringify(await untilExited(korun, id))).not.toContain("hunter2");
  expect(await korun.lines(id)).toContain("SECRET=hunter2");
  await send(korun, "DELETE", { path: `${SESSIONS}/${id}` });
});

test("the home is its user's alone, and so is the socket, even in a home that was open", async () => {
  expect(modeOf(korun.home)).toBe(0o700);
  const { socket, log } = await korun.json<DaemonReply>("/v1/daemon");
  expect(modeOf(socket)).toBe(0o600);
  expect(modeOf(log)).toBe(0o600);
  expect(dirname(socket)).toBe(korun.home);

  await using open = new Korun();
  mkdirSync(open.home);
  chmodSync(open.home, 0o755);
  await open.url();
  expect(modeOf(open.home)).toBe(0o700);
});

const isRoot = process.platform === "linux" && process.getuid?.() === 0;

describe.skipIf(!isRoot)("another user of the machine (played by root, skipped without)", () => {
  const asNobody = "setpriv --reuid=65534 --regid=65534 --clear-groups --";
  const curl = "curl -s -m 20 --noproxy '*'";

  test("is refused on TCP, whatever is asked", async () => {
    const api = "http://127.0.0.1:7777";
    for (const request of [
      `${api}/healthz`,
      `${api}${SESSIONS}`,
      `-X POST ${api}/v1/daemon/stop`,
      `-d '${COMMAND}' ${api}${SESSIONS}`,
      `-X OPTIONS ${api}${SESSIONS}`,
    ]) {
      const { stdout } = await typed(korun, `${asNobody} ${curl} -w '%{http_code}' ${request}`);
      expect([request, stdout.slice(-3)]).toEqual([request, "403"]);
      expect(stdout).toContain('"code":"forbidden"');
    }
    expect((await typed(korun, `${curl} ${api}/healthz`)).stdout).toContain('"ok":true');
    await expectUntouched();
  });

  test("cannot open the socket: its folder is closed, and so is the socket itself", async () => {
    const { socket } = await korun.json<DaemonReply>("/v1/daemon");
    const request = `${curl} --unix-socket '${socket}' http://korun/healthz`;
    expect((await typed(korun, request)).stdout).toContain('"ok":true');
    chmodSync(korun.root, 0o755);
    expect(await typed(korun, `${asNobody} ${request}`)).toMatchObject({ code: 7, stdout: "" });
    try {
      chmodSync(korun.home, 0o755);
      expect(await typed(korun, `${asNobody} test -e '${socket}'`)).toMatchObject({ code: 0 });
      expect(await typed(korun, `${asNobody} ${request}`)).toMatchObject({ code: 7, stdout: "" });
    } finally {
      chmodSync(korun.home, 0o700);
    }
  });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
