// What comes over a follower's connection: bytes as they are, or NDJSON frames. A connection that
// breaks is a Problem; one that we abort just ends.

import type { TextFrameHead } from "../api/log-replies.ts";
import { brokenExchange } from "./failure.ts";

/** The chunks of a log, until it ends or `signal` is aborted. Throws `unavailable` if it breaks. */
export async function* readChunks(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (thrown) {
    if (!signal?.aborted) throw brokenExchange(thrown);
  } finally {
    // Tells the daemon that we have left; what the connection says to that is of no interest.
    await reader.cancel().catch(() => {});
  }
}

/** The lines of NDJSON, in the groups in which they came; one that is cut off does not count. */
export async function* readFrames<Frame>(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Frame[]> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  for await (const chunk of readChunks(stream, signal)) {
    const text = rest + decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf("\n");
    rest = text.slice(end + 1);
    // As one array: a call for each line would take twice as long. JSON never has a bare newline.
    if (end >= 0) yield JSON.parse(`[${text.slice(0, end).replaceAll("\n", ",")}]`) as Frame[];
  }
}

/** A piece of text, and where to go on after it. */
export interface TextFrame {
  readonly head: TextFrameHead;
  readonly text: Uint8Array;
}

/** The pieces of followed text, each whole; one that is cut off does not count. */
export async function* readTextFrames(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<TextFrame> {
  const held = new Held();
  let head: TextFrameHead | undefined;
  for await (const chunk of readChunks(stream, signal)) {
    held.push(chunk);
    for (;;) {
      if (head === undefined) {
        const line = held.takeLine();
        if (line === undefined) break;
        head = JSON.parse(line) as TextFrameHead;
      }
      const text = held.take(head.bytes);
      if (text === undefined) break;
      yield { head, text };
      head = undefined;
    }
  }
}

/** Bytes that have come and are not used up. Joined only once there are enough of them. */
class Held {
  #chunks: Uint8Array[] = [];
  #length = 0;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  take(length: number): Uint8Array | undefined {
    if (this.#length < length) return undefined;
    const bytes = this.#joined();
    this.#keep(bytes.subarray(length));
    return bytes.subarray(0, length);
  }

  takeLine(): string | undefined {
    const bytes = this.#joined();
    const end = bytes.indexOf(0x0a);
    if (end < 0) return undefined;
    this.#keep(bytes.subarray(end + 1));
    return new TextDecoder().decode(bytes.subarray(0, end));
  }

  #joined(): Uint8Array {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  #keep(bytes: Uint8Array): void {
    this.#chunks = [bytes];
    this.#length = bytes.length;
  }
}
