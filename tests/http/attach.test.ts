import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sessionPath } from "../../src/api/paths.ts";
import { render } from "../support/rendered.ts";
import { waitFor } from "../support/wait.ts";
import { bodyOf, exchangeRaw, openRaw, statusOf } from "./support/raw.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";
import { Terminals, Watcher, type WatchOptions } from "./support/viewers.ts";

const MIB = 1_048_576;

let server: TestServer;
let terminal: Terminals;
let watchers: Watcher[];

beforeEach(async () => {
  server = await startTestServer();
  terminal = await Terminals.start(server);
  watchers = [];
});

afterEach(async () => {
  for (const watcher of watchers) watcher[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  expect(server.defects).toEqual([]);
});

async function watch(options?: WatchOptions): Promise<Watcher> {
  const watcher = await Watcher.open(server, terminal.id, options);
  watchers.push(watcher);
  return watcher;
}

function attachPath(query = ""): string {
  return `${sessionPath(terminal.id, "attach")}${query}`;
}

const HANDSHAKE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/** The opening handshake, as a program could send it that says anything. */
function handshake(more: readonly string[] = [], host = `127.0.0.1:${server.port}`): string {
  return [`GET ${attachPath()} HTTP/1.1`, `Host: ${host}`, ...HANDSHAKE, ...more, "", ""].join(
    "\r\n",
  );
}

describe("who may attach", () => {
  test.each([
    ["a page of another origin", ["Origin: http://evil.example"]],
    ["a page of another port", ["Origin: http://127.0.0.1:1"]],
    ["a sandboxed page", ["Origin: null"]],
    ["a page of another site", ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: websocket"]],
    ["an address that was typed in", ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: websocket"]],
  ])("not %s", async (_, headers) => {
    const target = { port: server.port };
    expect(statusOf(await exchangeRaw(target, handshake(headers)))).toBe(403);
  });

  test("not a name that was made to mean this machine", async () => {
    const answer = await exchangeRaw({ port: server.port }, handshake([], "evil.example"));
    expect(statusOf(answer)).toBe(403);
  });

  test("nor a page of another origin on the Unix socket", async () => {
    const request = handshake(["Origin: http://evil.example"]);
    expect(statusOf(await exchangeRaw({ path: server.socket }, request))).toBe(403);
  });

  test("a page of our own, and programs, at either door", async () => {
    const origin = `http://127.0.0.1:${server.port}`;
    for (const options of [
      { over: "tcp", headers: { origin } },
      { over: "tcp" },
      { over: "unix" },
    ] as const) {
      const watcher = await watch(options);
      await watcher.untilSaid("screen");
    }
  });

  test("the answer says the daemon's version", async () => {
    const connection = await openRaw({ port: server.port });
    connection.socket.write(handshake());
    await waitFor("the answer", () => connection.received().includes("\r\n\r\n"));
    expect(connection.received()).toStartWith("HTTP/1.1 101");
    expect(connection.received().toLowerCase()).toContain("korun-version: 1.2.3");
    connection.socket.destroy();
  });

  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  test.skipIf(!isRoot)("not another user of the machine (played by root)", async () => {
    const headers = HANDSHAKE.flatMap((header) => ["-H", header]);
    const curl = ["curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", ...headers];
    const child = Bun.spawn(
      ["setpriv", "--reuid=65534", "--clear-groups", "--", ...curl, `${server.url}${attachPath()}`],
      { stdout: "pipe", stderr: "ignore", stdin: "ignore" },
    );
    expect(await new Response(child.stdout).text()).toBe("403");
  });
});

describe("what cannot be attached to is an error like any other", () => {
  test("a request that asks for no WebSocket", async () => {
    for (const method of ["GET", "HEAD"]) {
      const response = await fetch(`${server.url}${attachPath()}`, { method });
      expect(response.status).toBe(400);
      if (method === "GET") expect(await errorOf(response)).toMatchObject({ field: "upgrade" });
    }
  });

  test("a WebSocket of another version, or of none", async () => {
    for (const version of [[], ["Sec-WebSocket-Version: 8"], ["Sec-WebSocket-Version: 13, 8"]]) {
      const headers = HANDSHAKE.filter((header) => !header.startsWith("Sec-WebSocket-Version"));
      const lines = [`GET ${attachPath()} HTTP/1.1`, `Host: 127.0.0.1:${server.port}`];
      const request = [...lines, ...headers, ...version].join("\r\n");
      const answer = await exchangeRaw({ port: server.port }, `${request}\r\n\r\n`);
      expect(statusOf(answer)).toBe(400);
      expect(answer.toLowerCase()).toContain("sec-websocket-version: 13\r\n");
      expect(JSON.parse(bodyOf(answer)).error.field).toBe("sec-websocket-version");
    }
  });

  test("a session without a terminal: the error says how to give it one", async () => {
    const { id } = await server.session();
    const response = await fetch(`${server.url}${sessionPath(id, "attach")}`);
    expect(response.status).toBe(409);
    const error = await errorOf(response);
    expect(error.code).toBe("conflict");
    expect(error.hint).toContain("--pty");
  });

  test("no such session", async () => {
    const response = await fetch(`${server.url}${sessionPath("nope", "attach")}`);
    expect(response.status).toBe(404);
  });

  test.each([
    ["?cols=0&rows=24", "cols"],
    ["?cols=80", "rows"],
    ["?cols=80&rows=99999", "rows"],
    ["?cols=x&rows=24", "cols"],
    ["?from=12", "from"],
    ["?run=x", "run"],
    ["?run=1&from=-1", "from"],
    ["?speed=9600", "speed"],
  ])("%s", async (query, field) => {
    const response = await fetch(`${server.url}${attachPath(query)}`);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "bad_request", field });
  });

  test("and leaves nothing behind", async () => {
    await fetch(`${server.url}${attachPath()}`);
    expect(terminal.output.open).toBe(0);
    expect(server.history.open.size).toBe(0);
  });
});

describe("one who attaches", () => {
  test("gets the screen as it is, then what is written, without a gap or a byte twice", async () => {
    terminal.print("shell\r\n\x1b[?1049h\x1b[2;3Hold");
    const watcher = await watch();
    await watcher.until("old");
    terminal.print(" new");
    await watcher.until("new");
    terminal.print("er");
    await watcher.until("newer");
    expect(watcher.messages).toEqual([
      {
        type: "screen",
        run: 1,
        position: 24,
        bytes: watcher.shown.length - " newer".length,
        cols: 80,
        rows: 24,
        lost: false,
      },
    ]);
    expect(watcher.shown).toEndWith("old newer");
    expect(watcher.shown.match(/old/g)).toHaveLength(1);
  });

  test("gets only what the newest run wrote", async () => {
    terminal.print("first run\r\n");
    terminal.endRun({ armed: true });
    terminal.startRun();
    terminal.print("second run");
    const watcher = await watch();
    await watcher.until("second run");
    expect(watcher.shown).not.toContain("first");
  });

  test("is told when the screen lacks its beginning", async () => {
    terminal.print("gone\r\nstill\r\nhere");
    terminal.output.forgetBefore(4);
    const watcher = await watch();
    await watcher.until("here");
    expect(watcher.last("screen")).toMatchObject({ lost: true });
  });

  test("may begin with the run's first byte, as it was written", async () => {
    terminal.print("\x1b[31mred\x1b[0m\r\n");
    const watcher = await watch({ query: "?run=1" });
    await watcher.until("red");
    expect(watcher.shown).toBe("\x1b[31mred\x1b[0m\r\n");
    expect(watcher.messages).toEqual([{ type: "output", run: 1, position: 0, cols: 80, rows: 24 }]);
  });

  test("may go on where it was", async () => {
    terminal.print("0123456789");
    const watcher = await watch({ query: "?run=1&from=4" });
    await watcher.until("9");
    expect(watcher.shown).toBe("456789");
  });

  test.each([
    ["in another run", "?run=7&from=4"],
    ["at a place that was never reached", "?run=1&from=999"],
  ])("gets the screen when it was %s", async (_, query) => {
    terminal.print("0123456789");
    const watcher = await watch({ query });
    await watcher.until("9");
    expect(watcher.types).toEqual(["screen"]);
    expect(watcher.shown).toBe("0123456789");
  });

  test("gets the screen when what it lacks is no longer held", async () => {
    terminal.print("0123456789\r\nrest");
    terminal.output.forgetBefore(8);
    const watcher = await watch({ query: "?run=1&from=4" });
    await watcher.until("rest");
    expect(watcher.types).toEqual(["screen"]);
  });
});

describe("keys", () => {
  test("reach the program as they are, in order", async () => {
    const watcher = await watch();
    watcher.type("ls\r");
    watcher.type("\x03");
    watcher.type("é\x1b[A");
    await waitFor("the keys", () => terminal.input.typed === "ls\r\x03é\x1b[A");
  });

  test("of one who types faster than the program reads wait where they are", async () => {
    const watcher = await watch();
    const readAgain = terminal.input.stopReading();
    const many = "x".repeat(65_536);
    for (let count = 0; count < 200; count += 1) watcher.type(many);
    // Another is not held up by that.
    const other = await watch();
    terminal.print("goes on");
    await other.until("goes on");
    await watcher.until("goes on");
    expect(terminal.input.typed).toBe("");
    readAgain();
    await waitFor("all keys", () => terminal.input.typed.length === 200 * many.length);
  });

  test("after the end of the run go nowhere, and harm nothing", async () => {
    terminal.endRun({ armed: true });
    const watcher = await watch();
    await watcher.untilSaid("exit");
    watcher.type("hello?");
    terminal.startRun();
    await watcher.untilSaid("output");
    expect(watcher.isOpen).toBe(true);
  });
});

describe("the size", () => {
  test("is that of whoever comes, resizes or types last, and all are told", async () => {
    const one = await watch({ query: "?cols=100&rows=30" });
    await waitFor("the first size", () => terminal.input.size().cols === 100);
    const other = await watch({ query: "?cols=60&rows=20" });
    await waitFor("the second size", () => terminal.input.size().cols === 60);
    await waitFor("word of it", () => one.last("resized")?.cols === 60);
    one.say({ type: "resize", cols: 110, rows: 31 });
    await waitFor("the third size", () => terminal.input.size().cols === 110);
    other.type("x");
    await waitFor("the size of who types", () => terminal.input.size().cols === 60);
    await waitFor("word of it", () => one.last("resized")?.cols === 60);
    expect(one.last("resized")).toEqual({ type: "resized", cols: 60, rows: 20 });
  });

  test("of one who leaves is followed by that of whoever decided before", async () => {
    const one = await watch({ query: "?cols=100&rows=30" });
    const other = await watch({ query: "?cols=60&rows=20" });
    await waitFor("the second size", () => terminal.input.size().cols === 60);
    const third = await watch({ query: "?cols=70&rows=21" });
    await watch();
    await waitFor("the third size", () => terminal.input.size().cols === 70);
    one.type("x");
    await waitFor("the size of who types", () => terminal.input.size().cols === 100);
    other[Symbol.dispose]();
    one[Symbol.dispose]();
    await waitFor("the size of who stays", () => terminal.input.size().cols === 70);
    await waitFor("word of it", () => third.last("resized")?.cols === 70);
  });

  test("stays when all are sent away", async () => {
    const one = await watch({ query: "?cols=100&rows=30" });
    const other = await watch({ query: "?cols=60&rows=20" });
    await waitFor("the second size", () => terminal.input.size().cols === 60);
    terminal.endRun({ exitCode: 0 });
    await Promise.all([one.untilClosed(), other.untilClosed()]);
    expect(terminal.input.size()).toEqual({ cols: 60, rows: 20 });
  });

  test("is left alone by one who has none", async () => {
    const watcher = await watch();
    watcher.type("x");
    await waitFor("the key", () => terminal.input.typed === "x");
    expect(terminal.input.size()).toEqual({ cols: 80, rows: 24 });
  });

  test("that another way has set is told too, and drawn", async () => {
    const watcher = await watch();
    await watcher.untilSaid("screen");
    terminal.input.resize({ cols: 132, rows: 43 });
    terminal.print("redrawn");
    await watcher.untilSaid("resized");
    const later = await watch();
    await later.until("redrawn");
    expect(later.last("screen")).toMatchObject({ cols: 132, rows: 43 });
  });
});

describe("what a program draws for a new size", () => {
  test("at once is on the screen in that size", async () => {
    terminal.print("\x1b[?1049h\x1b[24;1Hlast row");
    terminal.input.onResize = () => terminal.print("\x1b[2J\x1b[30;91Hin the corner");
    const watcher = await watch({ query: "?cols=104&rows=30" });
    await watcher.until("corner");
    expect(watcher.last("screen")).toMatchObject({ cols: 104, rows: 30, lost: false });
    const { rows } = await render(watcher.shown, { columns: 104, rows: 30 });
    expect(rows[29]).toBe(`${" ".repeat(90)}in the corner`);
  });

  test("before anybody has heard of that size is so too", async () => {
    const watcher = await watch();
    await watcher.untilSaid("screen");
    terminal.input.resize({ cols: 132, rows: 43 });
    terminal.print("\x1b[43;1Hin the last row");
    await watcher.until("last row");
    const later = await watch();
    await later.until("last row");
    expect(later.last("screen")).toMatchObject({ cols: 132, rows: 43, lost: false });
    const { rows } = await render(later.shown, { columns: 132, rows: 43 });
    expect(rows[42]).toBe("in the last row");
  });
});

describe("the end of a run", () => {
  test("is told after the last byte, and the connection is closed", async () => {
    const watcher = await watch();
    terminal.print("last words");
    terminal.endRun({ exitCode: 3 });
    expect(await watcher.untilClosed()).toEqual({ code: 1000, reason: "over" });
    expect(watcher.shown).toBe("last words");
    expect(watcher.messages.at(-1)).toEqual({
      type: "exit",
      run: 1,
      exit_code: 3,
      term_signal: null,
      error: null,
      over: true,
      next_restart_at: null,
    });
  });

  test("was before: the last screen, the end, and nothing more", async () => {
    terminal.print("what it showed");
    terminal.endRun({ exitCode: 7 });
    const watcher = await watch();
    expect(await watcher.untilClosed()).toMatchObject({ code: 1000 });
    expect(watcher.types).toEqual(["screen", "exit"]);
    expect(watcher.shown).toBe("what it showed");
    expect(watcher.last("exit")).toMatchObject({ exit_code: 7, over: true });
  });

  test("need not be the end of all: the next run follows", async () => {
    const watcher = await watch();
    terminal.print("first");
    terminal.endRun({ exitCode: 1, armed: true });
    await watcher.untilSaid("exit");
    expect(watcher.last("exit")).toMatchObject({ run: 1, exit_code: 1, over: false });
    terminal.startRun();
    terminal.print("second");
    await watcher.until("second");
    expect(watcher.shown).toBe("second");
    expect(watcher.last("output")).toMatchObject({ run: 2, position: 5 });
    terminal.endRun({ exitCode: 0 });
    await watcher.untilClosed();
    expect(watcher.types).toEqual(["screen", "exit", "output", "exit"]);
  });

  test("is the end of all once nothing can start it again", async () => {
    const watcher = await watch();
    terminal.endRun({ exitCode: 1, armed: true });
    await watcher.untilSaid("exit");
    terminal.disarm();
    expect(await watcher.untilClosed()).toMatchObject({ code: 1000 });
    expect(watcher.types).toEqual(["screen", "exit"]);
  });
});

describe("several who watch", () => {
  test("see the same", async () => {
    terminal.print("before ");
    const all = await Promise.all(Array.from({ length: 5 }, () => watch()));
    terminal.print("after");
    for (const watcher of all) {
      await watcher.until("after");
      expect(watcher.shown).toBe("before after");
    }
  });

  test("cost one follower of events between them, and nothing once they have left", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => watch()));
    for (const watcher of all) await watcher.untilSaid("screen");
    expect(server.history.open.size).toBe(1);
    for (const watcher of all) watcher[Symbol.dispose]();
    await waitFor("them to be gone", () => server.history.open.size === 0);
    // The screen is kept for a while, for whoever comes back.
    await waitFor("their readers to be closed", () => terminal.output.open === 1);
  });
});

