// Places at which a test can have the daemon killed, to prove that it may be killed anywhere.
// `KORUN_CRASH_AT=POINT:FILE` kills this process at POINT if FILE is there, which is removed first,
// so that it happens once. Without the variable a point is one comparison.

import { unlinkSync } from "node:fs";

export type CrashPoint =
  /** A run was recorded as starting, and has no child yet. */
  | "before spawn"
  /** It has a child that nobody has recorded. */
  | "after spawn"
  /** The end of a session was recorded, and nobody has been signalled. */
  | "before end"
  /** Everything of it is gone, which nobody has recorded. */
  | "after end"
  /** All output is in the log, and the end of the run is not recorded. */
  | "after drain"
  /** What a transition means is written, and not yet kept. */
  | "before commit"
  /** It is kept, and nothing of it has been done. */
  | "after commit";

const wanted = process.env.KORUN_CRASH_AT;

/** Kills this process if a test asked for it here. */
export function crashPoint(point: CrashPoint): void {
  if (wanted === undefined || !wanted.startsWith(`${point}:`)) return;
  try {
    unlinkSync(wanted.slice(point.length + 1));
  } catch {
    return; // it has been done
  }
  process.kill(process.pid, "SIGKILL");
}
