import { afterEach, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import type { ProbedRun } from "../../src/probes/probe.ts";
import { inodesAt } from "../../src/probes/strangers.ts";
import {
  afterwards,
  cleanUp,
  close,
  freePort,
  listen,
  look,
  portOf,
  probe,
  spawn,
  startRun,
} from "./support.ts";

afterEach(cleanUp);

/** A server of a session's own, on a port of its choice. */
const SERVER = `
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  console.log(server.port);
`;

describe("A port", () => {
  test("is not open while nothing listens", async () => {
    const port = await freePort();
    expect(await look({ kind: "port", port }, startRun())).toEqual({
      ok: false,
      reason: "nothing listens",
    });
  });

  for (const host of ["127.0.0.1", "::1", "0.0.0.0", "::", "127.0.0.2"]) {
    test(`is open to whoever listens on ${host} once the run has begun`, async () => {
      const port = await freePort();
      const run = startRun({ wants: [port] });
      await listen(port, host);
      expect(await look({ kind: "port", port }, run)).toEqual({ ok: true });
    });
  }

  test("is not open where only other machines can connect to it", async () => {
    const address = Object.values(networkInterfaces())
      .flatMap((one) => one ?? [])
      .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
    if (address === undefined) return;
    const server = await listen(0, address);
    expect(await look({ kind: "port", port: portOf(server) }, startRun())).toEqual({
      ok: false,
      reason: `only listened on at ${address}`,
    });
  });
});

describe("A stranger who was there first", () => {
  test("is told by pid and name, and not taken for the session", async () => {
    const port = portOf(await listen(0, "127.0.0.1"));
    expect(await look({ kind: "port", port }, startRun({ wants: [port] }))).toEqual({
      ok: false,
      reason: `bun (pid ${process.pid}) has listened there since before this run`,
    });
  });

  test("is known of before it is known who that is", async () => {
    const port = portOf(await listen(0, "127.0.0.1"));
    const outsetOf = (run: ProbedRun) => probe({ kind: "port", port }, run).outset;
    expect(outsetOf(startRun({ wants: [port] }))).toBe(
      "somebody has listened there since before this run, who is not known yet",
    );
    expect(outsetOf(startRun())).toBe("not looked at yet");
  });

  test("leaves, and the session may come", async () => {
    const stranger = await listen(0, "127.0.0.1");
    const port = portOf(stranger);
    const run = startRun({ wants: [port] });
    expect((await look({ kind: "port", port }, run)).ok).toBe(false);
    await close(stranger);
    expect(await look({ kind: "port", port }, run)).toEqual({
      ok: false,
      reason: "nothing listens",
    });
    await listen(port, "127.0.0.1");
    expect(await look({ kind: "port", port }, run)).toEqual({ ok: true });
  });

  test("does not hide a session that listens on the other address", async () => {
    const port = portOf(await listen(0, "127.0.0.1"));
    const run = startRun({ wants: [port] });
    await listen(port, "::1");
    expect(await look({ kind: "port", port }, run)).toEqual({ ok: true });
  });
});

describe("A listener that was noted as a stranger's", () => {
  async function portPrintedBy(child: { readonly stdout: ReadableStream<Uint8Array> }) {
    const { value } = await child.stdout.getReader().read();
    return Number(Buffer.from(value ?? []).toString());
  }

  test("is the session's own when its process is younger than the run", async () => {
    const run = startRun();
    const server = spawn([process.execPath, "-e", SERVER], crypto.randomUUID());
    const port = await portPrintedBy(server);
    const noted = { ...run, strangers: new Set(inodesAt([port])) };
    expect(await look({ kind: "port", port }, noted)).toEqual({ ok: true });
  });

  test("is the session's own when its process is one of the session's", async () => {
    const sessionId = crypto.randomUUID();
    const port = await portPrintedBy(spawn([process.execPath, "-e", SERVER], sessionId));
    const run = startRun({ sessionId, wants: [port] });
    expect(await look({ kind: "port", port }, run)).toEqual({ ok: true });
  });

  test("is the session's own when one of its processes was handed the socket", async () => {
    const stranger = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    afterwards(() => stranger.stop());
    const run = startRun({ wants: [stranger.port] });
    const check = { kind: "port", port: stranger.port } as const;
    expect((await look(check, run)).ok).toBe(false);
    spawn(["sleep", "600"], run.sessionId, descriptorOf(stranger));
    expect(await look(check, run)).toEqual({ ok: true });
  });
});

function descriptorOf(listener: object): number {
  if ("fd" in listener && typeof listener.fd === "number") return listener.fd;
  throw new Error("its descriptor is not known");
}
