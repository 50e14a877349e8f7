// Whatever is wrong with a request, the answer is the one envelope with a stable code, and the
// daemon goes on.

import { expect, test } from "bun:test";
import { Korun } from "../support/korun.ts";
import { create, errorOf, listedIds, send, shell, untilExited } from "./support/api.ts";
import { exchange } from "./support/raw.ts";
import { typed } from "./support/typed.ts";

const SESSIONS = "/v1/sessions";
const UNKNOWN = "00000000-0000-4000-8000-000000000000";

test("an unknown path is a 404, and a trailing slash makes one", async () => {
  await using korun = new Korun();
  for (const path of ["/", "/nothing", "/v1", "/v2/sessions", `${SESSIONS}/`, "/healthz/"]) {
    const response = await korun.fetch(path);
    expect([path, response.status]).toEqual([path, 404]);
    expect((await errorOf(response)).code).toBe("not_found");
  }
});

test("an unknown session is a 404 on every path and method it has", async () => {
  await using korun = new Korun();
  const one = `${SESSIONS}/${UNKNOWN}`;
  const requests = [
    ["GET", one],
    ["DELETE", one],
    ["POST", `${one}/stop`],
    ["POST", `${one}/restart`],
    ["GET", `${one}/logs`],
    ["GET", `${one}/logs?follow=1`],
    ["GET", `${one}/head`],
    ["GET", `${one}/tail`],
    ["GET", `${SESSIONS}/no-such-name`],
  ] as const;
  for (const [method, path] of requests) {
    const response = await send(korun, method, { path });
    expect([method, path, response.status]).toEqual([method, path, 404]);
    expect((await errorOf(response)).code).toBe("not_found");
  }
});

test("a wrong method is a 405 that names the right ones in Allow", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["true"] });
  const one = `${SESSIONS}/${id}`;
  const allowed = {
    "/healthz": "GET, HEAD",
    [SESSIONS]: "GET, HEAD, POST",
    [one]: "GET, HEAD, DELETE",
    [`${one}/stop`]: "POST",
    [`${one}/restart`]: "POST",
    [`${one}/logs`]: "GET, HEAD",
    [`${one}/head`]: "GET, HEAD",
    [`${one}/tail`]: "GET, HEAD",
    "/v1/daemon": "GET, HEAD",
    "/v1/daemon/stop": "POST",
  };
  for (const [path, allow] of Object.entries(allowed)) {
    for (const method of ["PUT", "PATCH", "OPTIONS"]) {
      const response = await send(korun, method, { path });
      const got = [method, path, response.status, response.headers.get("allow")];
      expect(got).toEqual([method, path, 405, allow]);
      expect((await errorOf(response)).code).toBe("method_not_allowed");
    }
  }
  expect((await send(korun, "GET", { path: `${one}/stop` })).status).toBe(405);
});

test("a body that is not JSON, or no object, is a 400", async () => {
  await using korun = new Korun();
  const invalid = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);
  const bodies = ["{", "command=a", "[]", "null", "7", '"text"', "", invalid];
  for (const body of bodies) {
    const response = await korun.fetch(SESSIONS, { method: "POST", body });
    expect([body, response.status]).toEqual([body, 400]);
    expect((await errorOf(response)).code).toBe("bad_request");
  }
});

test("a field of the wrong type, or an unknown one, is a 400 that names it", async () => {
  await using korun = new Korun();
  const command = ["true"];
  const wrong: [field: string, body: object][] = [
    ["command", {}],
    ["command", { command: "true" }],
    ["command[0]", { command: [] }],
    ["command", { command: null }],
    ["command[0]", { command: [""] }],
    ["command[1]", { command: ["echo", 7] }],
    ["command[1]", { command: ["echo", "a\0b"] }],
    ["cwd", { command, cwd: "relative" }],
    ["cwd", { command, cwd: 7 }],
    ["cwd", { command, cwd: "/no/such/folder" }],
    ["cwd", { command, cwd: "/etc/passwd" }],
    ["name", { command, name: "-x" }],
    ["name", { command, name: "a b" }],
    ["name", { command, name: "a".repeat(65) }],
    ["watch", { command, watch: "src" }],
    ["watch[0]", { command, watch: [null] }],
    ["watch[1]", { command, cwd: "/etc", watch: ["hosts", "no-such-file"] }],
    ["ignore", { command, ignore: {} }],
    ["ignore[1]", { command, cwd: "/etc", watch: ["hosts"], ignore: ["a", "b".repeat(70_000)] }],
    ["env", { command, env: ["A=1"] }],
    ["env.PORT", { command, env: { PORT: 3000 } }],
    ["grace", { command, grace: "soon" }],
    ["grace", { command, grace: -1 }],
    ["debounce", { command, debounce: [] }],
    ["comand", { command, comand: command }],
    ["__proto__x", { command, __proto__x: 1 }],
  ];
  for (const [field, body] of wrong) {
    const response = await send(korun, "POST", { path: SESSIONS, body });
    const error = await errorOf(response);
    const got = [field, response.status, error.code, error.field];
    expect(got).toEqual([field, 400, "bad_request", field]);
    expect([field, error.expected ?? ""]).not.toEqual([field, ""]);
  }
  expect(await listedIds(korun)).toEqual([]);
});

