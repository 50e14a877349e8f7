// What can be wrong with the database's file, told apart and put into words.

import { SQLiteError } from "bun:sqlite";
import { accessSync, constants, statSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, Problem, systemCode } from "../domain/problem.ts";

/** A file that is no database, or not one of ours. */
export class Damage extends Error {}

/** Why the file cannot be used, and what to do about it. */
export interface Trouble {
  readonly reason: string;
  readonly remedy: string;
}

/** The file's content is not to be trusted. */
export function isDamage(thrown: unknown): boolean {
  return thrown instanceof Damage || hasCode(thrown, /^SQLITE_(CORRUPT|NOTADB)/);
}

/** The database is sound, but a statement of ours makes no sense there. */
export function isForeign(thrown: unknown): boolean {
  return hasCode(thrown, /^SQLITE_ERROR/);
}

/** Another program has locked the file. */
export function isLocked(thrown: unknown): boolean {
  return hasCode(thrown, /^SQLITE_BUSY/);
}

/** The medium fails, rather than we asked for something impossible. */
export function isTrouble(thrown: unknown): boolean {
  if (thrown instanceof Damage) return true;
  if (!(thrown instanceof SQLiteError)) return false;
  return !hasCode(thrown, /^SQLITE_(CONSTRAINT|ERROR|MISMATCH|MISUSE|RANGE|TOOBIG)/);
}

/** What happened to the file at `path`, in words. */
export function describeTrouble(path: string, thrown: unknown): Trouble {
  const barrier = barrierTo(path);
  if (hasCode(thrown, /^(SQLITE_FULL|ENOSPC|EDQUOT)/)) {
    return { reason: "the disk is full", remedy: "Free some space" };
  }
  if (barrier === "EROFS") {
    return { reason: "its file system is read-only", remedy: "Mount it writable" };
  }
  if (barrier === "EACCES" || barrier === "EPERM") {
    return { reason: "korun may not write there", remedy: `Look at: ls -la ${dirname(path)}` };
  }
  if (isDamage(thrown)) {
    return { reason: `it is damaged (${messageOf(thrown)})`, remedy: "Look at the disk's health" };
  }
  if (isLocked(thrown)) {
    return { reason: "another program has locked it", remedy: "Close that program" };
  }
  if (thrown instanceof Problem) {
    return { reason: thrown.message, remedy: thrown.hint ?? "" };
  }
  const code = codeOf(thrown);
  const reason = code === undefined ? messageOf(thrown) : `${messageOf(thrown)} (${code})`;
  return { reason, remedy: `Look at the disk's health, and at: ls -la ${dirname(path)}` };
}

/** What forbids writing: SQLite reports it as one of several errors, or as none at all. */
function barrierTo(path: string): string | undefined {
  for (const place of [dirname(path), path]) {
    try {
      accessSync(place, constants.W_OK);
    } catch (thrown) {
      const code = systemCode(thrown);
      if (code !== "ENOENT") return code;
    }
  }
  return isReadOnly(dirname(path)) ? "EROFS" : undefined;
}

/** A disk that failed is read-only to every attempt, but nothing that asks is told so. */
function isReadOnly(folder: string): boolean {
  try {
    const { atime, mtime } = statSync(folder);
    utimesSync(folder, atime, mtime);
    return false;
  } catch (thrown) {
    return systemCode(thrown) === "EROFS";
  }
}

function hasCode(thrown: unknown, pattern: RegExp): boolean {
  return pattern.test(codeOf(thrown) ?? "");
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof SQLiteError ? thrown.code : systemCode(thrown);
}
