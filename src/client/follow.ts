// Following that outlives the daemon: when the connection breaks, the next daemon is asked to go on
// from the number after the last one that came. Each entry and each event comes once, in order, and
// whoever reads cannot tell. An answer that ends, rather than breaks, is the end.

import type { EventReply } from "../api/history-replies.ts";
import type { FollowFrame, TextFrameHead } from "../api/log-replies.ts";
import { isProblem } from "../domain/problem.ts";
import type { LogStream } from "../domain/session.ts";
import type { Client } from "./client.ts";
import { NoDaemon } from "./failure.ts";
import { readFrames, readTextFrames } from "./frames.ts";
import type { LogFilters, PacedReader } from "./queries.ts";

/** What is followed of a log. */
export interface FollowedLog {
  /** The session's id: a name may mean another session by the time the connection breaks. */
  readonly id: string;
  readonly stream: LogStream | undefined;
  readonly sinceSeq: number;
  /** Only these entries. */
  readonly filters?: LogFilters | undefined;
  /** The child waits for this reader. */
  readonly paced?: PacedReader | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The entries of a session from a seq on, in groups as they come. Throws a Problem. */
export function followLog(client: Client, log: FollowedLog): AsyncGenerator<FollowFrame[]> {
  const { id, stream, filters, paced, signal } = log;
  let { sinceSeq } = log;
  return outliving(client, {
    async open() {
      const how = { paced, follow: true, format: "json" } as const;
      const query = { ...filters, stream, sinceSeq, ...how };
      const body = await client.log(id, { action: "logs", query, signal });
      return readFrames<FollowFrame>(body, signal);
    },
    saw(frames) {
      const last = frames.at(-1);
      if (last !== undefined) sinceSeq = "missed" in last ? last.next_seq : last.seq + 1;
    },
    signal,
  });
}

/** A piece of followed text. */
export interface TextPiece {
  /** Where entries are missing, its first line says so. */
  readonly text: Uint8Array;
  /** How many entries are missing before it. */
  readonly missed: number;
  /** Where a carriage return was left out of it. */
  readonly returns: readonly number[];
}

/** The same as text, going on with one that left `open` what it did. */
export async function* followText(
  client: Client,
  { open = "nothing", ...log }: FollowedLog & { readonly open?: TextFrameHead["open"] },
): AsyncGenerator<TextPiece> {
  const { id, stream, filters, paced, signal } = log;
  let at = { next_seq: log.sinceSeq, open };
  const pieces = outliving(client, {
    async open() {
      const where = { sinceSeq: at.next_seq, open: at.open };
      const how = { paced, follow: true, format: "frames" } as const;
      const query = { ...filters, stream, ...where, ...how };
      const body = await client.log(id, { action: "logs", query, signal });
      return readTextFrames(body, signal);
    },
    saw({ head }) {
      at = head;
    },
    signal,
  });
  for await (const { head, text } of pieces) {
    yield { text, missed: head.missed ?? 0, returns: head.returns ?? [] };
  }
}

/** What happens from a seq on, in groups as it comes. Throws a Problem. */
export function followEvents(
  client: Client,
  events: { readonly sinceSeq: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<EventReply[]> {
  const { signal } = events;
  let { sinceSeq } = events;
  return outliving(client, {
    async open() {
      return readFrames<EventReply>(await client.followEvents({ sinceSeq }, signal), signal);
    },
    saw(batch) {
      sinceSeq = (batch.at(-1)?.seq ?? sinceSeq - 1) + 1;
    },
    signal,
  });
}

/** Asks the next daemon once more when the one asked died. Where none was, none follows. */
export async function outlivingCall<T>(
  client: Client,
  call: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (!isBreak(thrown) || thrown instanceof NoDaemon) throw thrown;
    await client.outlive(thrown, signal);
    return await call();
  }
}

interface Following<Batch> {
  /** Asks for what comes after all that was seen. */
  open(): Promise<AsyncGenerator<Batch>>;
  saw(batch: Batch): void;
  readonly signal: AbortSignal | undefined;
}

async function* outliving<Batch>(
  client: Client,
  { open, saw, signal }: Following<Batch>,
): AsyncGenerator<Batch> {
  for (;;) {
    try {
      for await (const batch of await open()) {
        saw(batch);
        yield batch;
      }
      return;
    } catch (thrown) {
      if (!isBreak(thrown) || signal?.aborted) throw thrown;
      await client.outlive(thrown, signal);
    }
  }
}

/** Whether the daemon died over it, or leaves: the next one can go on. */
export function isBreak(thrown: unknown): boolean {
  return isProblem(thrown, "unavailable");
}
