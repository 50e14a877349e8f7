// The processes that fall to the keeper when those who started them die: it notes how each run's
// leader ended, and only then lets it go.

import type { ExitStatus } from "../domain/session.ts";
import { findEndedChild, reapChild } from "../native/reaper.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import { readZombie, type Zombie } from "./ended.ts";

export interface OrphanRules {
  /** Whether Bun waits for this child itself, so that it must be left to it. */
  isAwaited(pid: number): boolean;
  /** Whether anybody will ask how this one ended. */
  isNoted(zombie: Zombie): boolean;
  onEnded(identity: ProcessIdentity, status: ExitStatus): void;
}

/**
 * Lets go of all children that have ended. To be called whenever one may have: at SIGCHLD, and
 * after Bun has reaped one of its own, behind which others may have waited.
 */
export function reapOrphans(rules: OrphanRules): void {
  for (let child = findEndedChild(); child !== undefined; child = findEndedChild()) {
    const { pid, status } = child;
    if (rules.isAwaited(pid)) return;
    const found = readZombie(pid);
    if (found !== undefined && rules.isNoted(found)) {
      rules.onEnded({ pid, startTime: found.startTime }, status);
    }
    if (!reapChild(pid)) return;
  }
}
