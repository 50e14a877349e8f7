// Readers for whom the child waits, as a pipe would have it: it may run ahead of the slowest by a part
// of what the ring holds, and no further, so that none of them misses anything. Where they are is
// kept in the ring: the next daemon does not let the child run ahead before its reader is back.

import type { ReaderProcess } from "./layout.ts";
import type { RingReader } from "./ring-reader.ts";

/**
 * How long the child waits for a reader that has yet to come, or to come back, in ms. One whose
 * process is known to live may only be busy: a pager stands still, say.
 */
export const READER_PATIENCE_MS = 5_000;

export interface PacingOptions {
  /** Called when the writer waited, and may go on. */
  onRoom(): void;
  readonly isAlive?: (reader: ReaderProcess) => boolean;
  readonly patienceMs?: number;
}

/** Those of one ring. */
export class Pacing {
  readonly #ring: RingReader;
  readonly #onRoom: () => void;
  readonly #isAlive: (reader: ReaderProcess) => boolean;
  readonly #patienceMs: number;
  /** The number of the first entry that each has yet to take. */
  readonly #readers = new Map<object, number>();
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(ring: RingReader, options: PacingOptions) {
    const { onRoom, isAlive = () => false, patienceMs = READER_PATIENCE_MS } = options;
    this.#ring = ring;
    this.#onRoom = onRoom;
    this.#isAlive = isAlive;
    this.#patienceMs = patienceMs;
    if (ring.isPaced) this.#beginPatience();
  }

  /** A reader is about to come, and wants all from here on. */
  expect(): void {
    if (this.#ring.isPaced) return;
    this.#ring.pacer = undefined;
    this.#pace(this.#ring.count);
    this.#beginPatience();
  }

  /** A reader comes, whose process may be known. */
  came(from: ReaderProcess | undefined): void {
    this.#ring.pacer = from;
  }

  /** A reader, of this identity, has taken all before an entry. */
  reached(reader: object, next: number): void {
    clearTimeout(this.#patience);
    this.#readers.set(reader, next);
    this.#pace(Math.min(...this.#readers.values()));
  }

  /**
   * It is gone. It may come back, unless all is `over`: its connection broke, or it goes on with
   * another daemon.
   */
  left(reader: object, { over }: { readonly over: boolean }): void {
    if (!this.#readers.delete(reader)) return;
    if (this.#readers.size > 0) this.#pace(Math.min(...this.#readers.values()));
    else if (over) this.#pace(undefined);
    else this.#beginPatience();
  }

  /** The ring is let go of. */
  close(): void {
    clearTimeout(this.#patience);
    this.#readers.clear();
  }

  #beginPatience(): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#endPatience(), this.#patienceMs);
    this.#patience.unref();
  }

  #endPatience(): void {
    const { pacer } = this.#ring;
    if (pacer.pid !== 0 && this.#isAlive(pacer)) this.#beginPatience();
    else this.#pace(undefined);
  }

  #pace(from: number | undefined): void {
    if (this.#ring.pace(from)) this.#onRoom();
  }
}
