// What a child inherits of this process that is not its caller's: the file mode mask and the soft
// limit of open files, which Bun has raised. Both are put right for the moment of a spawn, and its
// session's stamp is added.

import { readdirSync, readFileSync } from "node:fs";
import { type Limit, readLimit, setLimit } from "../native/limits.ts";
import { FIRST_STAMP } from "./stamp.ts";

/** Tells a daemon the limit that held where it was launched from. */
export const OPEN_FILES_VARIABLE = "KORUN_OPEN_FILES";

/** Descriptors that a spawn, and other threads during it, may need at the same time. */
const SPARE_DESCRIPTORS = 64;

export interface ChildLimits {
  /** File mode creation mask; undefined: this process's own. */
  readonly umask: number | undefined;
  /** Soft limit of open files; undefined: the one this process was started with, if known. */
  readonly openFiles: number | undefined;
  /** By which it and its descendants are known; undefined: none. */
  readonly stamp: bigint | undefined;
}

/** Runs a synchronous spawn under the child's limits, and puts this process's own back. */
export function withChildLimits<T>(limits: ChildLimits, spawn: () => T): T {
  const ownMask = limits.umask === undefined ? undefined : process.umask(limits.umask);
  const ownFiles = lowerOpenFiles(limits.openFiles ?? startedWithOpenFiles());
  const ownRealtime = putOn(limits.stamp);
  try {
    return spawn();
  } finally {
    if (ownRealtime !== undefined) setLimit("realtime", ownRealtime);
    if (ownFiles !== undefined) setLimit("openFiles", ownFiles);
    if (ownMask !== undefined) process.umask(ownMask);
  }
}

/**
 * The soft limit of open files where this process was started, read from its parent since Bun has
 * raised our own; undefined where the parent is gone, another user's, or not shown (macOS). A shell
 * that lowered it and then became us has left no such parent, but our hard limit is lower, too.
 */
export function callerOpenFiles(): number | undefined {
  // An orphan's parent is init, whose limit says nothing about us.
  if (process.platform !== "linux" || process.ppid <= 1) return undefined;
  try {
    const limits = readFileSync(`/proc/${process.ppid}/limits`, "latin1");
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    const most = Number(readLimit("openFiles")?.hard ?? Number.POSITIVE_INFINITY);
    return soft === undefined ? undefined : Math.min(Number(soft), most);
  } catch {
    return undefined;
  }
}

let startedWith: { readonly openFiles: number | undefined } | undefined;

/** Kept from the first look, since a parent may go. */
function startedWithOpenFiles(): number | undefined {
  if (startedWith === undefined) {
    const told = Number(process.env[OPEN_FILES_VARIABLE]);
    startedWith = { openFiles: Number.isInteger(told) && told > 0 ? told : callerOpenFiles() };
  }
  return startedWith.openFiles;
}

/** Our own limits to put back, or undefined when nothing was changed. */
function lowerOpenFiles(wanted: number | undefined): Limit | undefined {
  const own = wanted === undefined ? undefined : readLimit("openFiles");
  if (wanted === undefined || own === undefined || BigInt(wanted) >= own.soft) return undefined;
  // The limit holds for us too while we spawn: below what we hold open, the spawn itself would
  // fail for want of a descriptor. The child then gets a little more than its caller had.
  const needed = readdirSync("/dev/fd").length + SPARE_DESCRIPTORS;
  const soft = BigInt(Math.max(wanted, needed));
  if (soft >= own.soft) return undefined;
  return setLimit("openFiles", { soft, hard: own.hard }) ? own : undefined;
}

/** The same of the limit that is the stamp. One that was set in earnest is left alone. */
function putOn(stamp: bigint | undefined): Limit | undefined {
  if (stamp === undefined || process.platform !== "linux") return undefined;
  const own = readLimit("realtime");
  if (own === undefined || own.soft < FIRST_STAMP || own.hard < stamp) return undefined;
  return setLimit("realtime", { soft: stamp, hard: own.hard }) ? own : undefined;
}
