// Binds what supervising keeps to the store, and tells followers of events what is new.

import type { Store } from "../store/store.ts";
import type { Archive } from "../supervisor/archive.ts";
import type { EventLog } from "../supervisor/event-log.ts";

/** The archive of a daemon; `changed` is called whenever something has become of a session. */
export function archiveOf(store: Store, events: EventLog, changed: () => void): Archive {
  return {
    saveSession(session) {
      store.sessions.save(session);
      changed();
    },
    removeSession(id) {
      store.sessions.remove(id);
      changed();
    },
    saveRun: (sessionId, run) => store.runs.save(sessionId, run),
    newestRun: (sessionId) => store.runs.of(sessionId, 1)[0],
    append: (event) => events.append(event),
    together: (op) => store.together(op),
  };
}
