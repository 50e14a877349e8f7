// What the API tells of the past: runs from the store, events from the log that can be followed.

import type { History } from "../http/ports.ts";
import type { Store } from "../store/store.ts";
import type { EventLog } from "../supervisor/event-log.ts";

/** The history of a daemon. */
export function historyOf(store: Store, events: EventLog): History {
  return {
    runs: (sessionId) => store.runs.of(sessionId),
    since: (seq, limit) => events.since(seq, limit),
    newest: (limit) => events.newest(limit),
    follow: (seq) => events.follow(seq),
    lagged: (sessionId, facts) =>
      events.append({ type: "follower_lagged", ...facts, time: Date.now(), sessionId }),
  };
}
