// The bytes of a ring: a stretch of memory that is written round and round, and grown while what
// is to be kept does not fit. A position counts the bytes of the stream from its beginning; where
// it lies follows from the lap. The steps of a wrap and of a growth are ordered so that each can be
// done again by whoever finds them half done.

import {
  arenaStart,
  CHUNK_BYTES,
  F64,
  I32,
  maxCapacity,
  type RingLimits,
  roundUp,
} from "./layout.ts";

/** The smallest arena: a line in progress, the chunk that comes next, and some of what was. */
export const MIN_CAPACITY = 3 * CHUNK_BYTES;
const GROWTH_STEP = 65_536;
const GROWTH_FACTOR = 1.25;

/** Backs `length` bytes at `offset` of the ring's file with storage; false where there is none. */
export type Allocate = (offset: number, length: number) => boolean;

/** Views of a ring's memory. */
export interface RingViews {
  readonly bytes: Uint8Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
}

/** Views of a ring, or of its beginning. */
export function viewsOf(memory: ArrayBuffer): RingViews {
  return {
    bytes: new Uint8Array(memory),
    i32: new Int32Array(memory),
    f64: new Float64Array(memory, 0, Math.floor(memory.byteLength / 8)),
  };
}

export interface ArenaOptions {
  readonly limits: RingLimits;
  readonly allocate: Allocate;
  /** All of the ring's memory, where what was given first is only what it takes so far. */
  readonly whole?: (() => ArrayBuffer) | undefined;
}

export class Arena {
  #bytes: Uint8Array;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #start: number;
  readonly #largest: number;
  readonly #allocate: Allocate;
  readonly #whole: (() => ArrayBuffer) | undefined;

  constructor(views: RingViews, options: ArenaOptions) {
    this.#bytes = views.bytes;
    this.#i32 = views.i32;
    this.#f64 = views.f64;
    this.#start = arenaStart(options.limits);
    this.#largest = maxCapacity(options.limits);
    this.#allocate = options.allocate;
    this.#whole = options.whole;
  }

  /** Stream position of the next byte: all bytes ever moved in. */
  get position(): number {
    return this.#field(F64.lapBase) + this.offset - this.#start;
  }

  /** File offset at which the next bytes belong. */
  get offset(): number {
    return this.#i32[I32.head] ?? 0;
  }

  /** Bytes that can be held. */
  get capacity(): number {
    return this.#field(F64.capacity);
  }

  /** Bytes that can be moved in at `offset` in one piece. */
  get straight(): number {
    return this.capacity - (this.offset - this.#start);
  }

  /** Makes the first arena; false when there is no storage for it. */
  create(): boolean {
    this.#i32[I32.head] = this.#start;
    return this.#allocate(0, this.#start) && this.#grow({ wanted: CHUNK_BYTES, oldest: 0 });
  }

  /** Finishes a wrap that was under way; positions can be asked for afterwards. */
  recoverLap(): void {
    if (this.#i32[I32.wrapping] === 1) this.#finishWrap();
  }

  /** Finishes a growth that was under way; `oldest` is the oldest position that is kept. */
  recoverGrowth(oldest: number): void {
    if (this.#field(F64.growTo) > this.capacity) this.#finishGrowth(oldest);
    this.#f64[F64.growTo] = 0;
    this.#i32[I32.geometry] = 0;
  }

  /**
   * Makes room for the next chunk, keeping what is from `oldest` on if the limits and the storage
   * allow. What lies below the position that is returned will be overwritten.
   */
  prepare(oldest: number): number {
    const { position } = this;
    const wanted = position - oldest + CHUNK_BYTES;
    if (wanted > this.capacity) this.#grow({ wanted, oldest });
    if (this.straight === 0) this.#wrap(position);
    return position + CHUNK_BYTES - this.capacity;
  }

  /**
   * Whether the newest bytes, so many, and as many more as are told are kept when the next chunk
   * comes. Grows for them where it can, keeping what is from `oldest` on.
   */
  keeps(newest: number, { more, oldest }: { more: number; oldest: number }): boolean {
    const wanted = newest + more + CHUNK_BYTES;
    return wanted <= this.capacity || this.#grow({ wanted, oldest });
  }

  /** For systems without splice(2): commits bytes that were put at `offset`. */
  advance(length: number): void {
    this.#i32[I32.head] = this.offset + length;
  }

  /** The bytes from a position on that lie in one piece, at most up to `end`. */
  segment(position: number, end: number): Uint8Array {
    const offset = this.#offsetOf(position);
    const straight = this.#start + this.capacity - offset;
    return this.#bytes.subarray(offset, offset + Math.min(end - position, straight));
  }

  /** The byte at a position that is held. */
  byteAt(position: number): number {
    return this.#bytes[this.#offsetOf(position)] ?? 0;
  }

  #wrap(position: number): void {
    Atomics.add(this.#i32, I32.geometry, 1);
    this.#f64[F64.nextLapBase] = position;
    this.#i32[I32.wrapping] = 1;
    this.#finishWrap();
    Atomics.add(this.#i32, I32.geometry, 1);
  }

  #finishWrap(): void {
    this.#i32[I32.head] = this.#start;
    this.#f64[F64.lapBase] = this.#field(F64.nextLapBase);
    this.#i32[I32.wrapping] = 0;
  }

  #grow({ wanted, oldest }: { wanted: number; oldest: number }): boolean {
    const { capacity } = this;
    const roomy = Math.max(wanted, capacity * GROWTH_FACTOR, MIN_CAPACITY);
    const target = Math.min(roundUp(roomy, GROWTH_STEP), this.#largest);
    const growth = target - capacity;
    if (growth <= 0 || !this.#allocate(this.#start + capacity, growth)) return false;
    Atomics.add(this.#i32, I32.geometry, 1);
    this.#f64[F64.moved] = capacity;
    this.#f64[F64.growTo] = target;
    this.#finishGrowth(oldest);
    Atomics.add(this.#i32, I32.geometry, 1);
    return true;
  }

  /**
   * What the older lap still holds behind `head` moves to the new end, from the back and in pieces
   * no longer than the growth: no piece overlaps its new place, so it can be moved again.
   */
  #finishGrowth(oldest: number): void {
    const growth = this.#field(F64.growTo) - this.capacity;
    const outgrown = this.#bytes.length < this.#start + this.#field(F64.growTo);
    if (outgrown && this.#whole !== undefined) this.#bytes = new Uint8Array(this.#whole());
    if (oldest < this.#field(F64.lapBase)) {
      const used = this.offset - this.#start;
      for (let end = this.#field(F64.moved); end > used; end = this.#field(F64.moved)) {
        const start = Math.max(used, end - growth);
        const from = this.#start + start;
        this.#bytes.copyWithin(from + growth, from, this.#start + end);
        this.#f64[F64.moved] = start;
      }
    }
    this.#f64[F64.capacity] = this.#field(F64.growTo);
    this.#f64[F64.growTo] = 0;
  }

  #offsetOf(position: number): number {
    const inLap = position - this.#field(F64.lapBase);
    return this.#start + (inLap < 0 ? inLap + this.capacity : inLap);
  }

  #field(index: number): number {
    return this.#f64[index] ?? 0;
  }
}
