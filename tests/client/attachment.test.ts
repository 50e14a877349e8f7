import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Arrival, Attachment, type AttachQuery } from "../../src/client/attachment.ts";
import { Client } from "../../src/client/client.ts";
import { Problem } from "../../src/domain/problem.ts";
import { waitFor } from "../support/wait.ts";

const MIB = 1_048_576;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-attachment-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Peer = Bun.ServerWebSocket<undefined>;

/** A daemon that is played: `greet` is what it does with whoever attaches. */
function listen(greet: (peer: Peer) => void, socket = join(folder, "socket")) {
  const asked: string[] = [];
  const said: (string | Buffer)[] = [];
  const server = Bun.serve({
    unix: socket,
    fetch(request, at) {
      asked.push(request.url.slice("http://localhost".length));
      return at.upgrade(request) ? undefined : new Response(null, { status: 500 });
    },
    websocket: {
      open: greet,
      message: (_, message) => void said.push(message),
    },
  });
  return { asked, said, socket, [Symbol.dispose]: () => void server.stop(true) };
}

function attach(socket: string, query: AttachQuery = {}): Promise<Attachment> {
  const nobody = async () => undefined;
  const client = new Client({ socket, revive: nobody, rescue: nobody, onOtherVersion: () => {} });
  return Attachment.open(client, "one", query);
}

async function allOf(attachment: Attachment): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  for await (const arrival of attachment.arrivals()) arrivals.push(arrival);
  return arrivals;
}

describe("an attachment", () => {
  test("asks for what is wanted", async () => {
    using daemon = listen((peer) => peer.close(1000, "over"));
    await allOf(await attach(daemon.socket));
    await allOf(await attach(daemon.socket, { size: { cols: 80, rows: 24 }, resume: { run: 2 } }));
    await allOf(await attach(daemon.socket, { resume: { run: 2, from: 7 } }));
    expect(daemon.asked).toEqual([
      "/v1/sessions/one/attach",
      "/v1/sessions/one/attach?cols=80&rows=24&run=2",
      "/v1/sessions/one/attach?run=2&from=7",
    ]);
  });

  test("gives all that came, also what came before it was looked at", async () => {
    const exit = { type: "exit", run: 1, over: true };
    using daemon = listen((peer) => {
      peer.send(Buffer.from("bytes"));
      peer.send(JSON.stringify(exit));
      peer.close(1000, "over");
    });
    const [bytes, message, ...others] = await allOf(await attach(daemon.socket));
    expect(Buffer.from(bytes as Uint8Array).toString()).toBe("bytes");
    expect(message as object).toEqual(exit);
    expect(others).toEqual([]);
  });

  test("sends keys and sizes, the last key before leaving too", async () => {
    using daemon = listen(() => {});
    const attachment = await attach(daemon.socket);
    attachment.resize({ cols: 100, rows: 30 });
    attachment.type(Buffer.from("exit\r"));
    attachment.close();
    await waitFor("both", () => daemon.said.length === 2);
    const [size, keys] = daemon.said;
    expect(JSON.parse(String(size))).toEqual({ type: "resize", cols: 100, rows: 30 });
    expect(keys?.toString()).toBe("exit\r");
    expect(await allOf(attachment)).toEqual([]);
  });

  test("left twice, has no second timer that would keep the process", async () => {
    using daemon = listen(() => {});
    const attachment = await attach(daemon.socket);
    const timers = spyOn(globalThis, "setTimeout");
    attachment.close();
    attachment.close();
    expect(timers).toHaveBeenCalledTimes(1);
    timers.mockRestore();
    expect(await allOf(attachment)).toEqual([]);
  });

  test("reads no more than is used, and in the end all", async () => {
    let peer: Peer | undefined;
    using daemon = listen((opened) => {
      peer = opened;
      for (let count = 0; count < 12; count += 1) peer.send(Buffer.alloc(MIB));
    });
    const attachment = await attach(daemon.socket);
    // By the time that it hears of us, it has sent what it could.
    attachment.type(Buffer.from("x"));
    await waitFor("the daemon to hear of us", () => daemon.said.length === 1);
    expect(peer?.getBufferedAmount()).toBeGreaterThan(4 * MIB);
    let bytes = 0;
    for await (const arrival of attachment.arrivals()) {
      bytes += (arrival as Uint8Array).length;
      if (bytes === 12 * MIB) peer?.close(1000, "over");
    }
    expect(bytes).toBe(12 * MIB);
  });

  test.each([1006, 1012])("breaks with code %d, so that the next daemon is asked", async (code) => {
    using daemon = listen((peer) => (code === 1006 ? peer.terminate() : peer.close(code, "")));
    const attachment = await attach(daemon.socket);
    const thrown: unknown = await allOf(attachment).catch((failure: unknown) => failure);
    expect(thrown).toBeInstanceOf(Problem);
    expect(thrown).toMatchObject({ code: "unavailable" });
  });
});

describe("when it is refused", () => {
  test("the daemon's own words are given", async () => {
    const error = { code: "conflict", message: "no terminal", hint: "Start it with --pty." };
    const socket = join(folder, "socket");
    const server = Bun.serve({
      unix: socket,
      fetch: () => Response.json({ error }, { status: 409 }),
    });
    const thrown: unknown = await attach(socket).catch((failure: unknown) => failure);
    expect(thrown).toMatchObject(error);
    await server.stop(true);
  });

  test("nobody there is told as such", async () => {
    const thrown: unknown = await attach(join(folder, "none")).catch((failure: unknown) => failure);
    expect(thrown).toMatchObject({ code: "unavailable" });
  });
});

test.each([
  ["a space", "a folder"],
  ["a colon", "a:b"],
  ["letters of other scripts", "日本"],
  ["signs of a URL", "a?b#c%20d"],
])("a home with %s in its name is reached, and nothing is left elsewhere", async (_, name) => {
  mkdirSync(join(folder, name));
  using daemon = listen((peer) => peer.close(1000, "over"), join(folder, name, "socket"));
  const before = readdirSync("/tmp").filter((entry) => /^korun-[A-Za-z0-9]{6}$/.test(entry));
  await allOf(await attach(daemon.socket));
  expect(daemon.asked).toEqual(["/v1/sessions/one/attach"]);
  const after = readdirSync("/tmp").filter((entry) => /^korun-[A-Za-z0-9]{6}$/.test(entry));
  expect(after.filter((entry) => !before.includes(entry))).toEqual([]);
});
