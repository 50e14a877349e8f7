// Soft limits of this process, which children inherit as they hold at the moment they are made.

import { openLibc } from "./libc.ts";

/**
 * `openFiles`: how many; Bun raises its own to the hard limit when it starts. `realtime`: for how
 * many µs a process of a realtime class may not sleep; Linux only.
 */
export type Resource = "openFiles" | "realtime";

const NUMBERS: Readonly<Record<Resource, number>> = {
  openFiles: process.platform === "darwin" ? 8 : 7,
  realtime: 15,
};

const SYMBOLS = {
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
} as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/** A limit of this process. Infinity is the largest value of the platform's type. */
export interface Limit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** What holds now, or undefined when the system does not say. */
export function readLimit(resource: Resource): Limit | undefined {
  libc ??= openLibc(SYMBOLS);
  const limit = new BigUint64Array(2);
  if (libc.getrlimit(NUMBERS[resource], limit) !== 0) return undefined;
  return { soft: limit[0] ?? 0n, hard: limit[1] ?? 0n };
}

/** Makes `limit` hold for this process; false when the system refuses. */
export function setLimit(resource: Resource, limit: Limit): boolean {
  libc ??= openLibc(SYMBOLS);
  return libc.setrlimit(NUMBERS[resource], BigUint64Array.of(limit.soft, limit.hard)) === 0;
}
