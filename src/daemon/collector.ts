// Collects garbage once it has become quiet. Bun's own timer does so every second for half a minute
// after anything was allocated, on all its threads: some thirty context switches a second, in daemon
// and keeper, for a request that was answered long ago. Whoever launches the two turns it off
// (`src/process/environment.ts`). What is allocated in plenty is collected on the spot all the same.

/** How long it must have been quiet, in ms; at most twice as long passes. */
const QUIET_MS = 10_000;

/** Keeps nothing alive, and nothing ticks once it is quiet. */
export class Collector {
  readonly #collect: () => void;
  #timer: Timer | undefined;
  #happened = false;

  constructor(collect: () => void = () => void Bun.gc(false)) {
    this.#collect = collect;
  }

  /** Something was done, and may have left garbage. */
  readonly happened = (): void => {
    this.#happened = true;
    this.#timer ??= this.#wait();
  };

  close(): void {
    clearTimeout(this.#timer);
  }

  #wait(): Timer {
    this.#happened = false;
    return setTimeout(() => {
      const isQuiet = !this.#happened;
      this.#timer = isQuiet ? undefined : this.#wait();
      if (isQuiet) this.#collect();
    }, QUIET_MS).unref();
  }
}
