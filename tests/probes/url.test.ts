import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { lookOnce } from "../../src/probes/look.ts";
import { SELF_SIGNED } from "./fixtures/certificate.ts";
import { afterwards, cleanUp, freePort, look, probe, startRun } from "./support.ts";

afterEach(cleanUp);

interface Served {
  readonly port: number;
  /** What it was asked, head by head. */
  readonly heads: string[];
}

/** Answers every request on every address with these bytes, or never. */
async function serveRaw(answer: string | undefined, host = "127.0.0.1"): Promise<Served> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      heads.push(bytes.toString("latin1"));
      if (answer !== undefined) socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host, ipv6Only: true }, resolve));
  afterwards(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, heads };
}

function answerOf(status: string, more = ""): string {
  return `HTTP/1.1 ${status}\r\n${more}Content-Length: 1000000\r\n\r\nhello`;
}

function urlCheck(url: string, status?: number) {
  return { kind: "url", url, status } as const;
}

describe("A URL", () => {
  test("is asked once, by its own name, and its body is not waited for", async () => {
    const { port, heads } = await serveRaw(answerOf("200 OK"));
    const url = `http://localhost:${port}/health?deep=1`;
    expect(await look(urlCheck(url), startRun())).toEqual({ ok: true });
    expect(heads).toEqual([
      `GET /health?deep=1 HTTP/1.1\r\nHost: localhost:${port}\r\nUser-Agent: korun\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    ]);
  });

  test("that redirects has answered, and nobody goes where it points", async () => {
    const elsewhere = await serveRaw(answerOf("500 No"));
    const location = `Location: http://127.0.0.1:${elsewhere.port}/\r\n`;
    const { port } = await serveRaw(answerOf("302 Found", location));
    expect(await look(urlCheck(`http://127.0.0.1:${port}`), startRun())).toEqual({ ok: true });
    expect(elsewhere.heads).toEqual([]);
  });

  test("that answers 400 or above is not met, and the status is told", async () => {
    const { port } = await serveRaw(answerOf("503 Not Yet"));
    expect(await look(urlCheck(`http://127.0.0.1:${port}/`), startRun())).toEqual({
      ok: false,
      reason: "answers 503",
    });
  });

  test("for which a status was named wants that one", async () => {
    const { port } = await serveRaw(answerOf("404 Not Found"));
    const url = `http://127.0.0.1:${port}/`;
    expect(await look(urlCheck(url, 404), startRun())).toEqual({ ok: true });
    expect(await look(urlCheck(url, 204), startRun())).toEqual({
      ok: false,
      reason: "answers 404, not 204",
    });
  });

  test("is judged by its answer, not by what announces it", async () => {
    const { port } = await serveRaw(`HTTP/1.1 103 Early Hints\r\n\r\n${answerOf("500 No")}`);
    expect(await look(urlCheck(`http://127.0.0.1:${port}/`), startRun())).toEqual({
      ok: false,
      reason: "answers 500",
    });
  });

  test("that speaks another language is not met", async () => {
    const { port } = await serveRaw("-ERR unknown command\r\n");
    expect(await look(urlCheck(`http://127.0.0.1:${port}/`), startRun())).toEqual({
      ok: false,
      reason: "does not speak HTTP/1",
    });
  });

  test("that hangs is given up when its time is over", async () => {
    const { port } = await serveRaw(undefined);
    const { signal } = new AbortController();
    const hanging = probe(urlCheck(`http://127.0.0.1:${port}/`), startRun());
    expect(await lookOnce(hanging, { ms: 50, signal })).toEqual({
      ok: false,
      reason: "does not answer",
    });
  });

  test("of localhost is met on either address", async () => {
    const { port } = await serveRaw(answerOf("200 OK"), "::1");
    expect(await look(urlCheck(`http://localhost:${port}/`), startRun())).toEqual({ ok: true });
    expect(await look(urlCheck(`http://[::1]:${port}/`), startRun())).toEqual({ ok: true });
    expect(await look(urlCheck(`http://127.0.0.1:${port}/`), startRun())).toEqual({
      ok: false,
      reason: "nothing listens",
    });
  });

  test("of a stranger's is not met, and he is not even asked", async () => {
    const { port, heads } = await serveRaw(answerOf("200 OK"));
    const run = startRun({ wants: [port] });
    expect(await look(urlCheck(`http://localhost:${port}/`), run)).toEqual({
      ok: false,
      reason: `bun (pid ${process.pid}) has listened there since before this run`,
    });
    expect(heads).toEqual([]);
  });

  test("of a stranger's is none of the session's by the IPv6 form of an IPv4 address", async () => {
    const { port } = await serveRaw(answerOf("200 OK"));
    const run = startRun({ wants: [port] });
    expect(await look(urlCheck(`http://[::ffff:127.0.0.1]:${port}/`), run)).toEqual({
      ok: false,
      reason: `bun (pid ${process.pid}) has listened there since before this run`,
    });
  });

  test("is asked with the credentials that it has, encoded or not", async () => {
    const { port, heads } = await serveRaw(answerOf("200 OK"));
    const url = `http://m%C3%A9:100%@127.0.0.1:${port}/`;
    expect(await look(urlCheck(url), startRun())).toEqual({ ok: true });
    const credentials = Buffer.from("mé:100%").toString("base64");
    expect(heads[0]).toContain(`\r\nAuthorization: Basic ${credentials}\r\n`);
  });

  test("is asked directly, whatever proxy the daemon was started with", async () => {
    const { port } = await serveRaw(answerOf("200 OK"));
    const before = process.env.http_proxy;
    process.env.http_proxy = `http://127.0.0.1:${await freePort()}`;
    try {
      const check = urlCheck(`http://127.0.0.1:${port}/`);
      expect(await look(check, startRun())).toEqual({ ok: true });
    } finally {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    }
  });

  test("with a certificate of its own making is met on this machine", async () => {
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: SELF_SIGNED,
      fetch: () => new Response("hello"),
    });
    afterwards(() => server.stop(true));
    const url = `https://localhost:${server.port}/`;
    expect(await look(urlCheck(url), startRun())).toEqual({ ok: true });
  });

  test("of a host that does not exist says so", async () => {
    // No name server has to be asked about this one.
    expect(await look(urlCheck("http://no..host/"), startRun())).toEqual({
      ok: false,
      reason: "no..host has no address",
    });
  });
});
