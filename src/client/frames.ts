// What comes over a follower's connection: bytes as they are, or NDJSON frames. A connection that
// breaks is a Problem; one that we abort just ends.

import type { FollowFrame } from "../api/replies.ts";
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

/** The frames of a followed log in JSON, in the groups in which they came. */
export async function* readFrames(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<FollowFrame[]> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  for await (const chunk of readChunks(stream, signal)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) yield lines.map((line) => JSON.parse(line) as FollowFrame);
  }
}
