// Whatever bytes come in, the daemon answers with one of its envelopes or closes the connection,
// never with a 500, and goes on.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { waitFor } from "../support/wait.ts";
import { bodyOf, exchangeRaw, openRaw, statusOf } from "./support/raw.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

/** Statuses with which Bun itself turns away what is not HTTP, without a body. */
const BELOW_US = [400, 413, 431, 505];

async function expectSurvived(request: string): Promise<void> {
  const shown = JSON.stringify(request.slice(0, 120));
  const answer = await exchangeRaw({ port: server.port }, request);
  const status = statusOf(answer);
  if (status === undefined) return expect([shown, answer]).toEqual([shown, ""]);
  if (BELOW_US.includes(status) && bodyOf(answer) === "") return;
  expect([shown, status >= 200 && status < 500]).toEqual([shown, true]);
  if (status < 400 || request.startsWith("HEAD")) return;
  const { error } = JSON.parse(bodyOf(answer));
  expect([shown, typeof error.code, typeof error.message]).toEqual([shown, "string", "string"]);
}

async function expectAlive(): Promise<void> {
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(server.defects).toEqual([]);
}

function request(line: string, headers: readonly string[] = [], body = ""): string {
  const host = `Host: 127.0.0.1:${server.port}`;
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  return `${[line, host, ...headers, ...length].join("\r\n")}\r\n\r\n${body}`;
}

function post(body: string): string {
  return request("POST /v1/sessions HTTP/1.1", [], body);
}

test("bytes that are no request", async () => {
  const texts = [
    "\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET\r\n\r\n",
    "GET /\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\nHost: x\n\n",
    "GET  /healthz  HTTP/1.1\r\nHost: x\r\n\r\n",
    " GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "GET / HTTP/1.1\r\n: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
    "FOO /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "get /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    `${"A".repeat(20_000)} / HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${"x".repeat(100_000)}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\n${"X: y\r\n".repeat(1_000)}\r\n`,
  ];
  for (const text of texts) await expectSurvived(text);
  await expectAlive();
});

test("every path with every method, and a Host that is none", async () => {
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
  const others = ["PROPFIND", "PURGE", "LINK", "REPORT", "M-SEARCH", "SOURCE"];
  const paths = [
    "/",
    "//",
    "///////",
    "*",
    "?",
    "/?",
    "/#",
    "/..",
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/v1/sessions/%00",
    "/v1/sessions/%2f",
    "/v1/sessions/%",
    "/v1/sessions/%e0%a4%a",
    "/v1/sessions/\xff\xfe",
    "/v1/sessions/..%2f..%2f",
    "/v1/sessions/__proto__",
    "/v1/sessions/constructor/logs",
    "/v1/sessions/toString/stop",
    "//v1/sessions",
    "/v1\\sessions",
    "http://127.0.0.1/v1/sessions",
    "http://",
    "http://[::1",
    "evil.example:80",
    `/${"a/".repeat(4_000)}`,
    `/healthz?${"a=b&".repeat(3_000)}`,
    "/healthz?%",
    "/healthz?%zz=%ff&=&&==",
    "/healthz?__proto__=1",
  ];
  for (const path of paths) {
    for (const method of [...methods, ...others]) {
      await expectSurvived(request(`${method} ${path} HTTP/1.1`));
    }
    for (const host of ["", "[", "a b", "%%%", "http://x/", "\xff", "x:99999999"]) {
      await expectSurvived(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    }
  }
  await expectAlive();
}, 30_000);

test("headers that lie about the body", async () => {
  const head = (...headers: string[]) => request("POST /v1/sessions HTTP/1.1", headers);
  const texts = [
    head("Content-Length: abc"),
    head("Content-Length: -1"),
    head("Content-Length: 1", "Content-Length: 2"),
    head("Content-Length: 99999999999999999999999999"),
    head("Content-Length: 9007199254740993"),
    head("Content-Length: 3", "Transfer-Encoding: chunked"),
    head("Transfer-Encoding: gzip"),
    `${head("Transfer-Encoding: chunked")}zz\r\n`,
    `${head("Transfer-Encoding: chunked")}ffffffffffffffff\r\n`,
    `${head("Transfer-Encoding: chunked")}0\r\n\r\n`,
    `${head("Transfer-Encoding: chunked")}2\r\n{}\r\n0\r\nTrailer: x\r\n\r\n`,
    head("Expect: 100-continue"),
    head("Expect: nonsense"),
    head("Content-Encoding: gzip", "Content-Length: 0"),
    request("GET /healthz HTTP/1.1", [], "{".repeat(10_000)),
    request("DELETE /v1/sessions/x HTTP/1.1", [], "[1,2"),
  ];
  for (const text of texts) await expectSurvived(text);
  await expectAlive();
});

test("a value of every wrong kind in every field, at every depth", async () => {
  const fields = ["command", "cwd", "name", "watch", "ignore", "env", "grace", "debounce"];
  const inherited = ["inherit_env", "inherit_umask", "inherit_open_files"];
  const deep = `${"[".repeat(2_000)}${"]".repeat(2_000)}`;
  const values = [
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "1.5",
    '""',
    '"\\u0000"',
    '"\\ud800"',
    `"${"x".repeat(50_000)}"`,
    "[]",
    "[null]",
    "[[]]",
    "[{}]",
    '[""]',
    '["\\u0000"]',
    "{}",
    '{"":""}',
    '{"a":null}',
    '{"a":{"b":1}}',
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"toString":"x","valueOf":1,"length":-1}',
    '{"length":4294967295}',
    deep,
  ];
  for (const field of [...fields, ...inherited, "__proto__", "constructor", "hasOwnProperty"]) {
    for (const value of values) {
      await expectSurvived(post(`{"command":["x"],"${field}":${value}}`));
      await expectSurvived(post(`{"${field}":${value}}`));
    }
  }
  for (const value of values) await expectSurvived(post(value));
  await expectAlive();
  expect(Reflect.get({}, "x")).toBeUndefined();
}, 30_000);

