// The writing side of a ring. The order of work is fixed:
//
//   room()        make space for the next chunk: drop old lines, grow or wrap the arena
//   (the kernel moves bytes into the arena and advances `head`)
//   index()       find the lines in what arrived and publish them
//   flush()       at the end of a run: what has no newline becomes its last entry
//
// Every step leaves the memory in a state from which the step can be done again: a process killed
// at any instruction loses nothing that the kernel had already moved.

import {
  arenaStart,
  CHUNK_BYTES,
  F64,
  FLAG,
  I32,
  MAX_ENTRY_BYTES,
  maxCapacity,
  RING_MAGIC,
  type RingLimits,
  roundUp,
  slotStart,
} from "./layout.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The smallest arena: a line in progress, the chunk that comes next, and some of what was. */
const MIN_CAPACITY = 3 * CHUNK_BYTES;
/** A full index drops so many lines at once, since each drop must be ordered before what follows. */
export const DROP_BATCH = 64;
const GROWTH_STEP = 65_536;
const GROWTH_FACTOR = 1.25;

/** The session's next seq, one object for both rings of a session. */
export interface Sequence {
  next: number;
}

/** Backs `length` bytes at `offset` of the ring's file with storage; false where there is none. */
export type Allocate = (offset: number, length: number) => boolean;

export interface RingWriterOptions {
  readonly limits: RingLimits;
  readonly sequence: Sequence;
  readonly allocate: Allocate;
}

/** Thrown when not even the smallest ring can be backed by storage. */
export class NoSpace extends Error {
  override readonly name = "NoSpace";
}

export class RingWriter {
  readonly #bytes: Uint8Array;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #limits: RingLimits;
  readonly #sequence: Sequence;
  readonly #allocate: Allocate;
  readonly #arena: number;
  #count = 0;
  #first = 0;
  /** Stream position of the oldest byte that belongs to an entry held. */
  #oldest = 0;
  /** Stream position at which the line in progress starts. */
  #lineStart = 0;
  /** Stream position up to which there is no newline in the line in progress. */
  #scanned = 0;

