// send: what becomes of words, flags and stdin.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { environment, korun, result } from "./support/cli.ts";
import { type Answer, always, FakeDaemon, refusal } from "./support/fake-daemon.ts";

const ENTRY = `${import.meta.dir}/../../index.ts`;

const REPLY = { ok: true, id: "9b2d6c33-8b13-4c51-8cd0-8de7d8f4ef01", written: 5, next_seq: 3 };

function sending(): FakeDaemon {
  return new FakeDaemon({ "POST /v1/sessions/web/input": always(REPLY) });
}

function bodies(daemon: FakeDaemon): unknown[] {
  return daemon.asked.map(({ body }) => JSON.parse(body));
}

describe("words and flags become a body:", () => {
  test.each([
    [["hello"], { text: "hello" }],
    [["two", "words"], { text: "two words" }],
    [["x", "--enter"], { text: "x", enter: true }],
    [["--enter", "x", "--eof"], { text: "x", enter: true, eof: true }],
    [["", "--enter"], { text: "", enter: true }],
    [["x", "--timeout", "250ms"], { text: "x", timeout: "250ms" }],
    [["--", "--enter"], { text: "--enter" }],
  ])("%j sends %j", async (args, body) => {
    await using daemon = sending();
    expect(await korun(daemon, ["send", "web", ...args])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(bodies(daemon)).toEqual([body]);
  });
});

test("--json prints the daemon's own words", async () => {
  await using daemon = sending();
  const { stdout } = await korun(daemon, ["send", "web", "x", "--json"]);
  expect(stdout).toBe(`${JSON.stringify(REPLY)}\n`);
});

test("Without words stdin is sent as it comes, and the flags go last", async () => {
  await using daemon = sending();
  const child = Bun.spawn([process.execPath, ENTRY, "send", "web", "--enter", "--eof"], {
    env: environment(daemon),
    stdin: Buffer.from([0, 255, 10]),
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await result(child as never)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(bodies(daemon)).toEqual([{ base64: "AP8K" }, { enter: true, eof: true }]);
});

test("An empty stdin is sent too, so that it is known whether the session takes any", async () => {
  await using daemon = new FakeDaemon({
    "POST /v1/sessions/web/input": () =>
      refusal(409, "conflict", "it has no stdin", "Give it one."),
  });
  expect(await korun(daemon, ["send", "web"])).toEqual({
    code: 1,
    stdout: "",
    stderr: "korun: it has no stdin\n  Give it one.\n",
  });
  expect(bodies(daemon)).toEqual([{ text: "" }]);
});

/** Takes so many pieces, then does as `fails` says. */
function takingOnly(pieces: number, fails: Answer): FakeDaemon {
  let left = pieces;
  return new FakeDaemon({
    "POST /v1/sessions/web/input": async (asked, request) => {
      if (left === 0) return await fails(asked, request);
      left -= 1;
      const { base64 } = JSON.parse(asked.body);
      return Response.json({ ...REPLY, written: Buffer.from(base64, "base64").length });
    },
  });
}

const FLOOD = Buffer.alloc(200_000);

const UNREAD = "The process does not read its input";

const unread: Answer = ({ body }) => {
  const { length } = Buffer.from(JSON.parse(body).base64, "base64");
  const message = `${UNREAD}: 7 of ${length} bytes were written within 1s`;
  return Response.json({ error: { code: "conflict", message, written: 7 } }, { status: 409 });
};

/** Through a pipe, or from a file. */
async function sendFlood(daemon: FakeDaemon, file?: Bun.BunFile) {
  const child = Bun.spawn([process.execPath, ENTRY, "send", "web"], {
    env: environment(daemon),
    stdin: file ?? "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (typeof child.stdin === "object") {
    child.stdin.write(FLOOD);
    child.stdin.end();
  }
  return await result(child as never);
}

/** A pipe gives as much at a time as it likes. */
function takenBy(daemon: FakeDaemon): number {
  const pieces = daemon.asked.map(({ body }) => Buffer.from(JSON.parse(body).base64, "base64"));
  return Buffer.concat(pieces.slice(0, -1)).length;
}

describe("when stdin is not taken whole, what was written of all of it is told:", () => {
  test("of a pipe, how much", async () => {
    await using daemon = takingOnly(1, unread);
    expect(await sendFlood(daemon)).toEqual({
      code: 1,
      stdout: "",
      stderr: `korun: ${UNREAD}: ${takenBy(daemon) + 7} bytes in all were written within 1s\n`,
    });
  });

  test("of a file, how much of it", async () => {
    await using daemon = takingOnly(2, unread);
    const file = join(daemon.home, "flood");
    await Bun.write(file, FLOOD);
    const { stderr } = await sendFlood(daemon, Bun.file(file));
    expect(stderr).toBe(
      `korun: ${UNREAD}: ${2 * 65_536 + 7} of 200000 bytes were written within 1s\n`,
    );
  });

  test("also where the session does not run any more", async () => {
    const ended: Answer = () => refusal(409, "conflict", "It is exited", "Start it.");
    await using daemon = takingOnly(1, ended);
    const { stderr } = await sendFlood(daemon);
    expect(stderr).toBe(
      `korun: It is exited: ${takenBy(daemon)} bytes in all were written\n  Start it.\n`,
    );
  });

  test("and where the daemon dies, that nobody knows", async () => {
    await using daemon = takingOnly(1, () => daemon.die());
    const { code, stderr } = await sendFlood(daemon);
    expect(code).toBe(1);
    expect(stderr).toEndWith(
      `): ${takenBy(daemon)} bytes in all were written, and perhaps some of what follows\n` +
        "  Look at what came of it before you send it again: korun tail web\n",
    );
  });
});

test("A word whose daemon dies may have been written", async () => {
  await using daemon = new FakeDaemon({ "POST /v1/sessions/web/input": () => daemon.die() });
  const { code, stderr } = await korun(daemon, ["send", "web", "x"]);
  expect(code).toBe(1);
  expect(stderr).toEndWith(
    "): it may have been written already\n" +
      "  Look at what came of it before you send it again: korun tail web\n",
  );
});

test.each([
  [["send"], "ID"],
  [["send", ""], "the session's id is empty"],
  [["send", "web", "x", "--timeout", "soon"], "--timeout"],
  [["send", "web", "x", "--newline"], "--newline"],
])("%j is refused", async (args, message) => {
  await using daemon = sending();
  const { code, stderr } = await korun(daemon, args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(daemon.asked).toEqual([]);
});
