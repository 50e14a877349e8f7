// Starting our own executable again: from the file that this process runs from, whatever has been
// put in its place since. A new version comes by an upgrade, never by a crash.

/** A command as `Bun.spawn` takes it, with the name that it is to have in a list of processes. */
export interface Executable {
  readonly command: string[];
  readonly argv0: string;
}

export function sameExecutable([program = "", ...args]: readonly string[]): Executable {
  const own = process.platform === "linux" && program === process.execPath;
  return { command: [own ? `/proc/${process.pid}/exe` : program, ...args], argv0: program };
}
