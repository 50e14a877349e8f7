// Long work over many entries goes on in slices: the event loop, which answers everyone else, has
// its turn in between. All such work shares them, so that a hundred readers of a flood hold up a
// request no longer than one does; whoever has to wait goes on in the order of waiting.

/** Longest that work keeps the event loop, in ms, apart from the one piece that overruns. */
const SLICE_MS = 4;

interface Slice {
  /** By `performance.now()`. */
  readonly end: number;
  /** Resolves once the event loop has had its turn. */
  readonly over: Promise<void>;
}

let current: Slice | undefined;

/** Resolves once the event loop has had its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether it is time to let others do something: then wait for `nextSlice`. */
export function isSliceOver(): boolean {
  current ??= beginSlice();
  return performance.now() >= current.end;
}

/** Lets others have their turn, if it is time for it. */
export async function nextSlice(): Promise<void> {
  while (isSliceOver()) await current?.over;
}

function beginSlice(): Slice {
  const over = turn().then(() => {
    current = undefined;
  });
  return { end: performance.now() + SLICE_MS, over };
}