  /** Takes a ring's memory, all zero when new. Throws NoSpace. */
  constructor(memory: ArrayBuffer, options: RingWriterOptions) {
    this.#bytes = new Uint8Array(memory);
    this.#i32 = new Int32Array(memory);
    this.#f64 = new Float64Array(memory, 0, Math.floor(memory.byteLength / 8));
    this.#limits = options.limits;
    this.#sequence = options.sequence;
    this.#allocate = options.allocate;
    this.#arena = arenaStart(options.limits);
    if (!options.allocate(0, this.#arena) || !this.#grow(CHUNK_BYTES)) {
      throw new NoSpace("no storage for a ring");
    }
    this.#i32[I32.head] = this.#arena;
    this.#i32[I32.magic] = RING_MAGIC;
  }

  /** Stream position of the next byte: all bytes ever moved in. */
  get position(): number {
    return this.#field(F64.lapBase) + this.#head() - this.#arena;
  }

  /** File offset at which the next bytes belong. */
  get offset(): number {
    return this.#head();
  }

  /** Bytes that may be moved in at `offset` now, without overwriting what is still held. */
  room(): number {
    const position = this.position;
    let capacity = this.#field(F64.capacity);
    if (position - this.#oldest + CHUNK_BYTES > capacity) {
      this.#grow(position - this.#oldest + CHUNK_BYTES);
      capacity = this.#field(F64.capacity);
    }
    const used = this.#head() - this.#arena;
    if (used === capacity) this.#wrap(position);
    this.#dropBefore(position + CHUNK_BYTES - capacity);
    return Math.min(CHUNK_BYTES, capacity - (this.#head() - this.#arena));
  }

  /** For systems without splice(2): commits bytes that were read to `offset`. */
  advance(length: number): void {
    this.#i32[I32.head] = this.#head() + length;
  }

  /** Turns the lines that arrived since the last call into entries of `run`, seen at `now`. */
  index(run: number, now: number): void {
    const end = this.position;
    const capacity = this.#field(F64.capacity);
    while (this.#scanned < end) {
      const offset = this.#offsetOf(this.#scanned, capacity);
      const length = Math.min(end - this.#scanned, this.#arena + capacity - offset);
      this.#indexSegment(this.#bytes.subarray(offset, offset + length), run, now);
    }
    this.#publish(end);
  }

  /** Ends a run's output: a line in progress becomes an entry, though it has no newline. */
  flush(run: number, now: number): void {
    const length = this.#scanned - this.#lineStart;
    if (length === 0) return;
    this.#push(length | FLAG.unterminated, run, now);
    this.#lineStart = this.#scanned;
    this.#publish(this.#scanned);
  }

  /**
   * Makes every entry so far visible to readers of the whole session, and tells whether one of
   * them asked to be woken for it. Of the stdout ring only, after either ring was indexed or
   * flushed.
   */
  announce(): boolean {
    // Who waits is woken by an entry: with none, the wish must stand.
    if (this.#field(F64.sequence) === this.#sequence.next) return false;
    this.#f64[F64.sequence] = this.#sequence.next;
    this.#fence();
    return Atomics.exchange(this.#i32, I32.armed, 0) === 1;
  }

  #indexSegment(segment: Uint8Array, run: number, now: number): void {
    const base = this.#scanned;
    let from = 0;
    for (;;) {
      const newline = segment.indexOf(NEWLINE, from);
      const stop = base + (newline === -1 ? segment.length : newline);
      while (stop - this.#lineStart > MAX_ENTRY_BYTES) this.#pushFragment(run, now);
      if (newline === -1) break;
      const length = stop - this.#lineStart;
      this.#push(this.#withoutCarriageReturn(length, stop) | FLAG.newline, run, now);
      from = newline + 1;
      this.#lineStart = base + from;
    }
    this.#scanned = base + segment.length;
  }

  /** An entry of the longest allowed length, cut between characters where the text is UTF-8. */
  #pushFragment(run: number, now: number): void {
    let length = MAX_ENTRY_BYTES;
    for (let back = 0; back < 4; back += 1) {
      const next = this.#byteAt(this.#lineStart + MAX_ENTRY_BYTES - back);
      if ((next & 0xc0) === 0x80) continue;
      length = MAX_ENTRY_BYTES - back;
      break;
    }
    this.#push(length | FLAG.partial, run, now);
    this.#lineStart += length;
  }

  #withoutCarriageReturn(length: number, stop: number): number {
    if (length === 0 || this.#byteAt(stop - 1) !== CARRIAGE_RETURN) return length;
    return (length - 1) | FLAG.carriageReturn;
  }

  #push(lengthAndFlags: number, run: number, now: number): void {
    const { entries } = this.#limits;
    if (this.#count - this.#first >= entries) {
      this.#dropTo(this.#first + Math.min(DROP_BATCH, entries));
    }
    const slot = slotStart(this.#count % entries);
    this.#f64[slot >> 3] = this.#lineStart;
    this.#f64[(slot >> 3) + 1] = this.#sequence.next;
    this.#f64[(slot >> 3) + 2] = now;
    this.#i32[(slot >> 2) + 6] = lengthAndFlags;
    this.#i32[(slot >> 2) + 7] = run;
    this.#sequence.next += 1;
    this.#count += 1;
  }

  #publish(scanned: number): void {
    this.#f64[F64.bytes] = scanned;
    this.#f64[F64.count] = this.#count;
    this.#fence();
  }

  #dropBefore(position: number): void {
    if (this.#oldest >= position) return;
    let first = this.#first;
    while (first < this.#count && this.#positionOf(first) < position) first += 1;
    this.#dropTo(first);
  }

  /** Readers look at `first` again after they copied, so it moves before anything is overwritten. */
  #dropTo(first: number): void {
    this.#first = first;
    // Published with it, so that a reader never sees more dropped than was made.
    this.#f64[F64.count] = this.#count;
    this.#f64[F64.first] = first;
    this.#oldest = first < this.#count ? this.#positionOf(first) : this.#lineStart;
    this.#fence();
  }

  #positionOf(number: number): number {
    return this.#field(slotStart(number % this.#limits.entries) >> 3);
  }

  #wrap(position: number): void {
    Atomics.add(this.#i32, I32.geometry, 1);
    this.#f64[F64.nextLapBase] = position;
    this.#i32[I32.wrapping] = 1;
    this.#i32[I32.head] = this.#arena;
    this.#f64[F64.lapBase] = position;
    this.#i32[I32.wrapping] = 0;
    Atomics.add(this.#i32, I32.geometry, 1);
  }

  /**
   * Grows the arena to hold `wanted` bytes if its limits and the storage allow. What the older lap
   * still holds behind `head` moves to the new end, from the back and in pieces no longer than the
   * growth, so that each piece can be moved again after a kill.
   */
  #grow(wanted: number): boolean {
    const capacity = this.#field(F64.capacity);
    const target = Math.min(
      roundUp(Math.max(wanted, capacity * GROWTH_FACTOR, MIN_CAPACITY), GROWTH_STEP),
      maxCapacity(this.#limits),
    );
    const growth = target - capacity;
    if (growth <= 0 || !this.#allocate(this.#arena + capacity, growth)) return false;
    const used = capacity === 0 ? 0 : this.#head() - this.#arena;
    Atomics.add(this.#i32, I32.geometry, 1);
    this.#f64[F64.moved] = capacity;
    this.#f64[F64.growTo] = target;
    if (this.#oldest < this.#field(F64.lapBase)) {
      for (let end = capacity; end > used; end = this.#field(F64.moved)) {
        const start = Math.max(used, end - growth);
        const from = this.#arena + start;
        this.#bytes.copyWithin(from + growth, from, this.#arena + end);
        this.#f64[F64.moved] = start;
      }
    }
    this.#f64[F64.capacity] = target;
    this.#f64[F64.growTo] = 0;
    Atomics.add(this.#i32, I32.geometry, 1);
    return true;
  }

  #byteAt(position: number): number {
    return this.#bytes[this.#offsetOf(position, this.#field(F64.capacity))] ?? 0;
  }

  #offsetOf(position: number, capacity: number): number {
    const inLap = position - this.#field(F64.lapBase);
    return this.#arena + (inLap < 0 ? inLap + capacity : inLap);
  }

  #head(): number {
    return this.#i32[I32.head] ?? 0;
  }

  #field(index: number): number {
    return this.#f64[index] ?? 0;
  }

  #fence(): void {
    Atomics.add(this.#i32, I32.fence, 1);
  }
}
