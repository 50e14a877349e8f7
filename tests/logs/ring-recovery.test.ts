import { describe, expect, test } from "bun:test";
import { F64, I32, ringBytes } from "../../src/logs/layout.ts";
import { RingReader } from "../../src/logs/ring-reader.ts";
import { RingWriter } from "../../src/logs/ring-writer.ts";
import { SessionLog } from "../../src/logs/session-log.ts";
import { TextFormatter } from "../../src/logs/text.ts";

const LIMITS = { entries: 3_000, bytes: 400_000 };

/** Writes numbered lines while every writer is killed at some step and another takes its memory. */
function writeThroughKills(): { log: SessionLog; written: string } {
  const memory = new ArrayBuffer(ringBytes(LIMITS));
  const bytes = new Uint8Array(memory);
  const take = () =>
    new RingWriter(memory, { limits: LIMITS, sequence: { next: 1 }, allocate: () => true });
  let writer = take();
  let written = "";
  for (let number = 1; number <= 6_000; number += 1) {
    const line = `${number} ${"x".repeat((number * 7919) % 400)}\n`;
    let rest = Buffer.from(line);
    written += line;
    while (rest.length > 0) {
      const length = Math.min(rest.length, writer.room(), 150);
      bytes.set(rest.subarray(0, length), writer.offset);
      writer.advance(length);
      rest = rest.subarray(length);
      if (number % 3 === 0) writer = take();
      writer.index(1, number);
      writer.announce();
    }
  }
  const reader = new RingReader(memory, { stream: "stdout", limits: LIMITS });
  const empty = new RingReader(new ArrayBuffer(ringBytes(LIMITS)), {
    stream: "stderr",
    limits: LIMITS,
  });
  return { log: new SessionLog({ stdout: reader, stderr: empty }), written };
}

function expectNothingLost({ log, written }: { log: SessionLog; written: string }): void {
  const { entries } = log.page({ stream: "stdout", limit: 10_000, from: "oldest" });
  const { stdoutLines, stdoutDropped, stdoutBytes } = log.counters();
  const text = Buffer.from(new TextFormatter("stdout").format({ missed: 0, entries })).toString();
  expect(stdoutLines + stdoutDropped).toBe(6_000);
  expect(stdoutBytes).toBe(written.length);
  expect(written.endsWith(text)).toBe(true);
  expect(entries.length).toBeGreaterThan(1_000);
  const seqs = entries.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, index) => 6_000 - seqs.length + 1 + index));
}

describe("a ring whose writer was killed", () => {
  test("after the kernel moved bytes and before they were indexed loses no line", () => {
    expectNothingLost(writeThroughKills());
  });

  test("with the lap half begun starts that lap", () => {
    const memory = new ArrayBuffer(ringBytes(LIMITS));
    const options = { limits: LIMITS, sequence: { next: 1 }, allocate: () => true };
    const writer = new RingWriter(memory, options);
    const start = writer.offset;
    const i32 = new Int32Array(memory);
    const f64 = new Float64Array(memory, 0, 64);
    f64[F64.nextLapBase] = 196_608;
    i32[I32.wrapping] = 1;
    i32[I32.head] = start + 196_608;
    const next = new RingWriter(memory, options);
    expect(next.offset).toBe(start);
    expect(f64[F64.lapBase]).toBe(196_608);
    expect(i32[I32.wrapping]).toBe(0);
  });

  test("in the middle of a growth moves what was not moved yet", () => {
    const limits = { entries: 100, bytes: 8_000_000 };
    const memory = new ArrayBuffer(ringBytes(limits));
    const options = { limits, sequence: { next: 1 }, allocate: () => true };
    const writer = new RingWriter(memory, options);
    const bytes = new Uint8Array(memory);
    const f64 = new Float64Array(memory, 0, 64);
    const arena = writer.offset;
    const line = Buffer.from(`${"y".repeat(9_999)}\n`);
    const write = () => {
      for (let rest = line; rest.length > 0; ) {
        const length = Math.min(rest.length, writer.room());
        bytes.set(rest.subarray(0, length), writer.offset);
        writer.advance(length);
        writer.index(1, 0);
        rest = rest.subarray(length);
      }
    };
    while ((f64[F64.lapBase] ?? 0) === 0) write();
    for (let more = 0; more < 10; more += 1) write();
    writer.announce();
    const capacity = f64[F64.capacity] ?? 0;
    const used = writer.offset - arena;
    // The last 20 000 bytes of the older lap have been moved, in pieces of 65 536 at most.
    const moved = capacity - 20_000;
    bytes.copyWithin(arena + moved + 65_536, arena + moved, arena + capacity);
    f64[F64.moved] = moved;
    f64[F64.growTo] = capacity + 65_536;
    const page = (reader: RingReader) => {
      const numbers = Array.from({ length: reader.count - reader.first }, (_, n) => n);
      return numbers.map((n) => Buffer.from(reader.read(reader.first + n)?.bytes ?? []).toString());
    };
    new RingWriter(memory, options);
    expect(f64[F64.capacity]).toBe(capacity + 65_536);
    expect(used).toBeLessThan(capacity);
    const lines = page(new RingReader(memory, { stream: "stdout", limits }));
    expect(lines.length).toBeGreaterThan(30);
    expect(new Set(lines)).toEqual(new Set(["y".repeat(9_999)]));
  });
});
