// The last line that a program wrote to a pipe. Read as it comes, so that the program does not wait
// for it, and only its end is kept. One that floods it waits a little: the daemon has others to serve.

import { pause } from "../process/pause.ts";

/** Of which a line is at most, in bytes. */
const KEPT_BYTES = 4_096;

/** How long to wait for the end of a pipe that another process still holds, in ms. */
const HELD_OPEN_MS = 100;

/** More than this is a flood, in bytes, … */
const UNHURRIED_BYTES = 1_048_576;
/** … after each piece of which nothing is read for so long, in ms. */
const FLOOD_PAUSE_MS = 2;

export class LastLine {
  readonly #late = new AbortController();
  readonly #done: Promise<void>;
  #kept: Buffer = Buffer.alloc(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    let read = 0;
    const keep = new WritableStream<Uint8Array>({
      write: async (bytes) => {
        this.#kept = Buffer.concat([this.#kept, bytes]).subarray(-KEPT_BYTES);
        read += bytes.length;
        if (read > UNHURRIED_BYTES) await pause(FLOOD_PAUSE_MS, this.#late.signal);
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
