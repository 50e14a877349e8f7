// A daemon that has nothing to do may leave: the next client starts another, which finds everything
// as it was. Off unless the environment says after how long, since curl cannot start a daemon.

import { formatDuration, LONGEST_TIMER_MS, parseDuration } from "../domain/duration.ts";
import { Problem } from "../domain/problem.ts";
import { Visitors } from "../http/visitors.ts";
import type { Environment } from "./paths.ts";

/** Whoever started it has something to ask, and on a busy machine may need so long to do so, in ms. */
const UNVISITED_MS = 5_000;

/** What `KORUN_IDLE_TIMEOUT` says, in ms; undefined: never. Throws a Problem for what is no time. */
export function resolveIdleTimeout(env: Environment): number | undefined {
  const value = env.KORUN_IDLE_TIMEOUT;
  if (!value) return undefined;
  const ms = parseDuration(value);
  if (ms !== undefined) return ms === 0 ? undefined : ms;
  const [field, expected] = [
    "KORUN_IDLE_TIMEOUT",
    "a duration such as 30s, 15m, 2h, or 0 for never",
  ];
  throw new Problem("bad_request", `${field} is ${JSON.stringify(value)}; wanted ${expected}`, {
    field,
    expected,
    hint: `Set it right, or unset ${field}.`,
  });
}

export interface IdlenessOptions {
  /** Undefined: it never leaves. */
  readonly timeoutMs: number | undefined;
  /** Whether no session does anything, nor could unless somebody asks. */
  readonly isAtRest: () => boolean;
  /** It is time to leave, with the reason in words. */
  readonly leave: (reason: string) => void;
}

/** Waits until there has been nothing to do for so long. Nothing ticks while there is. */
export class Idleness {
  readonly #options: IdlenessOptions;
  /** Whom the daemon serves; undefined where nobody needs to know. */
  readonly visitors: Visitors | undefined;
  #timer: Timer | undefined;
  #begun = false;
  #isVisited = false;

  constructor(options: IdlenessOptions) {
    this.#options = options;
    if (options.timeoutMs === undefined) return;
    this.visitors = new Visitors(() => {
      this.#isVisited = true;
      this.changed();
    });
  }

  /** The daemon serves: from now on it may leave. */
  begin(): void {
    this.#begun = true;
    this.changed();
  }

  /** Something has changed: whatever there is to do now, the time begins anew. */
  changed(): void {
    const { timeoutMs, isAtRest } = this.#options;
    if (timeoutMs === undefined || !this.#begun) return;
    clearTimeout(this.#timer);
    if (this.visitors?.any || !isAtRest()) return;
    const least = this.#isVisited ? 0 : UNVISITED_MS;
    this.#wait(performance.now() + Math.max(timeoutMs, least));
  }

  close(): void {
    this.#begun = false;
    clearTimeout(this.#timer);
  }

  #wait(until: number): void {
    const left = until - performance.now();
    if (left <= 0) this.#options.leave(this.#reason());
    else this.#timer = setTimeout(() => this.#wait(until), Math.min(left, LONGEST_TIMER_MS));
  }

  #reason(): string {
    const { timeoutMs = 0 } = this.#options;
    return `nothing to do for ${formatDuration(timeoutMs)} (KORUN_IDLE_TIMEOUT)`;
  }
}
