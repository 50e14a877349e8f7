// send: what becomes of words, flags and stdin.

import { describe, expect, test } from "bun:test";
import { environment, korun, result } from "./support/cli.ts";
import { always, FakeDaemon, refusal } from "./support/fake-daemon.ts";

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
