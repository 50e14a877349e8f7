// Keys on their way to a program: in the order in which they came, one message after the other.

/** Bytes that may wait for a program that does not read; then no more are taken from the viewer. */
const MOST_BYTES = 65_536;

export interface KeyQueueOptions {
  /** Resolves when the program has them, or will not get them. Never rejects. */
  readonly type: (bytes: Uint8Array) => Promise<void>;
  /** Too many wait, or no longer. */
  readonly onFull: (isFull: boolean) => void;
}

export class KeyQueue {
  readonly #options: KeyQueueOptions;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #isTyping = false;

  constructor(options: KeyQueueOptions) {
    this.#options = options;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_BYTES) this.#options.onFull(true);
    if (!this.#isTyping) void this.#type();
  }

  /** What waits is not typed any more. */
  clear(): void {
    this.#waiting = [];
  }

  async #type(): Promise<void> {
    this.#isTyping = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const wasFull = this.#bytes > MOST_BYTES;
      await this.#options.type(next);
      this.#bytes -= next.length;
      if (wasFull && this.#bytes <= MOST_BYTES) this.#options.onFull(false);
    }
    this.#isTyping = false;
  }
}
