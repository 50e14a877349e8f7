// The last line that a program wrote to a pipe. Read as it comes, so that the program never waits
// for it, and only its end is kept.

/** Of which a line is at most, in bytes. */
const KEPT_BYTES = 4_096;

/** How long to wait for the end of a pipe that another process still holds, in ms. */
const HELD_OPEN_MS = 100;

export class LastLine {
  readonly #late = new AbortController();
  readonly #done: Promise<void>;
  #kept: Buffer = Buffer.alloc(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    const keep = new WritableStream<Uint8Array>({
      write: (bytes) => {
        this.#kept = Buffer.concat([this.#kept, bytes]).subarray(-KEPT_BYTES);
      },
    });
    this.#done = stream.pipeTo(keep, { signal: this.#late.signal }).catch(() => undefined);
  }

  /** Once its writer has ended: the last line that says anything, without surrounding space. */
  async read(): Promise<string> {
    const timer = setTimeout(() => this.#late.abort(), HELD_OPEN_MS);
    await this.#done;
    clearTimeout(timer);
    return this.#kept.toString("utf8").trim().split("\n").at(-1)?.trim() ?? "";
  }
}
