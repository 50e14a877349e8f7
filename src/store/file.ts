// Opening the database's file: refused when a newer korun made it, set aside when it is damaged,
// brought up to this version otherwise. A file that cannot be written can still be read.

import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { messageOf, systemCode } from "../domain/problem.ts";
import { Connection } from "./connection.ts";
import { migrate, requireKnown, schemaOf, versionOf } from "./migrations.ts";
import { copyRows } from "./rows.ts";
import { Damage, isDamage, isForeign, isLocked } from "./trouble.ts";

/** What SQLite keeps beside a database. */
const COMPANIONS = ["-wal", "-shm", "-journal"] as const;

const HEADER_BYTES = 100;

/** Longest wait for a lock without which it goes too, in ms. */
const EXCLUSIVE_WAIT_MS = 100;

export interface OpenedFile {
  readonly connection: Connection;
  /** The damaged file that was found in its place. */
  readonly setAside: SetAside | undefined;
}

export interface SetAside {
  /** Where it is now. */
  readonly path: string;
  readonly reason: string;
}

/**
 * Opens the file for reading and writing; makes it, 0600, if there is none. Throws a Problem for
 * the state of a newer korun, touching nothing, and a system error or an SQLiteError when it cannot
 * be used now.
 */
export function openFile(path: string, options: { waitMs: number }): OpenedFile {
  refuseNewer(path);
  try {
    return { connection: openWritable(path, options), setAside: undefined };
  } catch (thrown) {
    if (!isDamage(thrown) && !isForeign(thrown)) throw thrown;
    const setAside = { path: moveAside(path), reason: messageOf(thrown) };
    return { connection: openWritable(path, options), setAside };
  }
}

/**
 * The rows of a file that cannot be written, as a database in memory; without the file, an empty
 * one. Throws when it cannot be read either.
 */
export function readIntoMemory(path: string): Connection {
  const memory = Connection.memory();
  if (sizeOf(path) > 0) {
    const source = Connection.readOnly(path);
    try {
      requireSound(source);
      requireKnown(versionOf(source));
      // Rows fit the tables of their own version: those are made, filled, and then brought up.
      migrate(memory, versionOf(source));
      if (copyRows(source, memory) === "incomplete") throw new Damage("a page cannot be read");
    } finally {
      source.close();
    }
  }
  migrate(memory);
  return memory;
}

/** Whether there is anything at all that a database of ours could be read from. */
export function hasContent(path: string): boolean {
  try {
    return sizeOf(path) > 0;
  } catch {
    return true;
  }
}

function refuseNewer(path: string): void {
  const version = peekVersion(path);
  if (version !== undefined) requireKnown(version);
}

/** Looked up without a lock, so that a file of a newer korun stays as it is to the last byte. */
function peekVersion(path: string): number | undefined {
  if (!hasContent(path)) return undefined;
  try {
    const connection = Connection.readOnly(path);
    try {
      return versionOf(connection);
    } finally {
      connection.close();
    }
  } catch {
    // Damaged, or just being written: whoever opens it in earnest finds out.
    return undefined;
  }
}

function openWritable(path: string, { waitMs }: { waitMs: number }): Connection {
  requireBeginning(path);
  makePrivate(path);
  const connection = lock(path, waitMs);
  try {
    requireSound(connection);
    migrate(connection);
    requireOwnTables(connection);
    // A file that was opened for reading only says so here.
    connection.transaction(() => {});
    return connection;
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

function lock(path: string, waitMs: number): Connection {
  try {
    const shortly = Math.min(waitMs, EXCLUSIVE_WAIT_MS);
    return Connection.file(path, { waitMs: shortly, locking: "exclusive" });
  } catch (thrown) {
    // Somebody looks into it with a tool of their own, and may do so for long.
    if (isLocked(thrown)) return Connection.file(path, { waitMs, locking: "shared" });
    throw thrown;
  }
}

/** SQLite takes a file that was cut to nothing for a new one, and throws its journal away. */
function requireBeginning(path: string): void {
  const size = sizeOf(path);
  const cut = size < HEADER_BYTES && (size > 0 || sizeOf(`${path}-wal`) > 0);
  if (cut) throw new Damage("its beginning is missing");
}

function requireSound(connection: Connection): void {
  const row = connection.get("PRAGMA integrity_check(1)");
  if (row?.integrity_check !== "ok") throw new Damage(String(row?.integrity_check));
}

function requireOwnTables(connection: Connection): void {
  const model = Connection.memory();
  migrate(model);
  const same = schemaOf(connection) === schemaOf(model);
  model.close();
  if (!same) throw new Damage("its tables are not korun's");
}

/** The files that SQLite makes beside it get the same mode. */
function makePrivate(path: string): void {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  // Not while it is open elsewhere in this process: closing it would give up that one's lock.
  closeSync(openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600));
  for (const file of [path, ...COMPANIONS.map((suffix) => path + suffix)]) {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600;
    if ((mode & 0o777) !== 0o600) chmodSync(file, 0o600);
  }
}

/** Whether a damaged file that was set aside lies there still. */
export function hasSetAside(path: string): boolean {
  const prefix = basename(asideOf(path));
  return readdirSync(dirname(path)).some((name) => name.startsWith(prefix));
}

function asideOf(path: string): string {
  return `${path}.corrupt-`;
}

function moveAside(path: string): string {
  const target = freeName(`${asideOf(path)}${new Date().toISOString().replace(/[-:]/g, "")}`);
  // The journal first: it must never lie beside a new database.
  for (const suffix of [...COMPANIONS, ""]) {
    try {
      renameSync(path + suffix, target + suffix);
    } catch (thrown) {
      if (systemCode(thrown) !== "ENOENT") throw thrown;
    }
  }
  return target;
}

function freeName(name: string): string {
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name}-${count}`;
    if (!existsSync(candidate)) return candidate;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
