// POST /v1/sessions/{id}/input and …/resize: what is asked of a session's input, and what is
// answered.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { InputOptions, SessionInput } from "../../src/domain/input.ts";
import { Problem } from "../../src/domain/problem.ts";
import type { TerminalDimensions } from "../../src/domain/session.ts";
import { waitFor } from "../support/wait.ts";
import type { FakeSession } from "./support/directory.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;
let session: FakeSession;
let input: FakeInput;

beforeEach(async () => {
  server = await startTestServer();
  session = await server.session();
  session.facts = { state: "running" };
  input = new FakeInput();
  session.input = input;
});

afterEach(() => server[Symbol.asyncDispose]());

class FakeInput implements SessionInput {
  readonly kind: SessionInput["kind"];
  readonly written: { readonly text: string; readonly options: InputOptions }[] = [];
  readonly sizes: TerminalDimensions[] = [];
  /** Holds writes back until resolved. */
  gate: Promise<void> = Promise.resolve();
  refusal: Problem | undefined;

  constructor(kind: SessionInput["kind"] = "pipe") {
    this.kind = kind;
  }

  async write(bytes: Uint8Array, options: InputOptions): Promise<{ written: number }> {
    options.onTurn?.();
    this.written.push({ text: Buffer.from(bytes).toString(), options });
    await this.gate;
    if (this.refusal !== undefined) throw this.refusal;
    return { written: bytes.length };
  }

  end(): void {}

  resize(size: TerminalDimensions): void {
    this.sizes.push(size);
  }

  size(): TerminalDimensions | undefined {
    return this.sizes.at(-1);
  }
}

function post(action: "input" | "resize", body: unknown, query = ""): Promise<Response> {
  const url = `${server.url}/v1/sessions/${session.id}/${action}${query}`;
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}

describe("input", () => {
  test("is written as it was sent, and answered with the seq that follows it", async () => {
    for (let line = 0; line < 7; line += 1) session.log.print("stdout", "x");
    const response = await post("input", { text: "grüße" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ok: true,
      id: session.id,
      written: 7,
      next_seq: 8,
    });
    expect(input.written).toMatchObject([
      { text: "grüße", options: { timeoutMs: 5_000, end: false } },
    ]);
  });

  test.each([
    ["a newline follows", "pipe", { text: "x", enter: true }, "x\n"],
    ["the Enter key follows in a terminal", "terminal", { text: "x", enter: true }, "x\r"],
    ["bytes are given", "pipe", { base64: "AAEC/w==" }, Buffer.from([0, 1, 2, 255]).toString()],
    ["it is Enter alone", "pipe", { enter: true }, "\n"],
    ["it is empty", "pipe", { text: "" }, ""],
  ] as const)("is what it says where %s", async (_, kind, body, text) => {
    input = new FakeInput(kind);
    session.input = input;
    expect((await post("input", body)).status).toBe(200);
    expect(input.written.map((write) => write.text)).toEqual([text]);
  });

  test("can end, by itself or after a text", async () => {
    await post("input", { eof: true });
    await post("input", { text: "last", eof: true });
    expect(input.written).toMatchObject([
      { text: "", options: { end: true } },
      { text: "last", options: { end: true } },
    ]);
  });

  test.each([
    [{ text: "x", timeout: "250ms" }, "", 250],
    [{ text: "x" }, "?timeout=2s", 2_000],
    [{ text: "x", timeout: 0 }, "?timeout=2s", 0],
  ])("waits as long as %j%s says", async (body, query, timeoutMs) => {
    await post("input", body, query);
    expect(input.written).toMatchObject([{ options: { timeoutMs } }]);
  });

  test("that waits holds up no other request", async () => {
    const gate = Promise.withResolvers<void>();
    input.gate = gate.promise;
    const stuck = post("input", { text: "x" });
    await waitFor("it to be written", () => input.written.length === 1);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    gate.resolve();
    expect((await stuck).status).toBe(200);
  });

  test("that is refused says why", async () => {
    const message = "The process does not read its input: 3 of 9 bytes were written";
    input.refusal = new Problem("conflict", message);
    const response = await post("input", { text: "x" });
    expect(response.status).toBe(409);
    expect(await errorOf(response)).toMatchObject({ message });
  });

  test("is refused for a session that has no stdin, with the remedy", async () => {
    session.input = undefined;
    const response = await post("input", { text: "x" });
    expect(response.status).toBe(409);
    expect(await errorOf(response)).toEqual({
      code: "conflict",
      message: `Session ${session.id} takes no input: it has no stdin`,
      hint: "Start it with one: korun serve --stdin pipe -- COMMAND, or in a terminal: --pty",
    });
  });

  test("is refused at rest, with the remedy", async () => {
    session.facts = { state: "exited" };
    const response = await post("input", { text: "x" });
    expect(response.status).toBe(409);
    expect(await errorOf(response)).toEqual({
      code: "conflict",
      message: `Session ${session.id} takes no input: it is exited`,
      hint: `Start it again with: korun restart ${session.id}`,
    });
    expect(input.written).toEqual([]);
  });

  test.each([
    [{}, "text", "There is nothing to send: the body has none of its fields"],
    [{ enter: false, eof: false }, "text", "There is nothing to send"],
    [{ text: "a", base64: "YQ==" }, "base64", "text and base64 are both given"],
    [{ text: 3 }, "text", "text must be a string, not 3"],
    [{ base64: "a b" }, "base64", "base64 must be base64"],
    [{ text: "a", enter: "yes" }, "enter", 'enter must be true or false, not "yes"'],
    [{ text: "a", timeout: "soon" }, "timeout", "timeout must be"],
    [{ text: "a", newline: true }, "newline", "Unknown field newline"],
  ])("refuses %j", async (body, field, message) => {
    const response = await post("input", body);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error.field).toBe(field);
    expect(error.message).toStartWith(message);
    expect(input.written).toEqual([]);
  });

  test("refuses a parameter that it does not know", async () => {
    const response = await post("input", { text: "x" }, "?enter=1");
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe("enter");
  });
});

describe("resize", () => {
  test("gives a terminal its size", async () => {
    input = new FakeInput("terminal");
    session.input = input;
    const response = await post("resize", { cols: 120, rows: 40 });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ok: true, id: session.id, cols: 120, rows: 40 });
    expect(input.sizes).toEqual([{ cols: 120, rows: 40 }]);
  });

  test("is refused for a session that runs in no terminal", async () => {
    for (const none of [input, undefined]) {
      session.input = none;
      const response = await post("resize", { cols: 120, rows: 40 });
      expect(response.status).toBe(409);
      expect((await errorOf(response)).hint).toContain("--pty");
    }
  });

  test.each([
    [{ cols: 80 }, "rows", "rows is missing: it must be an integer from 1 to 1000"],
    [{ cols: 0, rows: 24 }, "cols", "cols must be an integer from 1 to 1000, not 0"],
    [{ cols: 80, rows: 1_001 }, "rows", "rows must be an integer from 1 to 1000, not 1001"],
    [{ cols: "80", rows: 24 }, "cols", 'cols must be an integer from 1 to 1000, not "80"'],
  ])("refuses %j", async (body, field, message) => {
    input = new FakeInput("terminal");
    session.input = input;
    const response = await post("resize", body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ field, message });
    expect(input.sizes).toEqual([]);
  });
});
