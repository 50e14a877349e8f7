// The keeper's lines in the daemon's log, which is its stderr.

import { writeSync } from "node:fs";

const STDERR = 2;

/** Writes a line in the form of the daemon's own. */
export function logLine(level: "info" | "warn" | "error", message: string): void {
  const line = message.trimEnd().replaceAll("\n", "\n    ");
  try {
    writeSync(STDERR, `${new Date().toISOString()} ${level.padEnd(5)} keeper: ${line}\n`);
  } catch {
    // A full disk, and no place to say so.
  }
}
