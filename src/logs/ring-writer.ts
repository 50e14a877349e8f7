// The writing side of a ring. The order of work is fixed:
//
//   room()        make space for the next chunk: drop old lines, grow or wrap the arena
//   (the kernel moves bytes into the arena and advances `head`)
//   index()       find the lines in what arrived and publish them
//   flush()       at the end of a run: what has no newline becomes its last entry
//
// Every step leaves the memory in a state from which the step can be done again: a process killed
// at any instruction loses nothing that the kernel had already moved.

import { Arena, type ArenaOptions, type RingViews, viewsOf } from "./arena.ts";
import {
  CHUNK_BYTES,
  entryBytes,
  F64,
  FLAG,
  HEADER_BYTES,
  I32,
  MAX_ENTRY_BYTES,
  PACED_CHUNK_BYTES,
  PACED_PIPE_BYTES,
  RING_MAGIC,
  type RingLimits,
  SLOT_BYTES,
  slotStart,
} from "./layout.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A full index drops so many lines at once, since each drop must be ordered before what follows. */
export const DROP_BATCH = 64;

/** The session's next seq, one object for both rings of a session. */
export interface Sequence {
  next: number;
}

export interface RingWriterOptions extends ArenaOptions {
  readonly sequence: Sequence;
  /** What is written comes out of a terminal, which adds a carriage return to each newline. */
  readonly isTerminal?: boolean;
}

/** Thrown when not even the smallest ring can be backed by storage. */
export class NoSpace extends Error {
  override readonly name = "NoSpace";
}

export class RingWriter {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #limits: RingLimits;
  readonly #sequence: Sequence;
  readonly #arena: Arena;
  readonly #isTerminal: boolean;
  #count = 0;
  #first = 0;
  /** Byte offset of the slot of the next entry, and of what follows the last slot. */
  #nextSlot: number;
  readonly #slotsEnd: number;
  /** Stream position of the oldest byte that belongs to an entry held. */
  #oldest = 0;
  /** Stream position at which the line in progress starts. */
  #lineStart = 0;
  /** Stream position up to which there is no newline in the line in progress. */
  #scanned = 0;

