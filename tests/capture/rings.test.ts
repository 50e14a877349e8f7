// What becomes of rings and pipes where nothing can be written.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  readdirSync,
  readSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { makeOutputPipe } from "../../src/capture/pipes.ts";
import { closeRing, makeRings, openRings } from "../../src/capture/rings.ts";
import { Problem } from "../../src/domain/problem.ts";
import { F64 } from "../../src/logs/layout.ts";
import { RING_LIMITS } from "../../src/logs/session-log.ts";
import { viewOf } from "../../src/native/memory.ts";
import { SmallDisk } from "../support/small-disk.ts";

if (SmallDisk.possible()) describe("", onSmallDisk);
else test.skip("rings on a full disk: only root can mount one", () => {});

function onSmallDisk(): void {
  let disk: SmallDisk;
  let directory: string;

  beforeEach(() => {
    disk = new SmallDisk({ size: "4m" });
    directory = join(disk.folder, "session");
  });

  afterEach(() => disk.remove());

  test("on a full disk no ring is made, and nothing of the attempt takes what room there is", () => {
    disk.fill();
    const problem = problemOf(() => makeRings(directory, RING_LIMITS));
    expect(problem.message).toBe(
      `cannot keep output in ${directory}: ENOSPC: no space left on device`,
    );
    expect(problem.hint).toBe("Free some space where korun keeps its state.");
    expect(existsSync(directory)).toBe(false);
  });

  test("where there is room for one of two, neither is made", () => {
    disk.fill({ leaving: 1_048_576 });
    expect(problemOf(() => makeRings(directory, RING_LIMITS)).message).toContain("ENOSPC");
    expect(existsSync(directory)).toBe(false);
  });

  test("what a ring's first bytes need is there before anything runs", () => {
    disk.fill({ leaving: 2_097_152 });
    const rings = makeRings(directory, RING_LIMITS);
    disk.fill();
    // A page that nothing backs would be SIGBUS here.
    for (const { mapping, fd } of Object.values(rings)) {
      const memory = new Uint8Array(viewOf(mapping));
      const { size } = statSync(`/proc/self/fd/${fd}`);
      for (let place = 0; place < size; place += 4_096) memory[place] = 1;
    }
    for (const ring of Object.values(rings)) closeRing(ring);
  });

  test("a ring that lost its end is backed again, as far as it was used", () => {
    const used = 3_000_000;
    const rings = makeRings(directory, RING_LIMITS);
    new Float64Array(viewOf(rings.stdout.mapping))[F64.capacity] = used;
    for (const ring of Object.values(rings)) closeRing(ring);
    const path = join(directory, "stdout.ring");
    truncateSync(path, 8_192);
    expect(problemOf(() => openRings(directory, RING_LIMITS)).message).toContain("ENOSPC");
    expect(readdirSync(directory).sort()).toEqual(["stderr.ring", "stdout.ring"]);
  });

  test("where the disk became read-only, a new run gets the pipes of the one before", () => {
    const first = makeOutputPipe(disk.folder, { stream: "stdout" });
    for (const fd of Object.values(first)) closeSync(fd);
    disk.setReadOnly(true);
    expect(() => makeOutputPipe(disk.folder, { stream: "stderr" })).toThrow("EROFS");
    const { own, child } = makeOutputPipe(disk.folder, { stream: "stdout" });
    writeSync(child, "hello");
    const read = Buffer.alloc(5);
    readSync(own, read);
    expect(read.toString()).toBe("hello");
    for (const fd of [own, child]) closeSync(fd);
    const problem = problemOf(() => makeRings(directory, RING_LIMITS));
    expect(problem.message).toContain("EROFS: read-only file system");
    expect(problem.hint).toBe("Mount it writable, or set KORUN_HOME to another folder.");
  });
}

function problemOf(action: () => unknown): Problem {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error("it was expected to be refused");
}
