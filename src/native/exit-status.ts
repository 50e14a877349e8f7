// How a process ended, from the numbers the kernel keeps of it; and, on Linux from 6.15 on, asked
// of a process descriptor: that one tells of anybody's child, once it has been reaped.

import { ptr } from "bun:ffi";
import { constants } from "node:os";
import type { ExitStatus } from "../domain/session.ts";
import { openLibc } from "./libc.ts";

/** `PIDFD_GET_INFO` with the first `struct pidfd_info`, of 64 bytes, as x64 and arm64 number it. */
const PIDFD_GET_INFO = 0xc040_ff0b;
const INFO_BYTES = 64;
/** Asked for in the mask, and set in it when the answer is there. */
const PIDFD_INFO_EXIT = 8;
const EXIT_STATUS_OFFSET = 60;

const SYMBOLS = { ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } } as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/**
 * How the process of a descriptor ended, be it a child of ours or not. Undefined while it lives or
 * waits to be reaped, and where the kernel does not tell.
 */
export function exitStatusOfPidfd(fd: number): ExitStatus | undefined {
  if (process.platform !== "linux") return undefined;
  libc ??= openLibc(SYMBOLS);
  const info = new DataView(new ArrayBuffer(INFO_BYTES));
  info.setUint32(0, PIDFD_INFO_EXIT, true);
  if (libc.ioctl(fd, PIDFD_GET_INFO, ptr(info)) !== 0) return undefined;
  if ((info.getUint32(0, true) & PIDFD_INFO_EXIT) === 0) return undefined;
  return decodeWaitStatus(info.getInt32(EXIT_STATUS_OFFSET, true));
}

/** What a wait status says, as wait(2) gives it for a process that has ended. */
export function decodeWaitStatus(status: number): ExitStatus {
  const signal = status & 0x7f;
  return signal === 0 ? exitedWith((status >> 8) & 0xff) : endedBy(signal);
}

/** The end of a process that gave its own code. */
export function exitedWith(code: number): ExitStatus {
  return { code, signal: null };
}

/** The end of a process that a signal made, by the signal's number: `SIGTERM`, or `SIG35`. */
export function endedBy(signal: number): ExitStatus {
  const named = Object.entries(constants.signals).find(([, number]) => number === signal);
  // Real-time signals have no names of their own.
  return { code: null, signal: named?.[0] ?? `SIG${signal}` };
}