test("random bytes, and valid requests with random damage", async () => {
  const random = seeded(42);
  const valid = post('{"command":["x"],"env":{"A":"b"},"watch":["src"],"grace":"2s"}');
  for (let round = 0; round < 200; round++) {
    const bytes = [...valid];
    for (let damage = 0; damage < 1 + random(6); damage++) {
      bytes[random(bytes.length)] = String.fromCharCode(random(256));
    }
    // The end of what follows keeps a request that became longer from waiting for more.
    await expectNotFailed(bytes.join(""));
  }
  for (let round = 0; round < 50; round++) {
    const noise = Array.from({ length: 1 + random(400) }, () => String.fromCharCode(random(256)));
    await expectNotFailed(`${noise.join("")}\r\n\r\n`);
  }
  await expectAlive();
}, 30_000);

/** Sends, ends its side, and looks at what came until the server closed. */
async function expectNotFailed(text: string): Promise<void> {
  const { socket, received, closed } = await openRaw({ port: server.port });
  socket.end(Buffer.from(text, "latin1"));
  await closed;
  expect([JSON.stringify(text), received()]).not.toEqual([
    JSON.stringify(text),
    expect.stringMatching(/^HTTP\/1\.1 5(?!05)/),
  ]);
}

test("requests behind one another, cut anywhere, or with a client that is gone", async () => {
  const health = request("GET /healthz HTTP/1.1");
  const pipelined = await openRaw({ port: server.port });
  pipelined.socket.write(health.repeat(20));
  await waitFor("an answer", () => pipelined.received().includes('"ok":true'));
  pipelined.socket.destroy();

  const whole = post('{"command":["x"]}');
  for (let cut = 1; cut < whole.length; cut += 7) {
    const connection = await openRaw({ port: server.port });
    connection.socket.write(whole.slice(0, cut));
    if (cut % 2 === 0) connection.socket.end();
    else connection.socket.resetAndDestroy();
    await connection.closed;
  }
  const slow = await openRaw({ port: server.port });
  for (const letter of health) slow.socket.write(letter);
  await waitFor("an answer", () => slow.received().includes('"ok":true'));
  slow.socket.destroy();
  await expectAlive();
});

/** Whole numbers below a bound, the same in every run of the tests. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
