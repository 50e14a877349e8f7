// A follower as the body of an answer. The stream is pulled: Bun asks for more when the socket can
// take more, and only then is the follower asked, so a client that stops reading holds its place in
// the rings and nothing else.

import type { LogStream } from "../domain/session.ts";
import type { FollowBatch } from "../logs/follower.ts";
import { TextFormatter } from "../logs/text.ts";
import type { Exchange } from "./exchange.ts";
import { HeadStart, takesGzip } from "./head-start.ts";
import type { LogFollower } from "./ports.ts";
import { followFrames } from "./present.ts";
import { contentHeaders, NDJSON_TYPE, TEXT_TYPE } from "./reply.ts";

/** How entries become bytes. */
export interface FollowForm {
  readonly stream: LogStream;
  readonly format: "json" | "text";
}

/** The headers of a follower's answer. */
export function followHeaders(format: "json" | "text"): Record<string, string> {
  return contentHeaders(format === "json" ? NDJSON_TYPE : TEXT_TYPE);
}

/**
 * Streams what `follower` gives, until it is over, the client leaves or the daemon stops.
 * Closes the follower.
 */
export async function followReply(
  follower: LogFollower,
  form: FollowForm,
  exchange: Exchange,
): Promise<Response> {
  exchange.allowSilence();
  const first = follower.next();
  const headers = followHeaders(form.format);
  const early =
    (await isReady(first)) || !takesGzip(exchange.request) ? undefined : new HeadStart();
  if (early !== undefined) headers["content-encoding"] = "gzip";
  const body = new FollowBody(follower, { first, early, encode: encoderOf(form) });
  return new Response(body.stream(exchange.stopping), { headers });
}

/** Whether there is history, or already nothing more to come. */
async function isReady(batch: Promise<unknown>): Promise<boolean> {
  const turn = new Promise<false>((resolve) => setImmediate(resolve, false));
  return await Promise.race([batch.then(() => true), turn]);
}

function encoderOf({ stream, format }: FollowForm): (batch: FollowBatch) => Uint8Array {
  if (format === "text") {
    const formatter = new TextFormatter(stream);
    return (batch) => formatter.format(batch);
  }
  const encoder = new TextEncoder();
  return (batch) => {
    const lines = followFrames(batch).map((frame) => `${JSON.stringify(frame)}\n`);
    return encoder.encode(lines.join(""));
  };
}

class FollowBody {
  readonly #follower: LogFollower;
  readonly #encode: (batch: FollowBatch) => Uint8Array;
  readonly #early: HeadStart | undefined;
  #next: Promise<FollowBatch | undefined> | undefined;
  #begun = false;

  constructor(
    follower: LogFollower,
    options: {
      readonly first: Promise<FollowBatch | undefined>;
      readonly early: HeadStart | undefined;
      readonly encode: (batch: FollowBatch) => Uint8Array;
    },
  ) {
    this.#follower = follower;
    this.#next = options.first;
    this.#early = options.early;
    this.#encode = options.encode;
  }

  stream(stopping: AbortSignal): ReadableStream<Uint8Array> {
    const end = () => this.#follower.close();
    const leave = () => {
      stopping.removeEventListener("abort", end);
      end();
    };
    if (stopping.aborted) end();
    stopping.addEventListener("abort", end);
    const source: Bun.UnderlyingSource<Uint8Array> = {
      pull: async (controller) => {
        const bytes = await this.#read();
        if (bytes !== undefined) return controller.enqueue(bytes);
        leave();
        if (this.#early !== undefined) controller.enqueue(this.#early.end());
        controller.close();
      },
      cancel: leave,
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  /** The next bytes there are, never none; undefined at the end. */
  async #read(): Promise<Uint8Array | undefined> {
    if (this.#early !== undefined && !this.#begun) {
      this.#begun = true;
      return this.#early.begin();
    }
    for (;;) {
      const batch = await (this.#next ?? this.#follower.next());
      this.#next = undefined;
      if (batch === undefined) return undefined;
      const bytes = this.#encode(batch);
      if (bytes.length > 0) return this.#early?.frame(bytes) ?? bytes;
    }
  }
}
