// A clock that outlives this process.

import { readFileSync } from "node:fs";

/**
 * How long the system has been up, in ms, within 10: it never jumps, and every process reads the
 * same. By the wall clock, which may jump, where the kernel gives no other (macOS).
 */
export function uptimeMs(): number {
  if (process.platform !== "linux") return Date.now();
  return Number.parseFloat(readFileSync("/proc/uptime", "latin1")) * 1_000;
}