describe("one who does not read", () => {
  test("holds up nobody, costs little, and then gets the screen as it is", async () => {
    const slow = await watch();
    await slow.untilSaid("screen");
    slow.pause();
    const quick = await watch();
    await quick.untilSaid("screen");
    for (let round = 0; round < 60; round += 1) {
      terminal.print(`${"x".repeat(1_022)}\r\n`.repeat(1_024));
      terminal.print(`round ${round}.`);
      await quick.until(`round ${round}.`);
      quick.shown = "";
    }
    terminal.print("\x1b[2J\x1b[Hthe end");
    await quick.until("the end");
    const { head } = terminal.output;
    slow.shown = "";
    slow.resume();
    await slow.until("the end");
    expect(slow.types.filter((type) => type === "screen").length).toBeGreaterThan(1);
    // It was not sent all that it has missed.
    expect(slow.last("screen")?.position).toBeGreaterThan(head - 20 * MIB);
  });

  test("is told of the end all the same", async () => {
    const slow = await watch();
    await slow.untilSaid("screen");
    slow.pause();
    for (let round = 0; round < 8; round += 1) {
      terminal.print(`${"x".repeat(1_022)}\r\n`.repeat(1_024));
    }
    terminal.print("\x1b[2J\x1b[Hthe end");
    terminal.endRun({ exitCode: 5 });
    slow.resume();
    expect(await slow.untilClosed()).toMatchObject({ code: 1000 });
    expect(slow.shown).toEndWith("the end");
    expect(slow.last("exit")).toMatchObject({ exit_code: 5 });
  });
});

