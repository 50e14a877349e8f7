// Pipes: FIFOs in the file system, waiting on many of them, and moving their bytes into a file.

import { FFIType, type Pointer, ptr } from "bun:ffi";
import { errno, openLibc } from "./libc.ts";

const EINTR = 4;
const EIO = 5;
const EAGAIN = process.platform === "darwin" ? 35 : 11;
const SPLICE_F_MOVE_NONBLOCK = 3;

/** Bits of `poll(2)`. */
export const POLL = { in: 1, err: 8, hup: 16, invalid: 32 } as const;

const common = openLibc({
  mkfifo: { args: ["ptr", "u32"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  usleep: { args: ["u32"], returns: "i32" },
});

const spliceCall =
  process.platform === "linux"
    ? openLibc({
        splice: { args: ["i32", "ptr", "i32", "ptr", "u64", "u32"], returns: FFIType.i64_fast },
      }).splice
    : undefined;

// The first look at errno loads its symbol, which may itself change errno.
errno();

/** Makes a FIFO that only its owner can open. Throws. */
export function makeFifo(path: string): void {
  if (common.mkfifo(ptr(Buffer.from(`${path}\0`)), 0o600) !== 0) {
    throw new Error(`cannot make the pipe ${path}: errno ${errno()}`);
  }
}

/** Puts the calling thread to sleep for at least so many µs, and no longer than is needed. */
export function nap(us: number): void {
  common.usleep(us);
}

/** What to wait for, as `struct pollfd`s. A descriptor below 0 is passed over. */
export class PollSet {
  #memory = new Int32Array(2 * 64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a descriptor and returns its place. */
  add(fd: number): number {
    if (this.#length * 2 === this.#memory.length) {
      const larger = new Int32Array(this.#memory.length * 2);
      larger.set(this.#memory);
      this.#memory = larger;
    }
    const place = this.#length;
    this.#memory[place * 2] = fd;
    this.#memory[place * 2 + 1] = POLL.in;
    this.#length += 1;
    return place;
  }

  /** Forgets all descriptors. */
  clear(): void {
    this.#length = 0;
  }

  /** No longer waits for the descriptor at a place. */
  mute(place: number): void {
    this.#memory[place * 2] = -1;
  }

  /** What happened to the descriptor at a place in the last wait that returned above 0. */
  happened(place: number): number {
    return (this.#memory[place * 2 + 1] ?? 0) >>> 16;
  }

  /** Sleeps until something happens; the number of descriptors it happened to, 0 if interrupted. */
  wait(): number {
    const ready = common.poll(ptr(this.#memory), this.#length, -1);
    if (ready >= 0) return ready;
    if (errno() === EINTR) return 0;
    throw new Error(`waiting for ${this.#length} pipes failed: errno ${errno()}`);
  }
}

/** Where the next bytes of a pipe go: into a mapped file, at the offset kept in its header. */
export interface Target {
  readonly fd: number;
  /** Address of the mapping. */
  readonly address: number;
  /** Byte offset in the mapping of the 64-bit file offset that is advanced. */
  readonly headOffset: number;
  /** The present value of that offset. */
  readonly offset: number;
  /** Commits bytes that were read rather than spliced. */
  advance(length: number): void;
}

/** What became of a transfer: bytes moved; `empty`: none now; `ended`: no writer is left. */
export type Transfer = number | "empty" | "ended";

/**
 * Moves up to `room` bytes from a pipe into a file. With splice(2) the kernel moves the bytes and
 * commits their position in one call, so a kill loses none; elsewhere a kill between the two can
 * lose up to `room` bytes.
 */
export function transfer(fd: number, target: Target, room: number): Transfer {
  const moved = spliceCall === undefined ? -1 : splice(spliceCall, fd, { target, room });
  if (moved > 0) return moved;
  if (moved === 0) return "ended";
  if (spliceCall !== undefined && errno() === EAGAIN) return "empty";
  // A file system that cannot splice, or has no room: its mapped pages can still take the bytes.
  return transferByReading(fd, target, room);
}

/** The same for what cannot be spliced, such as the master of a terminal. */
export function transferByReading(fd: number, target: Target, room: number): Transfer {
  const destination = (target.address + target.offset) as Pointer;
  const length = Number(common.read(fd, destination, room));
  // This is how a terminal says that nobody has it open any more.
  if (length < 0) return errno() === EIO ? "ended" : "empty";
  if (length === 0) return "ended";
  target.advance(length);
  return length;
}

function splice(
  call: NonNullable<typeof spliceCall>,
  fd: number,
  to: { target: Target; room: number },
): number {
  const head = (to.target.address + to.target.headOffset) as Pointer;
  return Number(call(fd, null, to.target.fd, head, to.room, SPLICE_F_MOVE_NONBLOCK));
}
