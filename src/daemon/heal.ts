// What a daemon that was killed leaves in its home, cleared by the next one. Only the holder of
// the lock may do so: for it, whatever is found there belongs to nobody.

import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../domain/problem.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { Paths } from "./paths.ts";
import { answers } from "./record.ts";

/** Removes a socket at which nobody answers. Throws a Problem for anything else in its place. */
export async function clearStaleSocket(paths: Paths): Promise<void> {
  const stats = lstatSync(paths.socket, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new Problem("conflict", `${paths.socket} is in the way: it is no socket`, {
      hint: "Move it away, then try again.",
    });
  }
  // The lock file was removed under a running daemon, so that its lock excludes nobody.
  if (await answers(paths.socket)) {
    throw new Problem("conflict", `another process answers at ${paths.socket} without its lock`, {
      hint: "Stop it with: korun daemon stop",
    });
  }
  rmSync(paths.socket, { force: true });
}

/**
 * Puts the kept output of all sessions out of the way: daemon after daemon has died, and it may be
 * the cause. It stays in each session's folder until the session is removed.
 */
export function setRingsAside(paths: Paths, log: DaemonLog): void {
  for (const id of readdirSync(paths.sessions)) {
    for (const stream of ["stdout", "stderr"]) {
      const ring = join(paths.sessions, id, `${stream}.ring`);
      if (existsSync(ring)) renameSync(ring, `${ring}.set-aside`);
    }
  }
  log.warn("kept output was set aside, since daemons died again and again");
}
