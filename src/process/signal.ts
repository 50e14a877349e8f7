// Sending a signal to the process that was meant, and to no other that got its pid since.

import { closeSync } from "node:fs";
import { constants } from "node:os";
import { systemCode } from "../domain/problem.ts";
import { openPidfd, sendPidfdSignal } from "../native/pidfd.ts";
import { isAlive } from "./identity.ts";
import type { ProcessIdentity } from "./process-info.ts";

/** What korun sends to end processes. */
export type EndingSignal = "SIGTERM" | "SIGKILL" | "SIGCONT";

/** Signals one process; false when it is gone or the system forbids it. */
export function signalProcess(identity: ProcessIdentity, signal: EndingSignal): boolean {
  const pidfd = openPidfd(identity.pid);
  if (pidfd === undefined) return isAlive(identity) && kill(identity.pid, signal);
  try {
    // Checked after opening: from here on the descriptor cannot come to mean another process.
    return isAlive(identity) && sendPidfdSignal(pidfd, constants.signals[signal]);
  } finally {
    closeSync(pidfd);
  }
}

/**
 * Signals every member of a process group in one step, which no fork can slip through. The caller
 * knows that a member of its own lives there: only then the number still means that group.
 */
export function signalGroup(pgid: number, signal: EndingSignal): boolean {
  return kill(-pgid, signal);
}

/** Whether a group has any member, zombies included. */
export function groupExists(pgid: number): boolean {
  try {
    process.kill(-pgid, 0);
    return true;
  } catch (thrown) {
    // Any other refusal (EPERM) comes from a member that is there.
    return !isNoSuchProcess(thrown);
  }
}

/** The name of the signal that ended a process, from what Bun gives: `SIGTERM`, or `SIG35`. */
export function signalName(signal: number | string): string {
  // Real-time signals have no names of their own.
  return typeof signal === "string" ? signal : `SIG${signal}`;
}

function kill(pid: number, signal: EndingSignal): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // Gone since, or not ours to signal; what is left is found by the next scan.
    return false;
  }
}

function isNoSuchProcess(thrown: unknown): boolean {
  return systemCode(thrown) === "ESRCH";
}
