// Waiting that outlives the daemon: the next one is asked to wait for what is left of the time.

import type { WaitReply } from "../api/waiting.ts";
import { LONGEST_TIMER_MS } from "../domain/duration.ts";
import type { Client, Reply, WaitQuery } from "./client.ts";
import { isBreak, outlivingCall } from "./follow.ts";

/** A wait that is over still gives the next daemon this long to say so, in ms. */
const LAST_WORD_MS = 1_000;

/** Ends a wait for the next daemon a moment after `ms`. */
export function patience(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(ms + LAST_WORD_MS, LONGEST_TIMER_MS));
}

/**
 * Resolves once a session has come to what is waited for, or otherwise when that is over. Throws a
 * Problem, `not_found` when there is no such session.
 */
export async function waitForSession(
  client: Client,
  reference: string,
  { goal, timeoutMs }: WaitQuery,
): Promise<Reply<WaitReply>> {
  const deadline = performance.now() + timeoutMs;
  // A name may mean another session by the time the daemon dies.
  const signal = patience(timeoutMs);
  const { id } = (await outlivingCall(client, () => client.inspect(reference), signal)).body;
  for (;;) {
    const left = Math.max(0, Math.round(deadline - performance.now()));
    try {
      return await client.wait(id, { goal, timeoutMs: left });
    } catch (thrown) {
      if (!isBreak(thrown)) throw thrown;
      await client.outlive(thrown, signal);
    }
  }
}
