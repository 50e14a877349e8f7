// What a child wrote to one stream, byte for byte, by its position in the stream: the line that has
// no newline yet included. A reader of it is nothing but the place up to which it has read.

import type { Piece, RingReader } from "./ring-reader.ts";

/** Someone who waits for a session's log, and looks again when woken. */
export interface Waiter {
  wake(): void;
  /** The log is let go of: nothing more will come. */
  close(): void;
}

/** The bytes of a stream over all runs of its session. Positions count from its first byte ever. */
export interface RawOutput {
  /** Position of the oldest byte that is held. */
  readonly oldest: number;
  /** Position after the newest. */
  readonly head: number;
  /** Nothing more will come: the log was let go of, or this was closed. */
  readonly closed: boolean;
  /** A copy of at most `most` bytes from a position on, or from `oldest` if that comes later. */
  read(from: number, most: number): Piece;
  /** Resolves once there is more than what was read last (at first: than there was), or at its end. */
  changed(): Promise<void>;
  /** Waits no more. */
  close(): void;
}

export interface RawSource {
  readonly ring: RingReader;
  /** Whom to wake for bytes of the ring, and for the end of the log. */
  readonly waiters: Set<Waiter>;
}

export class RawReader implements RawOutput, Waiter {
  readonly #ring: RingReader;
  readonly #waiters: Set<Waiter>;
  #seen: number;
  #closed = false;
  #changed: PromiseWithResolvers<void> | undefined;

  constructor({ ring, waiters }: RawSource) {
    this.#ring = ring;
    this.#waiters = waiters;
    this.#seen = ring.head;
    waiters.add(this);
  }

  get oldest(): number {
    return this.#ring.oldest;
  }

  get head(): number {
    return this.#ring.head;
  }

  get closed(): boolean {
    return this.#closed;
  }

  read(from: number, most: number): Piece {
    const piece = this.#ring.bytesFrom(from, most);
    this.#seen = piece.position + piece.bytes.length;
    return piece;
  }

  changed(): Promise<void> {
    this.#changed ??= Promise.withResolvers();
    const { promise } = this.#changed;
    this.wake();
    return promise;
  }

  wake(): void {
    if (this.#changed === undefined) return;
    // Asked before looking: what comes after this look wakes.
    this.#ring.armForBytes();
    if (!this.#closed && this.#ring.head <= this.#seen) return;
    this.#changed.resolve();
    this.#changed = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#waiters.delete(this);
    this.wake();
  }
}
