// Readers for whom a child waits: what is written stands for it, and stops when it is to wait.

import { describe, expect, test } from "bun:test";
import { type RingLimits, ringBytes } from "../../src/logs/layout.ts";
import { Pacing } from "../../src/logs/pacing.ts";
import { RingReader } from "../../src/logs/ring-reader.ts";
import { RingWriter } from "../../src/logs/ring-writer.ts";
import { RING_LIMITS, SessionLog } from "../../src/logs/session-log.ts";
import { waitFor } from "../support/wait.ts";

/** A log whose writer does as the capture thread does. */
function pacedSession(limits: RingLimits = RING_LIMITS, allocate = () => true) {
  const sequence = { next: 1 };
  const ring = (stream: "stdout" | "stderr") => {
    const memory = new ArrayBuffer(ringBytes(limits));
    const writer = new RingWriter(memory, { limits, sequence, allocate });
    return {
      bytes: new Uint8Array(memory),
      writer,
      reader: new RingReader(memory, { stream, limits }),
    };
  };
  const [stdout, stderr] = [ring("stdout"), ring("stderr")];
  const told = { room: 0, onRoom() {} };
  const readers = { stdout: stdout.reader, stderr: stderr.reader };
  const log = new SessionLog(readers, {
    onRoom() {
      told.room += 1;
      told.onRoom();
    },
  });
  return {
    log,
    told,
    reader: stdout.reader,
    /** Writes as much of it as may be written now, and says how much that was. */
    write(text: string): number {
      const { writer, bytes } = stdout;
      const all = Buffer.from(text);
      let written = 0;
      while (written < all.length && !writer.mustWait()) {
        const chunk = all.subarray(written, written + writer.room());
        bytes.set(chunk, writer.offset);
        writer.advance(chunk.length);
        writer.index(1, 1_000);
        written += chunk.length;
      }
      if (stdout.writer.announce()) log.wake();
      return written;
    },
  };
}

const FROM_START = { stream: "stdout", from: { sinceSeq: 1 }, limit: 0, paced: true } as const;

describe("a child waits", () => {
  test("for a reader that is far behind, and goes on when that one has", async () => {
    const { log, told, write } = pacedSession();
    const follower = log.follow(FROM_START);
    const flood = "y\n".repeat(40_000);
    const written = write(flood);
    expect(written).toBeLessThan(flood.length);
    expect(write("more\n")).toBe(0);
    expect(told.room).toBe(0);
    // What is taken first counts as read when more is asked for.
    await follower.next();
    await follower.next();
    expect(told.room).toBe(1);
    expect(write("more\n")).toBe("more\n".length);
  });

  test("so that the reader misses nothing, however much there is", async () => {
    const { log, write } = pacedSession();
    const follower = log.follow(FROM_START);
    let rest = Array.from({ length: 200_000 }, (_, number) => `${number}\n`).join("");
    let next = 0;
    while (next < 200_000) {
      rest = rest.slice(write(rest));
      const { missed, entries } = (await follower.next()) ?? { missed: 0, entries: [] };
      expect(missed).toBe(0);
      for (const { bytes } of entries) {
        if (Buffer.from(bytes).toString() !== String(next)) throw new Error(`${next} is missing`);
        next += 1;
      }
    }
    expect(rest).toBe("");
  });

  test("for the bytes, too, where lines are long", async () => {
    const { log, write } = pacedSession();
    const follower = log.follow(FROM_START);
    const flood = `${"x".repeat(60_000)}\n`.repeat(700);
    const written = write(flood);
    expect(written).toBeLessThan(RING_LIMITS.bytes);
    const first = await follower.next();
    expect(first?.missed).toBe(0);
  });

  test("for the bytes that are kept where the disk is full", async () => {
    let granted = 0;
    // The index and the first arena of each ring.
    const { log, told, write } = pacedSession(RING_LIMITS, () => granted++ < 4);
    const follower = log.follow(FROM_START);
    let rest = `${"x".repeat(5_000)}\n`.repeat(1_000);
    told.onRoom = () => {
      rest = rest.slice(write(rest));
    };
    told.onRoom();
    for (let lines = 0; lines < 1_000; ) {
      const { missed, entries } = (await follower.next()) ?? { missed: 0, entries: [] };
      expect(missed).toBe(0);
      lines += entries.length;
    }
    expect(rest).toBe("");
  });

  test("for the slowest of several", async () => {
    const { log, write } = pacedSession();
    const [slow, quick] = [log.follow(FROM_START), log.follow(FROM_START)];
    write("y\n".repeat(40_000));
    for (let batch = 0; batch < 3; batch += 1) await quick.next();
    expect(write("y\n")).toBe(0);
    slow.close();
    expect(write("y\n")).toBe(2);
  });

  test("for one that is about to come", async () => {
    const { log, write } = pacedSession();
    log.expectPacedReader();
    write("y\n".repeat(40_000));
    expect(write("y\n")).toBe(0);
    const follower = log.follow(FROM_START);
    expect((await follower.next())?.missed).toBe(0);
    await follower.next();
    expect(write("y\n")).toBe(2);
  });

  test("not for other readers", () => {
    const { log, write } = pacedSession();
    log.follow({ ...FROM_START, paced: false });
    const flood = "y\n".repeat(40_000);
    expect(write(flood)).toBe(flood.length);
  });

  test("no more for one that left when all was over", () => {
    const { log, reader } = pacedSession();
    const follower = log.follow(FROM_START);
    log.settle(true);
    follower.close();
    expect(reader.isPaced).toBe(false);
  });

  test("for one that left as long as it may come back, under another daemon too", async () => {
    const { reader } = pacedSession();
    let room = 0;
    const options = { onRoom: () => room++, patienceMs: 20 };
    const before = new Pacing(reader, options);
    before.reached(before, 0);
    before.left(before, { over: false });
    before.close();
    expect(reader.isPaced).toBe(true);
    const next = new Pacing(reader, options);
    next.reached(next, 0);
    next.left(next, { over: false });
    expect(reader.isPaced).toBe(true);
    await waitFor("nobody to be waited for", () => !reader.isPaced);
  });

  test("for one whose process lives, whatever holds it up", async () => {
    const { reader } = pacedSession();
    const pager = { pid: 7, startTime: 77 };
    const asked: object[] = [];
    const isAlive = (one: object) => asked.push(one) < 3;
    const before = new Pacing(reader, { onRoom() {} });
    before.came(pager);
    before.reached(before, 0);
    before.close();
    const next = new Pacing(reader, { onRoom() {}, isAlive, patienceMs: 1 });
    await waitFor("nobody to be waited for", () => !reader.isPaced);
    expect(asked).toEqual([pager, pager, pager]);
    next.close();
  });
});
