// Starting our own executable again: the very file that this process runs from, even if another has
// been put in its place since. A new version comes by an upgrade, never by a crash.

import { statSync } from "node:fs";

/** A command as `Bun.spawn` takes it, with the name that it is to have in a list of processes. */
export interface Executable {
  readonly command: string[];
  readonly argv0: string;
}

export function sameExecutable([program = "", ...args]: readonly string[]): Executable {
  const replaced = program === process.execPath && wasReplaced(program);
  return { command: [replaced ? `/proc/${process.pid}/exe` : program, ...args], argv0: program };
}

/** The kernel takes a process's short name from the path: so that one is used while it is right. */
function wasReplaced(path: string): boolean {
  if (process.platform !== "linux") return false;
  const own = statSync("/proc/self/exe");
  const named = statSync(path, { throwIfNoEntry: false });
  return named === undefined || named.ino !== own.ino || named.dev !== own.dev;
}
