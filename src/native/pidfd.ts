// Process descriptors: a handle that stays with one process, however often its pid is used again.
// Linux only (5.3 and later). Elsewhere, and where a sandbox forbids it, there is no handle and the
// caller falls back to checking pid and start time.

import { openLibc } from "./libc.ts";

/** The same on every Linux architecture: both calls are younger than the common numbering. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;

const SYMBOLS = {
  syscall: { args: ["i64", "i64", "i64", "i64", "i64"], returns: "i32" },
} as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/**
 * A descriptor of the living or unreaped process `pid`, to be closed by the caller (`closeSync`).
 * It is close-on-exec, and readable for `poll` once the process has ended. Undefined when there is
 * no such process or the system has no such descriptors.
 */
export function openPidfd(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const descriptor = syscall(SYS_PIDFD_OPEN, pid, 0);
  return descriptor < 0 ? undefined : descriptor;
}

/** Sends a signal to the very process that `pidfd` was opened for; false when it could not be. */
export function sendPidfdSignal(pidfd: number, signal: number): boolean {
  return syscall(SYS_PIDFD_SEND_SIGNAL, pidfd, signal) === 0;
}

function syscall(call: number, first: number, second: number): number {
  libc ??= openLibc(SYMBOLS);
  return libc.syscall(call, first, second, 0, 0);
}