  /**
   * Takes a ring's memory, at least as much of it as is in use: all zero when new, or as an earlier
   * writer left it, at whatever instruction it was killed. What that one did not index is found by
   * the next `index`. Throws NoSpace.
   */
  constructor(memory: ArrayBuffer, options: RingWriterOptions) {
    const views = viewsOf(memory);
    this.#i32 = views.i32;
    this.#f64 = views.f64;
    this.#limits = options.limits;
    this.#sequence = options.sequence;
    this.#isTerminal = options.isTerminal ?? false;
    this.#arena = new Arena(views, options);
    if (this.#i32[I32.magic] === RING_MAGIC) this.#recover();
    else this.#create(views);
    this.#slotsEnd = slotStart(this.#limits.entries);
    this.#nextSlot = this.#slotOf(this.#count);
  }

  /** File offset at which the next bytes belong. */
  get offset(): number {
    return this.#arena.offset;
  }

  /** Bytes that may be moved in at `offset` now, without overwriting what is still held. */
  room(): number {
    this.#dropBefore(this.#arena.prepare(this.#oldest));
    const chunk = this.isPaced ? PACED_CHUNK_BYTES : CHUNK_BYTES;
    return Math.min(chunk, this.#arena.straight);
  }

  /**
   * Whether nothing is to be moved in now, since a reader for whom the child waits is far behind.
   * Who takes that reader on is then told to say when it went on.
   */
  mustWait(): boolean {
    if (!this.#isAhead()) return false;
    Atomics.store(this.#i32, I32.waiting, 1);
    // Looked at again: one that went on before it could see the wish tells nobody.
    Atomics.load(this.#i32, I32.fence);
    return this.#isAhead();
  }

  /** Whether a reader is waited for at all. */
  get isPaced(): boolean {
    return this.#field(F64.paced) !== 0;
  }

  /** Whether this and its session's other ring wait where one must. Only of a stdout ring. */
  get waitsTogether(): boolean {
    return this.#i32[I32.together] === 1;
  }

  /** For systems without splice(2): commits bytes that were read to `offset`. */
  advance(length: number): void {
    this.#arena.advance(length);
  }

  /** Turns the lines that arrived since the last call into entries of `run`, seen at `now`. */
  index(run: number, now: number): void {
    const end = this.#arena.position;
    while (this.#scanned < end) {
      this.#indexSegment(this.#arena.segment(this.#scanned, end), run, now);
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
    if (Math.max(1, this.#field(F64.sequence)) === this.#sequence.next) return false;
    this.#f64[F64.sequence] = this.#sequence.next;
    this.#fence();
    return Atomics.exchange(this.#i32, I32.armed, 0) === 1;
  }

  /** Tells whether a reader asked to be woken for bytes of this ring, after some were indexed. */
  isAwaited(): boolean {
    if (Atomics.load(this.#i32, I32.armedForBytes) === 0) return false;
    return Atomics.exchange(this.#i32, I32.armedForBytes, 0) === 1;
  }

  /** Of a quarter of the lines, and half of the bytes, that are kept; of less on a full disk. */
  #isAhead(): boolean {
    const paced = this.#field(F64.paced);
    if (paced === 0) return false;
    const { entries, bytes } = this.#limits;
    const from = Math.max(paced - 1, this.#first);
    if (this.#count - from > entries / 4) return true;
    const start = from < this.#count ? this.#positionOf(from) : this.#lineStart;
    const unread = this.#arena.position - start;
    const more = PACED_CHUNK_BYTES + PACED_PIPE_BYTES;
    return unread > bytes / 2 || !this.#arena.keeps(unread, { more, oldest: this.#oldest });
  }

  #create({ i32 }: RingViews): void {
    if (!this.#arena.create()) throw new NoSpace("no storage for a ring");
    i32[I32.magic] = RING_MAGIC;
  }

  /** Finishes what was under way, and derives the rest from what is in the memory. */
  #recover(): void {
    this.#arena.recoverLap();
    this.#count = this.#field(F64.count);
    this.#first = this.#field(F64.first);
    if (this.#count > 0) {
      const slot = this.#slotOf(this.#count - 1);
      const ending = this.#field(slot >> 3) + entryBytes(this.#i32[(slot >> 2) + 6] ?? 0);
      this.#lineStart = ending;
      this.#sequence.next = Math.max(this.#sequence.next, this.#field((slot >> 3) + 1) + 1);
    }
    this.#scanned = this.#lineStart;
    this.#oldest = this.#first < this.#count ? this.#positionOf(this.#first) : this.#lineStart;
    this.#arena.recoverGrowth(this.#oldest);
    this.#i32[I32.armed] = 0;
    this.#i32[I32.armedForBytes] = 0;
    this.#i32[I32.waiting] = 0;
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
      // Most lines end without one, and the byte that says so is at hand: this is done for each line.
      const mayReturn = newline === 0 || segment[newline - 1] === CARRIAGE_RETURN;
      const packed = mayReturn ? this.#withoutCarriageReturn(length, stop) : length;
      this.#push(packed | FLAG.newline, run, now);
      from = newline + 1;
      this.#lineStart = base + from;
    }
    this.#scanned = base + segment.length;
  }

  /** An entry of the longest allowed length, cut between characters where the text is UTF-8. */
  #pushFragment(run: number, now: number): void {
    let length = MAX_ENTRY_BYTES;
    for (let back = 0; back < 4; back += 1) {
      const next = this.#arena.byteAt(this.#lineStart + MAX_ENTRY_BYTES - back);
      if ((next & 0xc0) === 0x80) continue;
      length = MAX_ENTRY_BYTES - back;
      break;
    }
    this.#push(length | FLAG.partial, run, now);
    this.#lineStart += length;
  }

  #withoutCarriageReturn(length: number, stop: number): number {
    if (length === 0 || this.#arena.byteAt(stop - 1) !== CARRIAGE_RETURN) return length;
    const isSecond = length > 1 && this.#arena.byteAt(stop - 2) === CARRIAGE_RETURN;
    if (!isSecond || !this.#isTerminal) return (length - 1) | FLAG.carriageReturn;
    return (length - 2) | FLAG.carriageReturn | FLAG.secondReturn;
  }

  #push(lengthAndFlags: number, run: number, now: number): void {
    const { entries } = this.#limits;
    if (this.#count - this.#first >= entries) {
      this.#dropTo(this.#first + Math.min(DROP_BATCH, entries));
    }
    const slot = this.#nextSlot;
    this.#nextSlot = slot + SLOT_BYTES === this.#slotsEnd ? HEADER_BYTES : slot + SLOT_BYTES;
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
    return this.#field(this.#slotOf(number) >> 3);
  }

  #slotOf(number: number): number {
    return slotStart(number % this.#limits.entries);
  }

  #field(index: number): number {
    return this.#f64[index] ?? 0;
  }

  #fence(): void {
    Atomics.add(this.#i32, I32.fence, 1);
  }
}
