// One clock for all processes of the machine: `performance.now()` starts anew in each.

import { openLibc } from "../../src/native/libc.ts";

const CLOCK_MONOTONIC = 1;
const libc = openLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } });
const time = new BigInt64Array(2);

/** Nanoseconds since a moment that is the same for every process. */
export function monotonicNs(): bigint {
  libc.clock_gettime(CLOCK_MONOTONIC, time);
  return (time[0] ?? 0n) * 1_000_000_000n + (time[1] ?? 0n);
}
