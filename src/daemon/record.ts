// What the daemon that holds a home says of itself in its lock file, and whether it answers. The
// record outlives a daemon that was killed: only the lock, or an answer, says that it lives.

import { messageOf, Problem } from "../domain/problem.ts";
import { keeperLock, readKeeperNote } from "../keeper/options.ts";
import { FileLock, readLockFile } from "../native/lock.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { diskProblem } from "./disk.ts";
import type { Paths } from "./paths.ts";

export interface DaemonRecord {
  readonly pid: number;
  readonly version: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly port: number;
  readonly socket: string;
}

/** Leaves a record in the lock. A full disk keeps nobody from finding the daemon at its socket. */
export function leaveRecord(lock: FileLock, record: DaemonRecord, log: DaemonLog): void {
  try {
    lock.write(JSON.stringify(record));
  } catch (thrown) {
    log.warn(`cannot leave word in ${lock.path}: ${messageOf(thrown)}`);
  }
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
  return FileLock.isTaken(paths.lock) || isKept(paths);
}

/** Whether a keeper is at work: if no daemon answers now, one soon will. Throws a system error. */
export function isKept(paths: Paths): boolean {
  return FileLock.isTaken(keeperLock(paths.home));
}

/**
 * Why the keeper that is at work cannot bring a daemon up, though it tries again and again;
 * undefined while there is no such reason.
 */
export function refusedStart(paths: Paths): Problem | undefined {
  const refusal = isKept(paths) ? readKeeperNote(paths.home)?.refusal : undefined;
  if (refusal === undefined) return undefined;
  const { reason, hint } = refusal;
  return new Problem("unavailable", `the daemon of ${paths.home} cannot start: ${reason}`, {
    hint: `${hint === undefined ? "" : `${hint} `}It is tried again by itself.`,
  });
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

/** For a keeper whose daemon does not come up, and which could not leave word why. */
export function stuckStart(paths: Paths): Problem {
  const why = diskProblem(paths) ?? `Its log may say why: ${paths.log}`;
  return new Problem("unavailable", `the daemon of ${paths.home} does not come up`, {
    hint: `${why} It is tried again by itself.`,
  });
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