test("a query value that makes no sense is a 400 that names it", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["true"] });
  const logs = `${SESSIONS}/${id}/logs`;
  const wrong: [field: string, path: string][] = [
    ["limit", `${logs}?limit=abc`],
    ["limit", `${logs}?limit=-1`],
    ["limit", `${logs}?limit=1e3`],
    ["limit", `${logs}?limit=`],
    ["limit", `${logs}?limit=99999999999999999999`],
    ["limit", `${logs}?limit=1&limit=2`],
    ["stream", `${logs}?stream=foo`],
    ["follow", `${logs}?follow=maybe`],
    ["format", `${logs}?format=xml`],
    ["since_seq", `${logs}?since_seq=x`],
    ["lines", `${logs}?lines=5`],
    ["since_seq", `${SESSIONS}/${id}/head?since_seq=1`],
    ["follow", `${SESSIONS}/${id}/head?follow=1`],
    ["limit", `${SESSIONS}?limit=1`],
    ["x", "/healthz?x=1"],
  ];
  for (const [field, path] of wrong) {
    const response = await korun.fetch(path);
    const error = await errorOf(response);
    expect([path, response.status, error.code]).toEqual([path, 400, "bad_request"]);
    expect(error.field).toBe(field);
  }
});

test("a body over 1 MiB is a 413, declared or chunked, and one of 1 MiB is read", async () => {
  await using korun = new Korun();
  const fitting = JSON.stringify({ command: ["true", "x".repeat(1_048_576 - 30)] });
  expect(fitting.length).toBeLessThanOrEqual(1_048_576);
  const accepted = await korun.fetch(SESSIONS, { method: "POST", body: fitting });
  expect(accepted.status).toBe(201);

  const large = JSON.stringify({ command: ["true", "x".repeat(1_048_576)] });
  const declared = await korun.fetch(SESSIONS, { method: "POST", body: large });
  expect(declared.status).toBe(413);
  expect((await errorOf(declared)).code).toBe("payload_too_large");

  const curl = `curl -s -w '%{http_code}' -H 'Transfer-Encoding: chunked' -H 'Expect:' -d @large`;
  await Bun.write(`${korun.work}/large`, large);
  const { stdout } = await typed(korun, `${curl} http://127.0.0.1:7777${SESSIONS}`);
  expect(stdout).toContain('"code":"payload_too_large"');
  expect(stdout).toEndWith("413");
});

test("an impossible transition is a 409", async () => {
  await using korun = new Korun();
  const rested = await create(korun, { command: ["true"] });
  await untilExited(korun, rested);
  const failed = await create(korun, { command: ["/no/such/program"] });
  const live = await create(korun, { command: ["sleep", "600"], name: "web" });
  const impossible = [
    ["POST", `${SESSIONS}/${rested}/stop`],
    ["POST", `${SESSIONS}/${failed}/stop`],
    ["DELETE", `${SESSIONS}/${live}`],
  ] as const;
  for (const [method, path] of impossible) {
    const response = await send(korun, method, { path });
    expect([method, path, response.status]).toEqual([method, path, 409]);
    const error = await errorOf(response);
    expect(error.code).toBe("conflict");
    expect(error.hint).toContain("korun ");
  }
  const namesake = await send(korun, "POST", {
    path: SESSIONS,
    body: { command: ["true"], name: "web" },
  });
  expect(namesake.status).toBe(409);
  expect((await errorOf(namesake)).field).toBe("name");
});

test("an action takes no body but an empty object", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("exec sleep 600"));
  const path = `${SESSIONS}/${id}/restart?wait=1`;
  for (const body of ['{"force":true}', "[]", "x"]) {
    const response = await korun.fetch(path, { method: "POST", body });
    expect([body, response.status]).toEqual([body, 400]);
    expect((await errorOf(response)).code).toBe("bad_request");
  }
  expect((await korun.fetch(path, { method: "POST", body: "{}" })).status).toBe(200);
});

test("bytes that are no request get an empty 4xx or a closed connection, and nothing else", async () => {
  await using korun = new Korun();
  await korun.url();
  const { pid, port } = await korun.status();
  const garbage = [
    "\0\0\0\0\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(5_000)}\r\n`,
    `POST ${SESSIONS} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: -1\r\n\r\n`,
    `POST ${SESSIONS} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`,
    `GET ${SESSIONS}/%ff%fe HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    `GET ${SESSIONS}/%zz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
  ];
  for (const bytes of garbage) {
    const { status } = await exchange(port, bytes);
    const shown = JSON.stringify(bytes.slice(0, 60));
    expect([
      shown,
      status === undefined || (status >= 400 && status < 500) || status === 505,
    ]).toEqual([shown, true]);
  }
  expect((await korun.status()).pid).toBe(pid);
});
