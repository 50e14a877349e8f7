// Who on this machine carries a variable in its environment. Linux only.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Reads of a process that is becoming another program; each takes some microseconds. */
const MOST_READS = 10_000;

/** Pids of living processes with this `NAME=value`. Zombies are none, nor are other users'. */
export function pidsWith(variable: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return `\0${environmentOf(pid)}`.includes(`\0${variable}\0`);
      } catch {
        return false; // It ended while it was looked at, or is not ours to look at.
      }
    });
}

/**
 * The environment of a process: entries that each end with NUL. In the middle of an exec a process
 * shows none, and no command line either. Throws for one that is gone, a zombie or the kernel's.
 */
export function environmentOf(pid: number): string {
  for (let reads = 0; reads < MOST_READS; reads += 1) {
    const environ = readFileSync(`/proc/${pid}/environ`, "latin1");
    readlinkSync(`/proc/${pid}/exe`);
    if (environ !== "") return environ;
    if (readFileSync(`/proc/${pid}/cmdline`, "latin1") !== "") break;
  }
  return readFileSync(`/proc/${pid}/environ`, "latin1");
}
