// What a process tells of itself that nobody wrote down: what it runs, where, and the environment it
// was given. Linux only.

import { readFileSync, readlinkSync } from "node:fs";
import { isAlive } from "./identity.ts";
import type { ProcessIdentity } from "./process-info.ts";

export interface Particulars {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** As it was given; some programs write over theirs. */
  readonly env: Readonly<Record<string, string>>;
}

/** Undefined for a process that has ended, that is another user's, or that shows no command line. */
export function particularsOf(process: ProcessIdentity): Particulars | undefined {
  try {
    const folder = `/proc/${process.pid}`;
    const [program, ...words] = entriesOf(`${folder}/cmdline`);
    if (program === undefined) return undefined;
    const told = { cwd: readlinkSync(`${folder}/cwd`), env: environmentOf(`${folder}/environ`) };
    // Only now is it sure that all of it was this process's.
    return isAlive(process) ? { command: [program, ...words], ...told } : undefined;
  } catch {
    return undefined;
  }
}

function environmentOf(path: string): Record<string, string> {
  const entries = entriesOf(path).map((entry) => [entry, entry.indexOf("=")] as const);
  const named = entries.filter(([, at]) => at > 0);
  return Object.fromEntries(named.map(([entry, at]) => [entry.slice(0, at), entry.slice(at + 1)]));
}

/** Each ends with NUL; an empty one is one too. */
function entriesOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return text === "" ? [] : text.replace(/\0$/, "").split("\0");
}
