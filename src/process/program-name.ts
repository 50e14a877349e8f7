// What a process is called.

import { readlinkSync } from "node:fs";
import { basename } from "node:path";

/** The kernel's short name of it, or the program's where that only names a thread, as with Node. */
export function programName({
  pid,
  name,
}: {
  readonly pid: number;
  readonly name: string;
}): string {
  if (name !== "" && !name.endsWith("MainThread")) return name;
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return name; // it has ended, or it is another user's
  }
}
