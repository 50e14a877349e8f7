// Ways to see that a peer has got what a job printed.

import { statSync } from "node:fs";
import { waitUntil } from "../wait.ts";

/** How long a file that grows no more is given to grow all the same, in ms. */
const PATIENCE_MS = 3_000;

/** What a peer got of a job's output, and when it had the last of it. */
export interface Captured {
  readonly bytes: number;
  /** By `performance.now()`. */
  readonly time: number;
}

/** Waits until a file has so many bytes, or grows no more. */
export async function untilWritten(path: string, bytes: number): Promise<Captured> {
  let last: Captured = { bytes: 0, time: performance.now() };
  return await waitUntil(`output in ${path}`, () => {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const now = performance.now();
    if (size !== last.bytes) last = { bytes: size, time: now };
    return (size >= bytes || now - last.time > PATIENCE_MS) && last;
  });
}
