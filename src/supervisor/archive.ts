// Where sessions, their runs and what happened to them outlive the daemon: a narrow interface that
// the store satisfies, and that a test can leave out.

import type { EventDraft, Run, SavedSession } from "../domain/history.ts";

/** Everything is written the moment it happens. Nothing here throws: what fails is reported. */
export interface Archive {
  saveSession(session: SavedSession): void;
  /** Forgets a session and its runs. */
  removeSession(id: string): void;
  saveRun(sessionId: string, run: Run): void;
  /** The newest run of a session. */
  newestRun(sessionId: string): Run | undefined;
  append(event: EventDraft): void;
  /** Keeps all that `op` writes, or nothing of it. */
  together(op: () => void): void;
}

/** Forgets everything. */
export const NO_ARCHIVE: Archive = {
  saveSession: () => undefined,
  removeSession: () => undefined,
  saveRun: () => undefined,
  newestRun: () => undefined,
  append: () => undefined,
  together: (op) => op(),
};
