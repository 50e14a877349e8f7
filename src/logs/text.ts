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

  /** Goes on with a text that left `open` what it did. */
  constructor(stream: LogStream, open: OpenText = "nothing") {
    this.#stream = stream;
    this.#open = open;
  }

  /** What the text so far leaves open. */
  get open(): OpenText {
    return this.#open;
  }

  /** The text of these entries, going on from those of the call before. */
  format(batch: { readonly missed: number; readonly entries: readonly Entry[] }): Uint8Array {
    const parts: Uint8Array[] = [];
    if (batch.missed > 0) {
      if (this.#open !== "nothing") parts.push(NEWLINE);
      parts.push(encoder.encode(missedLine(batch.missed)));
      this.#open = "nothing";
    }
    for (const entry of batch.entries) this.#push(entry, parts);
    return Buffer.concat(parts);
  }

  #push(entry: Entry, parts: Uint8Array[]): void {
    if (this.#open !== entry.stream) {
      if (this.#open !== "nothing") parts.push(NEWLINE);
      if (this.#stream === "blended") parts.push(PREFIX[entry.stream]);
    }
    parts.push(entry.bytes);
    this.#open = this.#close(entry, parts);
  }

  #close(entry: Entry, parts: Uint8Array[]): OpenText {
    if (entry.partial) return entry.stream;
    if (entry.unterminated && this.#stream !== "blended") return "newline";
    parts.push(NEWLINE);
    return "nothing";
  }
}
