// Notices that the reader of our output has left, as `head` does, while we have nothing to write:
// a follower of a quiet session would otherwise keep its pipeline waiting for the next line.

import { fstatSync, openSync } from "node:fs";
import { POLL, PollSet } from "../../native/pipe.ts";

/** How often to look, in ms. */
const LOOK_MS = 500;

/** Calls back once the reader of stdout has left. Gives the function that ends the watch. */
export function watchReader(onGone: () => void): () => void {
  const stats = fstatSync(1);
  if (!stats.isFIFO() && !stats.isSocket()) return () => {};
  // Always readable, so that a look never waits.
  const ready = openSync("/dev/null", "r");
  const polled = new PollSet();
  polled.add(ready);
  const place = polled.add(1);
  const timer = setInterval(() => {
    if (polled.wait() === 0 || (polled.happened(place) & (POLL.err | POLL.hup)) === 0) return;
    clearInterval(timer);
    onGone();
  }, LOOK_MS);
  return () => clearInterval(timer);
}
