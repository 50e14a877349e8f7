// A follower as the body of an answer. The stream is pulled: Bun asks for more when the socket can
// take more, and only then is the follower asked, so a client that stops reading holds its place in
// the rings and nothing else.

import type { TextFrameHead } from "../../api/log-replies.ts";
import type { LogStream } from "../../domain/session.ts";
import type { FollowBatch } from "../../logs/follower.ts";
import { type OpenText, TextFormatter } from "../../logs/text.ts";
import type { Exchange } from "../exchange.ts";
import type { Pulled } from "../ports.ts";
import { followFrames } from "../present/session.ts";
import { contentHeaders, FRAMES_TYPE, NDJSON_TYPE, TEXT_TYPE } from "../reply.ts";
import { HeadStart, takesGzip } from "./head-start.ts";

/** Why a server stops whose followers are to go on with another one. */
export const BROKEN_OFF: Error = new Error("another daemon goes on");

/** How what is followed becomes bytes. */
export interface FollowForm<Batch> {
  readonly type: string;
  encode(batch: Batch): Uint8Array;
  /** Sent before there is anything to send, so that the answer begins at once. */
  readonly preamble?: Uint8Array;
}

/** The form of followed entries. */
export function logForm(wanted: {
  readonly stream: LogStream;
  readonly format: "json" | "text" | "frames";
  readonly open: OpenText;
  /** A terminal ends each line with a carriage return, which no program has written. */
  readonly isTerminal: boolean;
}): FollowForm<FollowBatch> {
  if (wanted.format === "json") return ndjsonForm(followFrames);
  const formatter = new TextFormatter(wanted.stream, wanted.open);
  if (wanted.format === "frames") {
    return framesForm(formatter, { returns: wanted.stream !== "blended" && !wanted.isTerminal });
  }
  return { type: TEXT_TYPE, encode: (batch) => formatter.format(batch) };
}

/** Text in pieces, each behind a line that says where to go on after it. */
function framesForm(
  formatter: TextFormatter,
  tells: { readonly returns: boolean },
): FollowForm<FollowBatch> {
  return {
    type: FRAMES_TYPE,
    encode(batch) {
      const text = formatter.format(batch);
      const { open, returns } = formatter;
      const head: TextFrameHead = {
        ...{ next_seq: batch.nextSeq, open, bytes: text.length },
        ...(batch.missed === 0 ? {} : { missed: batch.missed }),
        ...(tells.returns && returns.length > 0 ? { returns: [...returns] } : {}),
      };
      return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), text]);
    },
  };
}

/** One JSON value a line. */
export function ndjsonForm<Batch>(
  toFrames: (batch: Batch) => readonly object[],
): FollowForm<Batch> {
  const encoder = new TextEncoder();
  return {
    type: NDJSON_TYPE,
    encode(batch) {
      let text = "";
      for (const frame of toFrames(batch)) text += `${JSON.stringify(frame)}\n`;
      return encoder.encode(text);
    },
  };
}

/**
 * Streams what `follower` gives, until it is over, the client leaves or the daemon stops.
 * Closes the follower.
 */
export async function followReply<Batch>(
  follower: Pulled<Batch>,
  form: FollowForm<Batch>,
  exchange: Exchange,
): Promise<Response> {
  exchange.allowSilence();
  const first = follower.next();
  const headers = contentHeaders(form.type);
  const begun = (await isReady(first)) || form.preamble !== undefined;
  const early = begun || !takesGzip(exchange.request) ? undefined : new HeadStart();
  if (early !== undefined) headers["content-encoding"] = "gzip";
  const body = new FollowBody(follower, { first, early, form });
  const over = exchange.stay();
  exchange.request.signal.addEventListener("abort", over, { once: true });
  return new Response(body.stream(exchange.stopping, over), { headers });
}

/** The headers alone: there is nobody to follow for. */
export function followHead(form: { readonly type: string }): Response {
  return new Response(null, { headers: contentHeaders(form.type) });
}

/** Whether there is history, or already nothing more to come. */
async function isReady(batch: Promise<unknown>): Promise<boolean> {
  const turn = new Promise<false>((resolve) => setImmediate(resolve, false));
  return await Promise.race([batch.then(() => true), turn]);
}

class FollowBody<Batch> {
  readonly #follower: Pulled<Batch>;
  readonly #form: FollowForm<Batch>;
  readonly #early: HeadStart | undefined;
  #next: Promise<Batch | undefined> | undefined;
  #begun = false;

  constructor(
    follower: Pulled<Batch>,
    options: {
      readonly first: Promise<Batch | undefined>;
      readonly early: HeadStart | undefined;
      readonly form: FollowForm<Batch>;
    },
  ) {
    this.#follower = follower;
    this.#next = options.first;
    this.#early = options.early;
    this.#form = options.form;
  }

  /** Calls `over` when it has ended, or nobody reads it any more. */
  stream(stopping: AbortSignal, over: () => void): ReadableStream<Uint8Array> {
    const end = () => this.#follower.close();
    const leave = () => {
      stopping.removeEventListener("abort", end);
      end();
      over();
    };
    if (stopping.aborted) end();
    stopping.addEventListener("abort", end);
    const source: Bun.UnderlyingSource<Uint8Array> = {
      pull: async (controller) => {
        const bytes = await this.#read();
        if (bytes !== undefined) return controller.enqueue(bytes);
        leave();
        // Neither the end of the gzip stream nor that of the body: the client sees a cut.
        if (stopping.reason === BROKEN_OFF) return controller.error(BROKEN_OFF);
        if (this.#early !== undefined) controller.enqueue(this.#early.end());
        controller.close();
      },
      cancel: leave,
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  /** The next bytes there are, never none; undefined at the end. */
  async #read(): Promise<Uint8Array | undefined> {
    const preamble = this.#early?.begin() ?? this.#form.preamble;
    if (preamble !== undefined && !this.#begun) {
      this.#begun = true;
      return preamble;
    }
    for (;;) {
      const batch = await (this.#next ?? this.#follower.next());
      this.#next = undefined;
      if (batch === undefined) return undefined;
      const bytes = this.#form.encode(batch);
      if (bytes.length > 0) return this.#early?.frame(bytes) ?? bytes;
    }
  }
}
