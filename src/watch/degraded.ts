// What to say when changes are looked for instead of reported, and what cures it.

import { readFileSync } from "node:fs";

const LIMITS = "/proc/sys/fs/inotify";

/** Why directories are polled. */
export interface Degradation {
  /** The system's code, such as `ENOSPC`; undefined where no watch failed. */
  readonly code: string | undefined;
  /** Directories that are polled. */
  readonly directories: number;
  /** Kinds of file systems that report no changes of other machines. */
  readonly remote: readonly string[];
}

/** The reason and the cure in words; null while everything is watched. */
export function describe(degradation: Degradation): string | null {
  const { code, directories, remote } = degradation;
  if (directories === 0) return null;
  const instead = `${directories} ${directories === 1 ? "directory is" : "directories are"} polled`;
  if (code !== undefined) return `${instead}: ${reasonOf(code)}`;
  return `${instead}: ${remote.join(" and ")} does not report what other machines write`;
}

function reasonOf(code: string): string {
  if (process.platform !== "linux") return `no more can be watched (${code})`;
  if (code === "ENOSPC") {
    return `the system's file watches ran out (${limit("max_user_watches")}). ${cure("max_user_watches", 524_288)}`;
  }
  if (code === "EMFILE") {
    return `the system's watch instances or this user's open files ran out (${limit("max_user_instances")}). ${cure("max_user_instances", 1024)}`;
  }
  return `they cannot be watched (${code})`;
}

function limit(name: string): string {
  return `fs.inotify.${name} is ${current(name) ?? "unknown"}`;
}

/** At least what is known to be enough for anyone, else twice what there is. */
function cure(name: string, enough: number): string {
  const wanted = Math.max(enough, 2 * (current(name) ?? 0));
  return `Raise it: sudo sysctl fs.inotify.${name}=${wanted}`;
}

function current(name: string): number | undefined {
  try {
    const value = Number.parseInt(readFileSync(`${LIMITS}/${name}`, "utf8"), 10);
    return Number.isNaN(value) ? undefined : value;
  } catch {
    // Not every container shows it.
    return undefined;
  }
}
