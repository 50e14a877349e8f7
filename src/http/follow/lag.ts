// A reader that is too slow is told what it missed; others can learn of it from an event. One event
// for each time that it falls behind, not one for each batch in which it goes on missing entries.

import type { FollowBatch } from "../../logs/follower.ts";
import type { LogFollower } from "../ports.ts";

/**
 * The same follower, which calls `onLag` when it begins to miss entries. What was gone before it
 * began does not count: nobody was too slow for that.
 */
export function tellLag(follower: LogFollower, onLag: (missed: number) => void): LogFollower {
  let first = true;
  let behind = false;
  return {
    async next(): Promise<FollowBatch | undefined> {
      const batch = await follower.next();
      if (batch === undefined) return undefined;
      if (batch.missed > 0 && !behind && !first) onLag(batch.missed);
      behind = batch.missed > 0;
      first = false;
      return batch;
    },
    close: () => follower.close(),
  };
}
