// What a file was, so that touching, chmod or a save that changes nothing is told from a change.
// Content decides: size and a 64-bit hash. For files over 4 MiB, and for those a bounded baseline
// did not read, size, time and inode have to do, so that there a touch counts as a change.

import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { systemCode } from "../domain/problem.ts";

/** Larger files are told by their metadata: hashing them at every event would cost too much. */
export const MAX_HASHED_BYTES = 4 * 1_048_576;

/** A file written so shortly before it was read can change again under the same timestamp. */
const RACY_MS = 100;

// A FIFO that took the file's place must not block the daemon.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export interface Fingerprint {
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** Undefined where the content was not read. */
  readonly hash: bigint | undefined;
  /** The metadata cannot be trusted to show the next change. */
  readonly racy: boolean;
}

/** Whether two looks at a file saw the same thing. Undefined: no file. */
export function isSame(a: Fingerprint | undefined, b: Fingerprint | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.size !== b.size) return false;
  if (a.hash !== undefined && b.hash !== undefined) return a.hash === b.hash;
  return a.mtimeMs === b.mtimeMs && a.inode === b.inode;
}

/** A fingerprint of metadata only. `now` is in epoch ms. */
export function metadataOf(stat: Stats, now: number): Fingerprint {
  return {
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    inode: stat.ino,
    hash: undefined,
    racy: stat.mtimeMs > now - RACY_MS,
  };
}

/** Whether metadata alone shows that a file is still what it was. */
export function isUntouched(known: Fingerprint, stat: Stats): boolean {
  return (
    !known.racy &&
    known.size === stat.size &&
    known.mtimeMs === stat.mtimeMs &&
    known.inode === stat.ino
  );
}

/**
 * The fingerprint of a file whose metadata was just seen, with its content unless it is too large
 * or may not be read. Undefined where there is no regular file any more.
 */
export function fingerprintOf(path: string, seen: Stats, now: number): Fingerprint | undefined {
  if (seen.size > MAX_HASHED_BYTES) return metadataOf(seen, now);
  let descriptor: number;
  try {
    descriptor = openSync(path, FLAGS);
  } catch (thrown) {
    return systemCode(thrown) === "EACCES" ? metadataOf(seen, now) : undefined;
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return undefined;
    const metadata = metadataOf(stat, now);
    const content = readAll(descriptor, stat.size);
    if (content === undefined) return metadata;
    return { ...metadata, size: content.length, hash: hashOf(content) };
  } catch {
    // Reading can fail under us (network file systems); the next event looks again.
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

let buffer: Uint8Array | undefined;

/** At least `size` bytes of a file that has so many, in a buffer the next call uses again. */
function readAll(descriptor: number, size: number): Uint8Array | undefined {
  buffer ??= new Uint8Array(MAX_HASHED_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += count;
    // What is appended while this reads has an event of its own.
    if (count === 0 || length >= size) return buffer.subarray(0, length);
  }
  return undefined;
}

function hashOf(content: Uint8Array): bigint {
  const hash = Bun.hash(content);
  return typeof hash === "bigint" ? hash : BigInt(hash);
}
