// Entries in JSON as the text that the daemon would have made of them, byte for byte.

import type { FollowFrame, LogEntry } from "../../api/log-replies.ts";
import type { LogStream } from "../../domain/session.ts";
import type { Entry } from "../../logs/entry.ts";
import { type OpenText, TextFormatter } from "../../logs/text.ts";

export class FrameText {
  readonly #formatter: TextFormatter;
  readonly #encoder = new TextEncoder();

  constructor(stream: LogStream) {
    this.#formatter = new TextFormatter(stream);
  }

  /** What the text so far leaves open. */
  get open(): OpenText {
    return this.#formatter.open;
  }

  /** The text of these frames, going on from those of the call before. */
  format(frames: readonly FollowFrame[]): Uint8Array {
    const parts: Uint8Array[] = [];
    let missed = 0;
    let entries: Entry[] = [];
    for (const frame of frames) {
      if (!("missed" in frame)) {
        entries.push(this.#entry(frame));
        continue;
      }
      parts.push(this.#formatter.format({ missed, entries }));
      missed = frame.missed;
      entries = [];
    }
    parts.push(this.#formatter.format({ missed, entries }));
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  #entry(entry: LogEntry): Entry {
    const { seq, stream, run, base64 } = entry;
    return {
      seq,
      time: 0,
      stream,
      run,
      bytes:
        base64 === undefined ? this.#encoder.encode(entry.line) : Buffer.from(base64, "base64"),
      partial: entry.partial === true,
      unterminated: entry.unterminated === true,
    };
  }
}
