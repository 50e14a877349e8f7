// What a daemon takes over is viewed as far as it is needed: each view counts as memory of its
// size, and those of twenty sessions at once would keep the garbage collector busy.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeRing, makeRings, type RingFiles, usedBytes } from "../../src/capture/rings.ts";
import { CHUNK_BYTES, HEADER_BYTES, type RingLimits } from "../../src/logs/layout.ts";
import { RingReader } from "../../src/logs/ring-reader.ts";
import { RingWriter } from "../../src/logs/ring-writer.ts";
import { allocate, viewOf } from "../../src/native/memory.ts";

const LIMITS: RingLimits = { entries: 20_000, bytes: 10 * CHUNK_BYTES };
const LINES = 6 * CHUNK_BYTES;

let folder: string;
let rings: RingFiles;
let wholes: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-views-"));
  rings = makeRings(join(folder, "session"), LIMITS);
  wholes = 0;
});

afterEach(() => {
  for (const ring of Object.values(rings)) closeRing(ring);
  rmSync(folder, { recursive: true });
});

function whole(): ArrayBuffer {
  wholes += 1;
  return viewOf(rings.stdout.mapping);
}

function openWriter(): RingWriter {
  const { fd, mapping } = rings.stdout;
  return new RingWriter(viewOf(mapping, usedBytes(mapping, LIMITS)), {
    limits: LIMITS,
    sequence: { next: 1 },
    allocate: (offset, length) => allocate(fd, { offset, length }),
    whole,
  });
}

function openReader(): RingReader {
  const header = viewOf(rings.stdout.mapping, HEADER_BYTES);
  return new RingReader(header, { stream: "stdout", limits: LIMITS, whole });
}

/** Writes numbered lines until so many bytes are written; their texts. */
function write(writer: RingWriter, bytes: number): string[] {
  const lines: string[] = [];
  const file = new Uint8Array(viewOf(rings.stdout.mapping));
  for (let written = 0; written < bytes; ) {
    const line = `${lines.length} ${"x".repeat(90)}`;
    lines.push(line);
    for (let rest = Buffer.from(`${line}\n`); rest.length > 0; ) {
      const length = Math.min(rest.length, writer.room());
      file.set(rest.subarray(0, length), writer.offset);
      writer.advance(length);
      writer.index(1, 1_000);
      rest = rest.subarray(length);
      written += length;
    }
  }
  return lines;
}

function textOf(reader: RingReader, number: number): string {
  return Buffer.from(reader.read(number)?.bytes ?? "gone").toString();
}

test("to count what a ring holds takes its header, and to read a line the whole, once", () => {
  const lines = write(openWriter(), 1_000);
  wholes = 0;
  const reader = openReader();
  expect(reader.held()).toEqual({ first: 0, count: lines.length });
  expect(reader.bytes).toBeGreaterThanOrEqual(1_000);
  expect(wholes).toBe(0);
  expect(lines.map((_, number) => textOf(reader, number))).toEqual(lines);
  expect(reader.oldest).toBe(0);
  expect(wholes).toBe(1);
});

test.each([
  ["bytes", (reader: RingReader) => reader.bytesFrom(0, 2).bytes.length, 2],
  ["a place in it", (reader: RingReader) => reader.searchRun(1), 0],
  ["a seq", (reader: RingReader) => reader.seqOf(1), 2],
  ["what has no newline yet", (reader: RingReader) => reader.tail(reader.count), undefined],
])("%s can be asked for first", (_, ask, answer) => {
  write(openWriter(), 1_000);
  expect(ask(openReader())).toBe(answer);
});

test("a reader that was closed looks at nothing any more", () => {
  write(openWriter(), 1_000);
  wholes = 0;
  const reader = openReader();
  reader.close();
  expect(reader.held()).toEqual({ first: 0, count: 0 });
  expect(reader.read(0)?.bytes.length ?? 0).toBe(0);
  expect(wholes).toBe(0);
});

test("a writer views what is used, and the whole once that was outgrown", () => {
  write(openWriter(), 1_000);
  expect(wholes).toBe(0);
  const lines = write(openWriter(), LINES);
  expect(wholes).toBeGreaterThan(0);
  const reader = openReader();
  const { first, count } = reader.held();
  expect(count - first).toBeGreaterThan(1_000);
  for (let back = 1; back <= 1_000; back += 1) {
    expect(textOf(reader, count - back)).toBe(lines.at(-back) ?? "");
  }
});
