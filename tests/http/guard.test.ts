// The hostile page, the rebound name, and the other user of the machine.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { bodyOf, exchangeRaw, statusOf } from "./support/raw.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

interface Wish {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

async function send({ method = "GET", path = "/v1/sessions", host, headers = [], body }: Wish) {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host ?? `127.0.0.1:${server.port}`}`,
    ...headers,
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
  ];
  const answer = await exchangeRaw(
    { port: server.port },
    `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`,
  );
  expect(answer.toLowerCase()).not.toContain("access-control");
  return { status: statusOf(answer), answer };
}

async function expectRefused(wish: Wish): Promise<void> {
  const { status, answer } = await send(wish);
  expect([wish, status]).toEqual([wish, 403]);
  expect(JSON.parse(bodyOf(answer)).error.code).toBe("forbidden");
}

async function expectServed(wish: Wish, status = 200): Promise<void> {
  expect([wish, (await send(wish)).status]).toEqual([wish, status]);
}

const COMMAND = '{"command":["x"]}';

describe("Host", () => {
  test("the three names of this machine with our port are served", async () => {
    for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
      await expectServed({ host: `${name}:${server.port}` });
    }
  });

  test("a rebound name, another port, no port and anything malformed are refused", async () => {
    const { port } = server;
    const hosts = [
      `evil.example:${port}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1.nip.io:${port}`,
      `127.0.0.1:${port + 1}`,
      "127.0.0.1",
      "localhost",
      `LOCALHOST:${port}`,
      `localhost.:${port}`,
      `0.0.0.0:${port}`,
      `me@127.0.0.1:${port}`,
      `127.0.0.1:${port}/`,
      `127.0.0.1:${port}, 127.0.0.1:${port}`,
      `[::1`,
      "a b%%%",
      "\xff\xfe",
      "",
    ];
    for (const host of hosts) await expectRefused({ host });
  });

  test("the rule holds on every method and path, known or not", async () => {
    for (const method of ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "TRACE"]) {
      for (const path of ["/healthz", "/v1/sessions", "/nothing"]) {
        const { status } = await send({ method, path, host: "evil.example" });
        expect([method, path, status]).toEqual([method, path, 403]);
      }
    }
  });

  test("two Host headers, or none, are refused", async () => {
    const host = `127.0.0.1:${server.port}`;
    await expectRefused({ headers: [`Host: ${host}`] });
    const none = await exchangeRaw({ port: server.port }, "GET /v1/sessions HTTP/1.0\r\n\r\n");
    expect(statusOf(none)).toBe(403);
  });

  test("the target of the request line does not stand in for Host", async () => {
    await expectRefused({
      path: `http://127.0.0.1:${server.port}/v1/sessions`,
      host: "evil.example",
    });
  });
});

