// What the daemon that holds a home says of itself in its lock file, and whether it answers. The
// record outlives a daemon that was killed: only the lock, or an answer, says that it lives.

import { existsSync } from "node:fs";
import { keeperLock } from "../keeper/options.ts";
import { FileLock, readLockFile } from "../native/lock.ts";
import type { Paths } from "./paths.ts";

export interface DaemonRecord {
  readonly pid: number;
  readonly version: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly port: number;
  readonly socket: string;
}

/** The record of the daemon that holds this home, or held it last. */
export function readRecord(paths: Paths): DaemonRecord | undefined {
  const text = readLockFile(paths.lock);
  if (!text) return undefined;
  try {
    const record: unknown = JSON.parse(text);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined; // read while it was being written
  }
}

/**
 * Whether a daemon holds this home, be it ready, starting or ending, or a keeper that is about to
 * bring the next one. Throws a system error.
 */
export function isHeld(paths: Paths): boolean {
  return isTaken(paths.lock) || isKept(paths);
}

/** Whether a keeper is at work: if no daemon answers now, one soon will. Throws a system error. */
export function isKept(paths: Paths): boolean {
  return isTaken(keeperLock(paths.home));
}

function isTaken(path: string): boolean {
  // Only looking must make nothing: this may be no home of korun's at all.
  if (!existsSync(path)) return false;
  const lock = FileLock.tryTake(path);
  lock?.release();
  return lock === undefined;
}

/**
 * The socket at which a daemon of this home answers, or undefined. Looks where the environment
 * says, then where the daemon said: its own environment may have been another.
 */
export async function findSocket(paths: Paths): Promise<string | undefined> {
  if (await answers(paths.socket)) return paths.socket;
  const recorded = readRecord(paths)?.socket;
  if (recorded === undefined || recorded === paths.socket) return undefined;
  return (await answers(recorded)) ? recorded : undefined;
}

/** Whether a process listens on a Unix socket. */
export async function answers(socket: string): Promise<boolean> {
  try {
    const connection = await Bun.connect({ unix: socket, socket: { data() {} } });
    connection.end();
    return true;
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is DaemonRecord {
  if (typeof value !== "object" || value === null) return false;
  const { pid, version, startedAt, port, socket } = value as Record<string, unknown>;
  return (
    typeof pid === "number" &&
    typeof version === "string" &&
    typeof startedAt === "string" &&
    typeof port === "number" &&
    typeof socket === "string"
  );
}
