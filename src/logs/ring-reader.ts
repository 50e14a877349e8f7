// The reading side of a ring, on another thread than its writer and without a lock. An entry is
// copied first and believed afterwards: had it been dropped meanwhile, `first` says so, and had the
// arena wrapped or grown, the geometry counter says so and the copy is made again.

import type { OutputStream } from "../domain/session.ts";
import { viewsOf } from "./arena.ts";
import type { Entry } from "./entry.ts";
import {
  arenaStart,
  CHUNK_BYTES,
  entryBytes,
  F64,
  FLAG,
  I32,
  LENGTH_MASK,
  type ReaderProcess,
  type RingLimits,
  slotStart,
} from "./layout.ts";

const NEWLINE = 0x0a;

/** Bytes of a stream, and where they begin in it. */
export interface Piece {
  readonly position: number;
  /** A copy. */
  readonly bytes: Uint8Array;
}

export interface RingReaderOptions {
  readonly stream: OutputStream;
  readonly limits: RingLimits;
  /** All of the ring's memory, where what was given first is only its header. */
  readonly whole?: () => ArrayBuffer;
}

export class RingReader {
  readonly stream: OutputStream;
  readonly #limits: RingLimits;
  readonly #arena: number;
  /** Until it has been needed. */
  #whole: (() => ArrayBuffer) | undefined;
  #bytes: Uint8Array;
  #i32: Int32Array;
  #f64: Float64Array;

