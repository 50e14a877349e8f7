// Where things lie in the memory of a ring: a header, an index of lines, an arena of bytes.
//
// The memory is a file mapped once and shared by two threads: the capture thread alone writes, the
// main thread reads. The kernel itself moves the child's bytes into the arena and commits their
// position to HEAD; everything else is derived from that by scanning. An entry remembers its
// absolute position in the stream, never a file offset, so the arena can wrap and grow without
// touching the index.
//
//   0        4096                       arenaStart                       arenaStart + capacity
//   | header | index: slots × 32 bytes | arena: bytes of the stream, wrapping                 |

/** Identifies a ring file and the version of this layout. */
export const RING_MAGIC = 0x6b6f_7232;

export const HEADER_BYTES = 4_096;
const PAGE_BYTES = 4_096;

/** Bytes of the index a line costs. */
export const SLOT_BYTES = 32;

/** The most that is moved out of a pipe at once: the capacity of a pipe. */
export const CHUNK_BYTES = 65_536;

/**
 * What a pipe holds whose child waits for its reader, and what is moved out of it at once. Even if
 * every byte of both is a line, they fit into a ring of which a quarter waits to be read.
 */
export const PACED_PIPE_BYTES = 8_192;
export const PACED_CHUNK_BYTES = 4_096;

/** A line longer than this becomes several entries. */
export const MAX_ENTRY_BYTES = 65_536;

/** Header fields that are doubles, as indexes of a Float64Array over the whole ring. */
export const F64 = {
  /** Stream position of the arena's first byte in the current lap. */
  lapBase: 2,
  /** The lapBase that a wrap under way will set. */
  nextLapBase: 3,
  /** Bytes of the arena in use, 0 until the first growth. */
  capacity: 4,
  /** The capacity that a growth under way will set, or 0. */
  growTo: 5,
  /** Arena offset down to which a growth under way has moved the older lap. */
  moved: 6,
  /** Entries ever made; the newest is count - 1. */
  count: 7,
  /** Number of the oldest entry held; equally the number of entries dropped. */
  first: 8,
  /** Bytes of the stream that were scanned, which is all that readers may count. */
  bytes: 9,
  /** The session's next seq, published after the entries below it. Kept in the stdout ring. */
  sequence: 10,
  /** Number of the oldest entry that a reader for whom the child waits has not taken, plus 1; or 0. */
  paced: 11,
  /** The process of such a reader; its pid is 0 when it is not known. */
  readerPid: 12,
  readerStart: 13,
} as const;

/** Header fields that are 32-bit integers, as indexes of an Int32Array over the whole ring. */
export const I32 = {
  magic: 0,
  /** File offset of the next byte, 64 bits wide for splice(2); the high half stays 0. */
  head: 2,
  /** 1 while a wrap is under way. */
  wrapping: 32,
  /** Odd while lapBase or capacity change: a reader that saw it change reads again. */
  geometry: 33,
  /** Stored to order every other store before it; the value means nothing. */
  fence: 34,
  /** 1 when a reader waits to be woken by the next entry. Kept in the stdout ring. */
  armed: 35,
  /** 1 when a reader waits to be woken by the next bytes of this very ring, lines or not. */
  armedForBytes: 36,
  /** 1 when the writer takes nothing in until a reader has taken more. */
  waiting: 37,
  /** 1 when the child waits for one who reads both streams in their order. Kept in the stdout ring. */
  together: 38,
} as const;

/** Byte offset of `head`, where splice(2) commits the position. */
export const HEAD_OFFSET = I32.head * 4;

/** Flags of an entry, above the 24 bits of its length. */
export const FLAG = {
  newline: 1 << 24,
  carriageReturn: 1 << 25,
  partial: 1 << 26,
  unterminated: 1 << 27,
  /** A second carriage return: a terminal adds one to that which the program wrote. */
  secondReturn: 1 << 28,
} as const;

export const LENGTH_MASK = 0x00ff_ffff;

/** Bytes of the stream that an entry took, its line ending included, by its length and flags. */
export function entryBytes(packed: number): number {
  const returns = (packed & FLAG.carriageReturn ? 1 : 0) + (packed & FLAG.secondReturn ? 1 : 0);
  return (packed & LENGTH_MASK) + (packed & FLAG.newline ? 1 : 0) + returns;
}

/** A process that reads: a pid alone is used again, with its start time it is not. */
export interface ReaderProcess {
  readonly pid: number;
  readonly startTime: number;
}

/** How much a ring may hold. */
export interface RingLimits {
  /** Lines of one stream that are kept. */
  readonly entries: number;
  /** Bytes of one stream that are kept. */
  readonly bytes: number;
}

/** Byte offset of the arena for a ring of so many entries. */
export function arenaStart(limits: RingLimits): number {
  return HEADER_BYTES + roundUp(limits.entries * SLOT_BYTES, PAGE_BYTES);
}

/** Byte offset of an index slot. */
export function slotStart(slot: number): number {
  return HEADER_BYTES + slot * SLOT_BYTES;
}

/** The largest the arena ever is: its byte limit and room for the chunk that comes next. */
export function maxCapacity(limits: RingLimits): number {
  return limits.bytes + CHUNK_BYTES;
}

/** Address space of a whole ring in bytes; only what is used is ever backed by storage. */
export function ringBytes(limits: RingLimits): number {
  return arenaStart(limits) + roundUp(maxCapacity(limits), PAGE_BYTES);
}

/** The next multiple of `step` that is not below `value`. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
