import { describe, expect, test } from "bun:test";
import type { RawOutput } from "../../src/logs/raw.ts";
import { fakeSession } from "./support.ts";

function textFrom(output: RawOutput, from = 0, most = 1_000_000): string {
  return Buffer.from(output.read(from, most).bytes).toString();
}

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setImmediate(resolve, "later"));
  return (await Promise.race([promise.then(() => "settled"), later])) === "settled";
}

describe("raw output", () => {
  test("is what the child wrote, unterminated and with every carriage return", () => {
    const { log, write, flush } = fakeSession();
    write("stdout", "one\r\ntwo\n\x1b[1mname: ");
    const output = log.bytes("stdout");
    expect(textFrom(output)).toBe("one\r\ntwo\n\x1b[1mname: ");
    expect(output.head).toBe(19);
    flush();
    write("stdout", "next run\n", { run: 2 });
    expect(textFrom(output, 13)).toBe("name: next run\n");
  });

  test("is read by position, in pieces of any size", () => {
    const { log, write } = fakeSession();
    write("stdout", "0123456789");
    const output = log.bytes("stdout");
    expect(textFrom(output, 3, 4)).toBe("3456");
    expect(output.read(10, 4)).toEqual({ position: 10, bytes: new Uint8Array() });
  });

  test("begins with the oldest line that is held, and says where that is", () => {
    const { log, write } = fakeSession();
    write("stdout", "12345678\n".repeat(60_000));
    const output = log.bytes("stdout");
    const dropped = 60_000 - (output.head - output.oldest) / 9;
    expect(Number.isInteger(dropped)).toBe(true);
    expect(dropped).toBeGreaterThan(30_000);
    const { position, bytes } = output.read(0, 18);
    expect(position).toBe(output.oldest);
    expect(Buffer.from(bytes).toString()).toBe("12345678\n12345678\n");
  });

  test("of a ring that wrapped is in one piece", () => {
    const limits = { entries: 20_064, bytes: 300_000 };
    const { log, write } = fakeSession({ limits });
    let sent = "";
    for (let line = 0; line < 20_000; line += 1) sent += `line ${line} ${"x".repeat(line % 90)}\n`;
    write("stdout", sent, { chunk: 8_191 });
    const output = log.bytes("stdout");
    expect(output.oldest).toBeGreaterThan(1_000);
    expect(textFrom(output)).toBe(sent.slice(output.oldest));
  });
});

describe("a reader of raw output that waits", () => {
  test("is told of bytes, though no line has ended", async () => {
    const { log, write } = fakeSession();
    const output = log.bytes("stdout");
    const changed = output.changed();
    write("stderr", "something else\n");
    expect(await isSettled(changed)).toBe(false);
    write("stdout", "pass");
    await changed;
    expect(textFrom(output)).toBe("pass");
    const again = output.changed();
    expect(await isSettled(again)).toBe(false);
    write("stdout", "word: ");
    await again;
    expect(textFrom(output)).toBe("password: ");
  });

  test("is told at once of what came since it read", async () => {
    const { log, write } = fakeSession();
    const output = log.bytes("stderr");
    output.read(0, 100);
    write("stderr", "x");
    await output.changed();
    output.read(0, 100);
    expect(await isSettled(output.changed())).toBe(false);
  });

  test("beside others is woken as they are", async () => {
    const { log, write } = fakeSession();
    const readers = [log.bytes("stdout"), log.bytes("stdout"), log.bytes("stderr")];
    const changes = readers.map((reader) => reader.changed());
    write("stdout", "a");
    write("stderr", "b");
    await Promise.all(changes);
  });

  test("is let go when the log is, and when it closes", async () => {
    const { log } = fakeSession();
    const output = log.bytes("stdout");
    const other = log.bytes("stdout");
    const waits = [output.changed(), other.changed()];
    other.close();
    expect([await isSettled(waits[1] ?? Promise.reject()), output.closed]).toEqual([true, false]);
    log.close();
    await waits[0];
    expect([output.closed, textFrom(output)]).toEqual([true, ""]);
    await output.changed();
  });
});