  constructor(memory: ArrayBuffer, options: RingReaderOptions) {
    this.stream = options.stream;
    this.#limits = options.limits;
    this.#arena = arenaStart(options.limits);
    this.#whole = options.whole;
    ({ bytes: this.#bytes, i32: this.#i32, f64: this.#f64 } = viewsOf(memory));
  }

  /** Entries ever made. */
  get count(): number {
    return this.#field(F64.count);
  }

  /** Number of the oldest entry held, which is how many were dropped. */
  get first(): number {
    return this.#field(F64.first);
  }

  /** Bytes the child wrote to this stream. */
  get bytes(): number {
    return this.#field(F64.bytes);
  }

  /** The session's next seq; every entry below it can be read. Only of a stdout ring. */
  get sequence(): number {
    Atomics.load(this.#i32, I32.fence);
    return Math.max(1, this.#field(F64.sequence));
  }

  /** Position in the stream of the oldest byte that is held. */
  get oldest(): number {
    for (;;) {
      const first = this.#orderedFirst();
      const { count } = this;
      // With no entry held, the line in progress is: it follows on the newest there ever was.
      const oldest = first < count ? this.#positionOf(first) : this.#endOf(count - 1);
      if (this.#orderedFirst() === first && this.count === count) return oldest;
    }
  }

  /** Asks for a wake at the next entry. Only of a stdout ring. */
  arm(): void {
    Atomics.store(this.#i32, I32.armed, 1);
  }

  /** Asks for a wake at the next bytes of this stream. Only then look at `head`. */
  armForBytes(): void {
    Atomics.store(this.#i32, I32.armedForBytes, 1);
  }

  /** Whether the child waits for a reader. */
  get isPaced(): boolean {
    return this.#field(F64.paced) !== 0;
  }

  /**
   * The child is to wait for one who has yet to take the entries from a number on; undefined: for
   * nobody. True when it has waited: then the writer is to look again.
   */
  pace(from: number | undefined): boolean {
    this.#f64[F64.paced] = from === undefined ? 0 : from + 1;
    Atomics.add(this.#i32, I32.fence, 1);
    return Atomics.exchange(this.#i32, I32.waiting, 0) === 1;
  }

  /** The process of the reader that the child waits for. Its pid is 0 when it is not known. */
  get pacer(): ReaderProcess {
    return { pid: this.#field(F64.readerPid), startTime: this.#field(F64.readerStart) };
  }
  set pacer(reader: ReaderProcess | undefined) {
    this.#f64[F64.readerPid] = reader?.pid ?? 0;
    this.#f64[F64.readerStart] = reader?.startTime ?? 0;
  }

  /** Whether both rings wait where one must. Only of a stdout ring. True when that is new. */
  paceTogether(wanted: boolean): boolean {
    return Atomics.exchange(this.#i32, I32.together, wanted ? 1 : 0) !== (wanted ? 1 : 0);
  }

  /** Position at which the stream ends so far; all bytes before it can be read, or were dropped. */
  get head(): number {
    Atomics.load(this.#i32, I32.fence);
    return this.bytes;
  }

  /** Numbers of the oldest entry held and of the next to come, at one moment. */
  held(): { readonly first: number; readonly count: number } {
    for (;;) {
      const first = this.#orderedFirst();
      const count = this.count;
      if (this.#orderedFirst() === first) return { first, count };
    }
  }

  /** Seq of an entry; undefined when it is no longer held. */
  seqOf(number: number): number | undefined {
    const seq = this.#seqAt(number);
    return this.#orderedFirst() > number ? undefined : seq;
  }

  /** Number of the first entry held, from `from` on, whose seq is at least `seq`; `count` if none. */
  search(seq: number, from = 0): number {
    return this.#search(from, (number) => this.#seqAt(number) < seq);
  }

  /** Number of the first entry held that a run wrote, or a later one; `count` if none. */
  searchRun(run: number): number {
    return this.#search(0, (number) => this.#runAt(number) < run);
  }

  /** A copy of an entry, or undefined when it is no longer held. */
  read(number: number): Entry | undefined {
    const slot = slotStart(number % this.#limits.entries);
    for (;;) {
      const geometry = Atomics.load(this.#i32, I32.geometry);
      if (geometry % 2 !== 0) continue;
      const position = this.#field(slot >> 3);
      const packed = this.#word((slot >> 2) + 6);
      const entry: Entry = {
        seq: this.#field((slot >> 3) + 1),
        time: this.#field((slot >> 3) + 2),
        stream: this.stream,
        run: this.#word((slot >> 2) + 7),
        bytes: this.#copy(position, packed & LENGTH_MASK),
        partial: (packed & FLAG.partial) !== 0,
        returned: (packed & FLAG.carriageReturn) !== 0,
        unterminated: (packed & FLAG.unterminated) !== 0,
      };
      Atomics.load(this.#i32, I32.fence);
      if (this.first > number) return undefined;
      if (Atomics.load(this.#i32, I32.geometry) === geometry) return entry;
    }
  }

  /** At most so many bytes from a position on, or from the oldest held if that comes later. */
  bytesFrom(from: number, most: number): Piece {
    // Who reads where a flood is about to write is outrun again and again: each time it gives way.
    let lead = 0;
    for (;;) {
      const geometry = Atomics.load(this.#i32, I32.geometry);
      if (geometry % 2 !== 0) continue;
      const { head, oldest } = this;
      const position = Math.max(from, oldest, Math.min(oldest + lead, head));
      const bytes = this.#copy(position, Math.max(0, Math.min(most, head - position)));
      if (this.oldest > position) lead += CHUNK_BYTES;
      else if (Atomics.load(this.#i32, I32.geometry) === geometry) return { position, bytes };
    }
  }

  /**
   * What was written after entry `count - 1` and has no newline yet; undefined when there is
   * nothing, or more entries than `count`.
   */
  tail(count: number): Piece | undefined {
    const start = this.#endOf(count - 1);
    const { head } = this;
    if (this.count !== count || head <= start) return undefined;
    const piece = this.bytesFrom(start, head - start);
    if (this.#orderedCount() !== count || piece.position !== start) return undefined;
    // Bytes are published before the entries that are found in them: those come in a moment.
    return piece.bytes.includes(NEWLINE) ? undefined : piece;
  }

  /** Lets go of the memory, which may be unmapped afterwards: the ring then reads as empty. */
  close(): void {
    this.#whole = undefined;
    this.#view(new ArrayBuffer(slotStart(1)));
  }

  /** The sessions of a killed daemon are many, and their lines are hardly ever asked for at once. */
  #viewWhole(): void {
    const whole = this.#whole;
    if (whole === undefined) return;
    this.#whole = undefined;
    this.#view(whole());
  }

  #view(memory: ArrayBuffer): void {
    ({ bytes: this.#bytes, i32: this.#i32, f64: this.#f64 } = viewsOf(memory));
  }

  #positionOf(number: number): number {
    return this.#field(slotStart(number % this.#limits.entries) >> 3);
  }

  /** Position after an entry that is held, or is the newest that ever was; 0 for none. */
  #endOf(number: number): number {
    if (number < 0) return 0;
    const slot = slotStart(number % this.#limits.entries);
    return this.#field(slot >> 3) + entryBytes(this.#word((slot >> 2) + 6));
  }

  #copy(position: number, length: number): Uint8Array {
    this.#viewWhole();
    const capacity = this.#field(F64.capacity);
    const inLap = position - this.#field(F64.lapBase);
    // An entry that was dropped laps ago, or torn geometry, may give anything here. What is copied
    // from it is thrown away by the caller, but it must lie in storage: the rest is SIGBUS, and death.
    const start = Math.max(0, inLap < 0 ? inLap + capacity : inLap);
    const arena = this.#arena;
    const straight = Math.max(0, Math.min(length, capacity - start));
    const copy = this.#bytes.slice(arena + start, arena + start + straight);
    if (straight === length) return copy;
    const whole = new Uint8Array(length);
    whole.set(copy);
    const rest = Math.min(length - straight, capacity);
    whole.set(this.#bytes.subarray(arena, arena + rest), copy.length);
    return whole;
  }

  #search(from: number, isBefore: (number: number) => boolean): number {
    for (;;) {
      let low = Math.max(from, this.first);
      let high = Math.max(low, this.count);
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (isBefore(middle)) low = middle + 1;
        else high = middle;
      }
      // An entry that was dropped meanwhile looks later than it was, and may have misled us.
      if (low >= this.#orderedFirst()) return low;
    }
  }

  #runAt(number: number): number {
    return this.#word((slotStart(number % this.#limits.entries) >> 2) + 7);
  }

  /** Any number for an entry that is not held. */
  #seqAt(number: number): number {
    return this.#field((slotStart(number % this.#limits.entries) >> 3) + 1);
  }

  /** `first` as it is after everything that was read before. */
  #orderedFirst(): number {
    Atomics.load(this.#i32, I32.fence);
    return this.first;
  }

  #orderedCount(): number {
    Atomics.load(this.#i32, I32.fence);
    return this.count;
  }

  #field(index: number): number {
    if (index >= this.#f64.length) this.#viewWhole();
    return this.#f64[index] ?? 0;
  }

  #word(index: number): number {
    if (index >= this.#i32.length) this.#viewWhole();
    return this.#i32[index] ?? 0;
  }
}
