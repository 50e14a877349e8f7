// Which process is meant: a pid means nothing without the start time of its process, and a start
// time nothing without the boot it was counted in.

import { readFileSync } from "node:fs";
import type { ProcessIdentity } from "./process-info.ts";
import { processSource } from "./source.ts";

let boot: string | undefined;

/** An id of this boot of the system: identities of another boot name nobody. */
export function bootId(): string {
  boot ??= process.platform === "linux" ? linuxBootId() : darwinBootId();
  return boot;
}

/** When the living process `pid` was started, by the kernel's clock; undefined if there is none. */
export function startTimeOf(pid: number): number | undefined {
  return processSource().look(pid)?.startTime;
}

/** The same of a child that may have ended already: until it is reaped, its pid is nobody else's. */
export function startTimeOfChild(pid: number): number | undefined {
  return processSource().startTime(pid);
}

/** Whether this very process still lives; one that only waits to be reaped does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.startTime;
}

function linuxBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

function darwinBootId(): string {
  const command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"];
  return Bun.spawnSync(command, { stdin: "ignore", stderr: "ignore" }).stdout.toString().trim();
}
