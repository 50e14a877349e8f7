// Work cut into slices, so that reading a large tree never keeps the event loop for long. Looks at
// changed files go before the scanning of directories.

/** Longest a slice keeps the event loop, in ms, apart from the one piece of work that overruns. */
const SLICE_MS = 6;

export type Work = () => void;

export class Slices {
  readonly #urgent = new Fifo();
  readonly #queue = new Fifo();
  #scheduled = false;
  #turn = { startedAt: 0, spentMs: 0 };
  #waiting: (() => void)[] = [];

  /** Whether nothing is left to do. */
  get isIdle(): boolean {
    return this.#urgent.isEmpty && this.#queue.isEmpty;
  }

  /** Does work in a later slice. */
  later(work: Work): void {
    this.#queue.push(work);
    this.#schedule();
  }

  /** Does work at once unless too much was done at once lately; then as soon as possible. */
  soon(work: Work): void {
    const now = performance.now();
    if (now - this.#turn.startedAt > 2 * SLICE_MS) this.#turn = { startedAt: now, spentMs: 0 };
    if (!this.#urgent.isEmpty || this.#turn.spentMs > SLICE_MS) {
      this.#urgent.push(work);
      this.#schedule();
      return;
    }
    work();
    this.#turn.spentMs += performance.now() - now;
  }

  /** Does one slice now, of about `budgetMs` and no fewer than `atLeast` pieces of work. */
  slice(budgetMs = SLICE_MS, atLeast = 1): void {
    const end = performance.now() + budgetMs;
    for (let count = 0; count < atLeast || performance.now() < end; count += 1) {
      const work = this.#urgent.take() ?? this.#queue.take();
      if (work === undefined) break;
      work();
    }
    if (!this.isIdle) {
      this.#schedule();
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when nothing is left to do. */
  idle(): Promise<void> {
    return new Promise((resolve) => this.whenIdle(resolve));
  }

  /** Calls back when nothing is left to do: at once if so it is. */
  whenIdle(done: () => void): void {
    if (this.isIdle) done();
    else this.#waiting.push(done);
  }

  /** Drops all work. */
  clear(): void {
    this.#urgent.clear();
    this.#queue.clear();
    this.slice();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.slice();
    });
  }
}

class Fifo {
  #items: Work[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  push(work: Work): void {
    this.#items.push(work);
  }

  take(): Work | undefined {
    if (this.isEmpty) {
      this.clear();
      return undefined;
    }
    const work = this.#items[this.#head];
    this.#head += 1;
    return work;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
