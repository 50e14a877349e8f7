// Being the parent of processes that others left behind, as init is. Each is looked at before it is
// let go, and let go by its pid: waiting for just any child would take away those that Bun started
// and waits for itself.

import { ptr } from "bun:ffi";
import type { ExitStatus } from "../domain/session.ts";
import { endedBy, exitedWith } from "./exit-status.ts";
import { openLibc } from "./libc.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const CLD_EXITED = 1;

/** The places of numbers in `siginfo_t`, on machines of 64 bits. */
const SIGINFO = { ints: 32, code: 2, pid: 4, status: 6 } as const;

const SYMBOLS = {
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
} as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/** A child of ours that has ended and waits to be reaped. */
export interface EndedChild {
  readonly pid: number;
  readonly status: ExitStatus;
}

/**
 * Makes orphaned descendants fall to this process rather than to init, for as long as it lives and
 * through an exec. False where the system has no such thing (macOS).
 */
export function becomeSubreaper(): boolean {
  if (process.platform !== "linux") return false;
  libc ??= openLibc(SYMBOLS);
  return libc.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n) === 0;
}

/** Some child that has ended, left as it is: the same one is found until somebody reaps it. */
export function findEndedChild(): EndedChild | undefined {
  return waitFor({ kind: P_ALL, pid: 0, flags: WEXITED | WNOHANG | WNOWAIT });
}

/** Lets go of an ended child, whose pid may be used again from then on; false if there is none. */
export function reapChild(pid: number): boolean {
  return reapedStatus(pid) !== undefined;
}

/** The same, with how it ended; undefined while it lives, and for one that is no child of ours. */
export function reapedStatus(pid: number): ExitStatus | undefined {
  return waitFor({ kind: P_PID, pid, flags: WEXITED | WNOHANG })?.status;
}

function waitFor(which: { kind: number; pid: number; flags: number }): EndedChild | undefined {
  if (process.platform !== "linux") return undefined;
  libc ??= openLibc(SYMBOLS);
  const info = new Int32Array(SIGINFO.ints);
  if (libc.waitid(which.kind, which.pid, ptr(info), which.flags) !== 0) return undefined;
  const pid = info[SIGINFO.pid] ?? 0;
  // Without an ended child the call succeeds too, and leaves no pid.
  if (pid === 0) return undefined;
  const value = info[SIGINFO.status] ?? 0;
  return { pid, status: info[SIGINFO.code] === CLD_EXITED ? exitedWith(value) : endedBy(value) };
}
