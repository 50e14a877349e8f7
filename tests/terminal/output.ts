// What a child wrote, in memory: it grows when a test says so, and can forget its beginning.

import type { RawOutput } from "../../src/logs/raw.ts";

export class FakeOutput {
  #bytes = Buffer.alloc(0);
  #forgotten = 0;
  readonly #readers = new Set<Reader>();

  get head(): number {
    return this.#bytes.length;
  }

  get oldest(): number {
    return this.#forgotten;
  }

  /** Readers that were not closed yet. */
  get open(): number {
    return this.#readers.size;
  }

  write(text: string | Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(text as string)]);
    for (const reader of this.#readers) reader.wake();
  }

  forgetBefore(position: number): void {
    this.#forgotten = position;
  }

  slice(from: number, to: number): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(from, to));
  }

  reader(): RawOutput {
    const reader = new Reader(this, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader;
  }

  /** As when the session is forgotten. */
  close(): void {
    for (const reader of this.#readers) reader.close();
  }
}

class Reader implements RawOutput {
  readonly #output: FakeOutput;
  readonly #onClose: () => void;
  #seen: number;
  #waiting = Promise.withResolvers<void>();
  closed = false;

  constructor(output: FakeOutput, onClose: () => void) {
    this.#output = output;
    this.#onClose = onClose;
    this.#seen = output.head;
  }

  get oldest(): number {
    return this.#output.oldest;
  }

  get head(): number {
    return this.#output.head;
  }

  read(from: number, most: number) {
    const position = Math.max(from, this.oldest);
    const bytes = this.#output.slice(position, Math.min(position + most, this.head));
    this.#seen = position + bytes.length;
    return { position, bytes };
  }

  changed(): Promise<void> {
    const { promise } = this.#waiting;
    this.wake();
    return promise;
  }

  wake(): void {
    if (!this.closed && this.head <= this.#seen) return;
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  close(): void {
    this.closed = true;
    this.#onClose();
    this.wake();
  }
}
