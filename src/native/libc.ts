// The C library of this platform. Each file beside this one opens the few symbols it needs through
// `openLibc`, so that a command that needs none of them never pays for loading.

import { dlopen, type FFIFunction, read } from "bun:ffi";
import { messageOf, Problem, systemCode } from "../domain/problem.ts";

/** Library names by platform; on Linux the musl build finds its own name after glibc's fails. */
const NAMES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`],
  darwin: ["libSystem.B.dylib"],
};

/**
 * Opens symbols of the C library. Throws a Problem when the platform has no known C library, or calls
 * into it cannot be made.
 */
export function openLibc<Symbols extends Record<string, FFIFunction>>(symbols: Symbols) {
  const names = NAMES[process.platform] ?? [];
  let failure: unknown;
  for (const name of names) {
    try {
      return dlopen(name, symbols).symbols;
    } catch (thrown) {
      // A library that is not there only says which of them this platform has.
      if (failure === undefined || systemCode(thrown) !== "ERR_DLOPEN_FAILED") failure = thrown;
    }
  }
  throw new Problem(
    "internal",
    `cannot use the C library: ${messageOf(failure ?? `none is known for ${process.platform}`)}`,
    {
      hint: "korun needs address space for code of its own: see that `ulimit -v` says unlimited.",
      cause: failure,
    },
  );
}

const errnoSymbol = process.platform === "darwin" ? "__error" : "__errno_location";
let errnoLocation: (() => unknown) | undefined;

/** The calling thread's errno. Only meaningful right after a call that failed. */
export function errno(): number {
  errnoLocation ??= openLibc({ [errnoSymbol]: { args: [], returns: "ptr" } })[
    errnoSymbol
  ] as () => unknown;
  return read.i32(errnoLocation() as Parameters<typeof read.i32>[0], 0);
}
