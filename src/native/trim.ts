// Gives back memory that only the start needed. Most of what a process of this executable weighs is
// its program text: pages that the start ran through once, each mapped together with its fifteen
// neighbours. Unmapped, they stay in the system's cache, and come back one by one when they are run.

import type { Pointer } from "bun:ffi";
import { readFileSync } from "node:fs";
import { openLibc } from "./libc.ts";

const MADV_DONTNEED = 4;

/** When a start is over and done with, in ms. */
const SETTLED_MS = 2_000;

/** Trims once this process has settled; keeps nothing alive for it. */
export function trimOnceSettled(): void {
  setTimeout(trim, SETTLED_MS).unref();
}

function trim(): void {
  Bun.gc(true);
  trimProgramText();
}

/** Unmaps this process's program text. It can never have been written to, so nothing is lost. */
function trimProgramText(): void {
  if (process.platform !== "linux") return;
  const { madvise } = openLibc({ madvise: { args: ["ptr", "u64", "i32"], returns: "i32" } });
  for (const { start, bytes } of programText()) madvise(start as Pointer, bytes, MADV_DONTNEED);
}

function programText(): { start: number; bytes: number }[] {
  const maps = readFileSync("/proc/self/maps", "latin1");
  // `start-end r-xp offset device inode path`
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ [1-9]\d* /gm)].map(
    ([, from = "0", to = "0"]) => {
      const start = Number.parseInt(from, 16);
      return { start, bytes: Number.parseInt(to, 16) - start };
    },
  );
}
