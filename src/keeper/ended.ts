// How a process ended that is not, or no longer, a child that somebody waits for: told by its
// descriptor once it is reaped, and until then by what /proc still has of it.

import { readFileSync } from "node:fs";
import type { ExitStatus } from "../domain/session.ts";
import { decodeWaitStatus, exitStatusOfPidfd } from "../native/exit-status.ts";
import type { ProcessIdentity } from "../process/process-info.ts";

/** A process that has ended and waits to be reaped. */
export interface Zombie extends ProcessIdentity {
  /** The id of its session (setsid): its own pid for the leader of a run. */
  readonly session: number;
  readonly status: ExitStatus;
}

/**
 * How a process ended, whoever its parent was; undefined while it lives, and where nothing tells.
 * `pidfd` must have been opened while it was there.
 */
export function endOf(identity: ProcessIdentity, pidfd?: number): ExitStatus | undefined {
  const told = () => (pidfd === undefined ? undefined : exitStatusOfPidfd(pidfd));
  const zombie = () => {
    const found = readZombie(identity.pid);
    return found?.startTime === identity.startTime ? found.status : undefined;
  };
  // Reaped between the two looks, it is told by the second one at its descriptor.
  return told() ?? zombie() ?? told();
}

/** What is left of a process that has ended; undefined for one that lives or was reaped. Linux. */
export function readZombie(pid: number): Zombie | undefined {
  if (process.platform !== "linux") return undefined;
  const line = readStat(pid);
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  // A first thread that ended before others is no end of the process.
  if (fields[0] !== "Z" || Number(fields[17]) > 1) return undefined;
  return {
    pid,
    startTime: Number(fields[19]),
    session: Number(fields[3]),
    status: decodeWaitStatus(Number(fields[49])),
  };
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return ""; // reaped
  }
}
