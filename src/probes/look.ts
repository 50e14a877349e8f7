// Looking through a probe: once within a time, or again and again until it is met. Looks begin close
// together, since most servers are up in a moment, and become rarer; none begins before the last one
// is done.

import { LONGEST_TIMER_MS } from "../domain/duration.ts";
import { messageOf } from "../domain/problem.ts";
import { pause } from "../process/pause.ts";
import { type Probe, type Sight, unmet } from "./probe.ts";

/** First and longest pause between two looks, in ms, and how it grows. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
const PAUSE_GROWTH = 1.2;

/** A look has at least so long, in ms, however little time there is. */
const LEAST_LOOK_MS = 50;

/** One look, of at most `ms`. Never rejects: a look that fails has not seen what it was for. */
export async function lookOnce(
  probe: Probe,
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
): Promise<Sight> {
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, Math.min(ms, LONGEST_TIMER_MS));
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    return await probe.look(over.signal);
  } catch (thrown) {
    return unmet(messageOf(thrown));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

export interface UntilMet {
  /** When to give up, by `performance.now()`. The first look is taken in any case. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Told after each look that was in vain, also of one that was cut short. */
  readonly onUnmet: (reason: string) => void;
}

/** True once it is met; false when it is late, or when the signal is aborted. */
export async function untilMet(probe: Probe, options: UntilMet): Promise<boolean> {
  const { deadline, signal, onUnmet } = options;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const left = Math.max(deadline - performance.now(), LEAST_LOOK_MS);
    const ms = Math.min(left, probe.mostMs ?? left);
    const sight = await lookOnce(probe, { ms, signal });
    if (sight.ok) return !signal.aborted;
    onUnmet(sight.reason);
    if (signal.aborted) return false;
    const pauseLeft = deadline - performance.now();
    if (pauseLeft <= 0) return false;
    await pause(Math.min(pauseMs, pauseLeft), signal);
    if (signal.aborted) return false;
    pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS);
  }
}
