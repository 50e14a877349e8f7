// Entries as plain text. Of one stream the text is byte for byte what the child wrote, except that
// a carriage return before a newline is gone: fragments of a long line are joined again, and last
// words without a newline get one only when something follows. Blended text names the stream at
// the start of each line, so there a line of one stream always ends before the other goes on.

import type { LogStream, OutputStream } from "../domain/session.ts";
import type { Entry } from "./entry.ts";

const NEWLINE = new Uint8Array([0x0a]);
const encoder = new TextEncoder();
const PREFIX: Readonly<Record<OutputStream, Uint8Array>> = {
  stdout: encoder.encode("[stdout] "),
  stderr: encoder.encode("[stderr] "),
};

/** What a text says where entries are missing. */
export function missedLine(missed: number): string {
  return `[korun] missed ${missed} lines\n`;
}

/**
 * What the text so far leaves open: a newline that must be written should anything follow, or the
 * line of a stream of which more must come.
 */
export type OpenText = "nothing" | "newline" | OutputStream;

export class TextFormatter {
  readonly #stream: LogStream;
  #open: OpenText;
  #parts: Uint8Array[] = [];
  #length = 0;
  #returns: number[] = [];

  /** Goes on with a text that left `open` what it did. */
  constructor(stream: LogStream, open: OpenText = "nothing") {
    this.#stream = stream;
    this.#open = open;
  }

  /** What the text so far leaves open. */
  get open(): OpenText {
    return this.#open;
  }

  /** Where in the newest text there are newlines before which a carriage return was left out. */
  get returns(): readonly number[] {
    return this.#returns;
  }

  /** The text of these entries, going on from those of the call before. */
  format(batch: { readonly missed: number; readonly entries: readonly Entry[] }): Uint8Array {
    this.#parts = [];
    this.#length = 0;
    this.#returns = [];
    if (batch.missed > 0) {
      if (this.#open !== "nothing") this.#add(NEWLINE);
      this.#add(encoder.encode(missedLine(batch.missed)));
      this.#open = "nothing";
    }
    for (const entry of batch.entries) this.#push(entry);
    return Buffer.concat(this.#parts);
  }

  #push(entry: Entry): void {
    if (this.#open !== entry.stream) {
      if (this.#open !== "nothing") this.#add(NEWLINE);
      if (this.#stream === "blended") this.#add(PREFIX[entry.stream]);
    }
    this.#add(entry.bytes);
    this.#open = this.#close(entry);
  }

  #close(entry: Entry): OpenText {
    if (entry.partial) return entry.stream;
    if (entry.unterminated && this.#stream !== "blended") return "newline";
    if (entry.returned) this.#returns.push(this.#length);
    this.#add(NEWLINE);
    return "nothing";
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}