describe("a message that is none closes the connection, and says why", () => {
  test.each([
    ["text", "not JSON", "the message"],
    ["another type", { type: "kill", cols: 80, rows: 24 }, "type"],
    ["no size", { type: "resize" }, "cols"],
    ["a size that is none", { type: "resize", cols: 0, rows: 24 }, "cols"],
    ["a giant", { type: "resize", cols: 80, rows: 1e9 }, "rows"],
    ["more than that", { type: "resize", cols: 8, rows: 2, more: 1 }, "more"],
    ["a long name", { type: "resize", cols: 8, rows: 2, ["é".repeat(200)]: 1 }, "é".repeat(20)],
    ["no object", "7", "the message"],
  ])("%s", async (_, message, fault) => {
    const watcher = await watch();
    watcher.say(message);
    const closed = await watcher.untilClosed();
    expect(closed.code).toBe(1008);
    expect(closed.reason).toBe(
      `${fault} is wrong: wanted {type: "resize", cols, rows}, 1 to 1000; keys go as binary`,
    );
    expect(terminal.input.size()).toEqual({ cols: 80, rows: 24 });
  });

  test("a key longer than a megabyte", async () => {
    const watcher = await watch();
    watcher.type("x".repeat(MIB + 1));
    await watcher.untilClosed();
    expect(terminal.input.typed).toBe("");
  });
});

describe("when the daemon stops serving", () => {
  test("all are sent away", async () => {
    const watcher = await watch();
    const stopped = server.http.stop();
    expect(await watcher.untilClosed()).toEqual({ code: 1001, reason: "the daemon stops" });
    await stopped;
  });

  test("and another goes on, they are told", async () => {
    const watcher = await watch();
    server.http.breakOff();
    expect(await watcher.untilClosed()).toEqual({ code: 1012, reason: "another daemon goes on" });
  });

  test("a session that is forgotten takes its watchers along", async () => {
    const watcher = await watch();
    await watcher.untilSaid("screen");
    terminal.output.close();
    expect(await watcher.untilClosed()).toMatchObject({ code: 1001 });
  });
});
