// Long work over many entries goes on in slices: the event loop, which answers everyone else, has
// its turn in between.

/** Longest that a slice keeps the event loop, in ms, apart from the one entry that overruns. */
const SLICE_MS = 4;

/** Resolves once the event loop has had its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Work that is cut into slices. */
export class Slicer {
  #end = performance.now() + SLICE_MS;

  /** Whether it is time to let others do something. */
  get isOver(): boolean {
    return performance.now() >= this.#end;
  }

  /** Lets them, and begins the next slice. */
  async next(): Promise<void> {
    await turn();
    this.#end = performance.now() + SLICE_MS;
  }
}
