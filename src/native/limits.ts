// The soft limit of open files. Bun raises its own to the hard limit when it starts, and children
// inherit what holds at the moment they are made.

import { openLibc } from "./libc.ts";

const RLIMIT_NOFILE = process.platform === "darwin" ? 8 : 7;

const SYMBOLS = {
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
} as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/** This process's limits of open files. Infinity is the largest value of the platform's type. */
export interface OpenFilesLimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** What holds now, or undefined when the system does not say. */
export function readOpenFilesLimit(): OpenFilesLimit | undefined {
  libc ??= openLibc(SYMBOLS);
  const limit = new BigUint64Array(2);
  if (libc.getrlimit(RLIMIT_NOFILE, limit) !== 0) return undefined;
  return { soft: limit[0] ?? 0n, hard: limit[1] ?? 0n };
}

/** Makes `limit` hold for this process; false when the system refuses. */
export function setOpenFilesLimit(limit: OpenFilesLimit): boolean {
  libc ??= openLibc(SYMBOLS);
  return libc.setrlimit(RLIMIT_NOFILE, BigUint64Array.of(limit.soft, limit.hard)) === 0;
}