describe("pages", () => {
  const foreign = () => [
    "http://evil.example",
    `http://evil.example:${server.port}`,
    `https://127.0.0.1:${server.port}`,
    `http://localhost:${server.port}`,
    "http://127.0.0.1",
    "http://127.0.0.1:3000",
    "null",
    "",
  ];

  test("a page of another origin is refused, even one of another name of ours", async () => {
    for (const origin of foreign()) {
      for (const method of ["GET", "POST", "DELETE", "OPTIONS"]) {
        await expectRefused({ method, headers: [`Origin: ${origin}`] });
      }
    }
  });

  test("our own page is served", async () => {
    const headers = [`Origin: http://127.0.0.1:${server.port}`, "Sec-Fetch-Site: same-origin"];
    await expectServed({ headers });
    const typed = [...headers, "Content-Type: application/json; charset=utf-8"];
    await expectServed({ method: "POST", headers: typed, body: COMMAND }, 201);
  });

  test("two Origin headers are refused, though one is ours", async () => {
    const own = `Origin: http://127.0.0.1:${server.port}`;
    await expectRefused({ headers: [own, "Origin: http://evil.example"] });
  });

  test("what a page of another site embeds or submits is refused without any Origin", async () => {
    for (const site of ["cross-site", "same-site", "nonsense", ""]) {
      await expectRefused({ headers: [`Sec-Fetch-Site: ${site}`, "Sec-Fetch-Mode: no-cors"] });
      await expectRefused({ headers: [`Sec-Fetch-Site: ${site}`, "Sec-Fetch-Mode: navigate"] });
    }
  });

  test("an address that the user opens is served, and nothing else that has no site", async () => {
    const navigation = ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"];
    await expectServed({ headers: navigation });
    await expectServed({ method: "HEAD", headers: navigation });
    await expectRefused({ method: "POST", headers: navigation });
    await expectRefused({ headers: ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: cors"] });
    await expectRefused({ headers: ["Sec-Fetch-Site: none"] });
  });

  test("a body from a browser must be declared JSON; curl's need not be", async () => {
    const simple = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
    const own = [`Origin: http://127.0.0.1:${server.port}`, "Sec-Fetch-Site: same-origin"];
    for (const browser of [own.slice(0, 1), own.slice(1), ["Sec-Fetch-Mode: cors"]]) {
      await expectRefused({ method: "POST", headers: browser, body: COMMAND });
      for (const type of simple) {
        const headers = [...browser, `Content-Type: ${type}`];
        await expectRefused({ method: "POST", headers, body: COMMAND });
      }
    }
    for (const type of simple) {
      await expectServed(
        { method: "POST", headers: [`Content-Type: ${type}`], body: COMMAND },
        201,
      );
    }
    await expectServed({ method: "POST", body: COMMAND }, 201);
  });

  test("a preflight is refused, and one from ourselves finds no such method", async () => {
    const asks = ["Access-Control-Request-Method: POST"];
    await expectRefused({ method: "OPTIONS", headers: ["Origin: http://evil.example", ...asks] });
    await expectServed({ method: "OPTIONS", headers: asks }, 405);
  });

  test("an upgrade request is judged like any other", async () => {
    const upgrade = [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    await expectRefused({ headers: [...upgrade, "Origin: http://evil.example"] });
    await expectRefused({ headers: upgrade, host: "evil.example" });
    await expectServed({ headers: upgrade });
  });

  test("nothing a refused request wanted was done", async () => {
    await expectRefused({
      method: "POST",
      headers: ["Origin: http://evil.example", "Content-Type: application/json"],
      body: COMMAND,
    });
    await expectRefused({
      method: "POST",
      path: "/v1/daemon/stop",
      headers: ["Sec-Fetch-Site: cross-site"],
    });
    expect(server.directory.sessions).toEqual([]);
    expect(server.stopsRequested()).toBe(0);
  });
});

const isRoot = process.platform === "linux" && process.getuid?.() === 0;

describe.skipIf(!isRoot)("another user of the machine (played by root, skipped without)", () => {
  const asNobody = ["setpriv", "--reuid=65534", "--clear-groups", "--"];

  async function run(command: readonly string[]): Promise<string> {
    const child = Bun.spawn([...command], { stdout: "pipe", stderr: "ignore", stdin: "ignore" });
    return await new Response(child.stdout).text();
  }

  test("is refused on TCP, before the body is awaited", async () => {
    const curl = ["curl", "-s", "-m", "20", "-w", "%{http_code}"];
    const url = `${server.url}/v1/sessions`;
    expect(await run([...curl, url])).toEndWith("200");
    expect(await run([...asNobody, ...curl, url])).toEndWith("403");
    expect(await run([...asNobody, ...curl, "-d", COMMAND, url])).toEndWith("403");
    expect(server.directory.sessions).toEqual([]);
  });

  test("is refused through an IPv6 socket and from another loopback address too", async () => {
    const probe = new URL("./support/other-user.ts", import.meta.url).pathname;
    for (const [host, from] of [
      ["::ffff:127.0.0.1", ""],
      ["127.0.0.1", "127.0.0.9"],
    ] as const) {
      const ask = [process.execPath, probe, String(server.port), host, from];
      expect(await run(ask)).toBe("200");
      expect(await run([...asNobody, ...ask])).toBe("403");
    }
  });

  test("cannot open the socket", async () => {
    const curl = ["curl", "-s", "--unix-socket", server.socket, "http://korun/healthz"];
    expect(await run(curl)).toContain('"ok":true');
    expect(await run([...asNobody, ...curl])).toBe("");
  });
});
