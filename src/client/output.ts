// What programs ask of a session's output. To wait for something outlives the daemon: the next one
// is asked to look from the same place on, for what is left of the time.

import type { DiffReply } from "../api/diffing.ts";
import type { DigestReply } from "../api/digesting.ts";
import type { ExpectReply } from "../api/expecting.ts";
import { sessionPath } from "../api/paths.ts";
import type { LogStream } from "../domain/session.ts";
import type { Client, Reply } from "./client.ts";
import { isBreak, outlivingCall } from "./follow.ts";
import { withQuery } from "./queries.ts";
import { patience } from "./waiting.ts";

/** What to look for, and from where on. */
export interface ExpectQuery {
  readonly pattern: string;
  readonly regex: boolean;
  readonly stream: LogStream | undefined;
  /** An entry; by default the first of the newest run. */
  readonly sinceSeq: number | undefined;
  /** So much of that line was looked at before. */
  readonly sinceColumn: number | undefined;
  readonly timeoutMs: number;
}

/**
 * Resolves once it is found, or with another outcome when that is over. Throws a Problem,
 * `not_found` when there is no such session.
 */
export async function expectOutput(
  client: Client,
  reference: string,
  query: ExpectQuery,
): Promise<Reply<ExpectReply>> {
  const { pattern, regex, stream, sinceSeq, sinceColumn, timeoutMs } = query;
  const deadline = performance.now() + timeoutMs;
  // A name may mean another session by the time the daemon dies, and there may be a newer run.
  const signal = patience(timeoutMs);
  const { body } = await outlivingCall(client, () => client.inspect(reference), signal);
  const { id, run } = body;
  for (;;) {
    const path = withQuery(sessionPath(id, "expect"), {
      pattern,
      regex: regex ? 1 : undefined,
      stream,
      since_seq: sinceSeq,
      since_column: sinceColumn,
      run: sinceSeq === undefined ? run : undefined,
      timeout: Math.max(0, Math.round(deadline - performance.now())),
    });
    try {
      return await client.read<ExpectReply>(path, { once: true });
    } catch (thrown) {
      if (!isBreak(thrown)) throw thrown;
      await client.outlive(thrown, signal);
    }
  }
}

/** Who looks, and at how much. */
export interface DiffQuery {
  readonly cursor: string | undefined;
  readonly limit: number | undefined;
  /** `0`: without escape sequences. */
  readonly ansi: "0" | undefined;
}

/** What is new to a reader. Asked again because the daemon died, it gives the same. */
export function readDiff(
  client: Client,
  reference: string,
  query: DiffQuery,
): Promise<Reply<DiffReply>> {
  return client.read(withQuery(sessionPath(reference, "diff"), { ...query }));
}

/** Of what to make a digest: by default of the newest run. */
export interface DigestQuery {
  readonly stream: LogStream | undefined;
  /** A number, or `last`. */
  readonly run: string | undefined;
  /** A time, or how long ago. */
  readonly since: string | undefined;
}

/** A session's output in a few lines. */
export function readDigest(
  client: Client,
  reference: string,
  query: DigestQuery,
): Promise<Reply<DigestReply>> {
  return client.read(withQuery(sessionPath(reference, "digest"), { ...query }));
}
