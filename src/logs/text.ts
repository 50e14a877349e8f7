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

/** What was not written yet but must be, should anything follow. */
type Open =
  | { readonly kind: "nothing" }
  | { readonly kind: "newline" }
  | { readonly kind: "fragment"; readonly stream: OutputStream };

export class TextFormatter {
  readonly #stream: LogStream;
  #open: Open = { kind: "nothing" };

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  /** The text of these entries, going on from those of the call before. */
  format(batch: { readonly missed: number; readonly entries: readonly Entry[] }): Uint8Array {
    const parts: Uint8Array[] = [];
    if (batch.missed > 0) {
      if (this.#open.kind !== "nothing") parts.push(NEWLINE);
      parts.push(encoder.encode(`[korun] missed ${batch.missed} lines\n`));
      this.#open = { kind: "nothing" };
    }
    for (const entry of batch.entries) this.#push(entry, parts);
    return Buffer.concat(parts);
  }

  #push(entry: Entry, parts: Uint8Array[]): void {
    const goesOn = this.#open.kind === "fragment" && this.#open.stream === entry.stream;
    if (!goesOn) {
      if (this.#open.kind !== "nothing") parts.push(NEWLINE);
      if (this.#stream === "blended") parts.push(PREFIX[entry.stream]);
    }
    parts.push(entry.bytes);
    this.#open = this.#close(entry, parts);
  }

  #close(entry: Entry, parts: Uint8Array[]): Open {
    if (entry.partial) return { kind: "fragment", stream: entry.stream };
    if (entry.unterminated && this.#stream !== "blended") return { kind: "newline" };
    parts.push(NEWLINE);
    return { kind: "nothing" };
  }
}
