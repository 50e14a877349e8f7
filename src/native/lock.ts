// A file lock that the kernel gives back when its holder dies, however it dies: flock(2). The file
// itself is never removed, since a lock on a file that has no name any more excludes nobody.

import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import { systemCode } from "../domain/problem.ts";
import { errno, openLibc } from "./libc.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
const EINTR = 4;
const EWOULDBLOCK = process.platform === "darwin" ? 35 : 11;

const SYMBOLS = { flock: { args: ["i32", "i32"], returns: "i32" } } as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/** A lock held by this process, and the text that its file tells others. */
export class FileLock {
  readonly path: string;
  #fd: number | undefined;

  /** Takes the lock, or gives undefined when another process has it. Throws a system error. */
  static tryTake(path: string): FileLock | undefined {
    for (;;) {
      const fd = openLockFile(path);
      if (!lockNow(fd, path)) {
        closeSync(fd);
        return undefined;
      }
      if (isStillAt(fd, path)) return new FileLock(path, fd);
      // Somebody removed the file between our opening and our locking it.
      closeSync(fd);
    }
  }

  /**
   * Whether a process has the lock. Makes nothing, changes nothing, and needs no place that can be
   * written. Throws a system error.
   */
  static isTaken(path: string): boolean {
    const fd = openToLook(path);
    if (fd === undefined) return false;
    try {
      // Taken for a moment, if it is free: there is no other way to ask.
      return !lockNow(fd, path);
    } finally {
      closeSync(fd);
    }
  }

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Replaces what the file says. Throws a system error, as where the disk is full. */
  write(text: string): void {
    if (this.#fd === undefined) throw new Error(`the lock ${this.path} was given back`);
    // In place: on a full disk, what was given back first might not be had again.
    writeSync(this.#fd, text, 0);
    ftruncateSync(this.#fd, Buffer.byteLength(text));
  }

  /**
   * Gives the lock back and empties the file, where that can be written. Does nothing the second
   * time.
   */
  release(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    try {
      ftruncateSync(fd, 0);
    } catch {
      // What it said stays, as after a kill.
    }
    closeSync(fd);
  }
}

/** What a lock file says, whoever holds it; undefined when there is none or it cannot be read. */
export function readLockFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A descriptor that closes on exec: a child that had it would hold the lock after our end. */
function openLockFile(path: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  return openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
}

/** Undefined where there is no such file. */
function openToLook(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
}

function lockNow(fd: number, path: string): boolean {
  if (libc === undefined) {
    libc = openLibc(SYMBOLS);
    // Opened before it is needed: opening it may itself change errno.
    errno();
  }
  while (libc.flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const code = errno();
    if (code === EWOULDBLOCK) return false;
    if (code !== EINTR) throw new Error(`cannot lock ${path}: errno ${code}`);
  }
  return true;
}

function isStillAt(fd: number, path: string): boolean {
  const held = fstatSync(fd);
  const named = statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === held.ino && named.dev === held.dev;
}
