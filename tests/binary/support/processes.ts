// What the system says of processes and ports, asked beside korun.

import { readdirSync, readFileSync } from "node:fs";
import { processesWith } from "../../support/korun.ts";

/** Pids of the living processes of a session. */
export function livingOf(id: string): number[] {
  return processesWith(`KORUN_SESSION_ID=${id}`).map((line) => Number.parseInt(line, 10));
}

/** Pids of living processes with just this command line. */
export function pidsOf(command: readonly string[]): number[] {
  const line = command.map((word) => `${word}\0`).join("");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1") === line;
      } catch {
        return false; // It ended while it was looked at.
      }
    })
    .map(Number);
}

/** Whether a process is held by SIGSTOP. */
export function isStopped(pid: number): boolean {
  return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/** Ended, even if nobody has asked yet how. */
export function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

/** The most memory a process ever held, in MiB. */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}

/** Whether a program can listen on this port now. */
export function canListen(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
