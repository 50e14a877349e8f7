// Looking again and again at what cannot be watched. How often depends on what a round costs, so
// that a large tree never keeps the daemon busy.

/** Shortest time between two rounds, in ms. */
export const POLL_MS = 1_000;
const MAX_POLL_MS = 10_000;

/** A round may take one part in so many of the time. */
const SHARE = 20;

/** How long to wait after a round that took `costMs`. */
export function pauseAfter(costMs: number): number {
  return Math.min(Math.max(POLL_MS, SHARE * costMs), MAX_POLL_MS);
}

export class Poller {
  readonly #round: () => Promise<void>;
  #timer: Timer | undefined;
  #running = false;

  /** `round` looks at everything once. */
  constructor(round: () => Promise<void>) {
    this.#round = round;
  }

  /** Goes on until stopped; does nothing when it goes on already. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#wait(POLL_MS);
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  #wait(pauseMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#next(), pauseMs);
    this.#timer.unref();
  }

  async #next(): Promise<void> {
    const startedAt = performance.now();
    await this.#round();
    if (this.#running) this.#wait(pauseAfter(performance.now() - startedAt));
  }
}
