// Changes in, one trigger a burst out. A burst whose files are all back to what they were before
// it, such as a temporary file that came and went, triggers nothing.

import type { FileEvent } from "../domain/session.ts";
import { type Burst, extend, waitFor } from "./debounce.ts";
import { type Fingerprint, isSame } from "./fingerprint.ts";

/** A path, with what it was before; undefined if it was not there. */
export type Difference = readonly [path: string, before: Fingerprint | undefined];

export interface TriggerOptions {
  readonly quietMs: number;
  /** Whether the end of a burst must be awaited a little longer. */
  readonly isHeld: () => boolean;
  /** What is known of a file now; undefined if it is not there. */
  readonly current: (path: string) => Fingerprint | undefined;
  /** The first path of the burst that is not what it was, and what became of it. */
  readonly onTrigger: (path: string, event: FileEvent) => void;
  /** The burst that this path was in is over, whether it triggered or not. */
  readonly onOver: (path: string) => void;
}

export class Trigger {
  readonly #options: TriggerOptions;
  /** Each path of the burst, with what it was before. */
  readonly #before = new Map<string, Fingerprint | undefined>();
  #burst: Burst | undefined;
  #timer: Timer | undefined;

  constructor(options: TriggerOptions) {
    this.#options = options;
  }

  /** Takes changes of one moment; with no debounce they trigger before this returns. */
  push(changes: Iterable<Difference>): void {
    this.#burst = extend(this.#burst, performance.now());
    for (const [path, before] of changes) {
      if (!this.#before.has(path)) this.#before.set(path, before);
    }
    // A running timer asks again by itself: no timer is made for each of a thousand changes.
    if (this.#timer === undefined) this.#ask();
  }

  /** Whether this path is in a burst that is not over. */
  holds(path: string): boolean {
    return this.#before.has(path);
  }

  /** Forgets a burst that has not triggered yet. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#burst = undefined;
    const over = [...this.#before.keys()];
    this.#before.clear();
    for (const path of over) this.#options.onOver(path);
  }

  #ask(): void {
    if (this.#burst === undefined) return;
    const { quietMs, isHeld } = this.#options;
    const wait = waitFor(this.#burst, { now: performance.now(), quietMs, isHeld });
    if (wait <= 0) {
      this.#fire();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#ask();
    }, Math.ceil(wait));
    this.#timer.unref();
  }

  #fire(): void {
    const burst = [...this.#before];
    this.clear();
    const { current, onTrigger } = this.#options;
    const changed = burst.find(([path, before]) => !isSame(before, current(path)));
    if (changed === undefined) return;
    const [path, before] = changed;
    onTrigger(path, eventOf(before, current(path)));
  }
}

/** What a difference between two looks at a file was. */
export function eventOf(
  before: Fingerprint | undefined,
  after: Fingerprint | undefined,
): FileEvent {
  if (before === undefined) return "created";
  return after === undefined ? "deleted" : "modified";
}
