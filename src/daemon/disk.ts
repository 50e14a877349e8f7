// Whether there is room for what a daemon keeps, and whether it may write there at all. Asked when
// somebody wants to know, for a daemon with nothing to write meets no error.

import { accessSync, constants, statfsSync, utimesSync } from "node:fs";
import { systemCode } from "../domain/problem.ts";
import type { Paths } from "./paths.ts";

/** Less than this is not enough for another session: its rings take 1.7 MiB from the start. */
const LEAST_BYTES = 2 * 1_048_576;

/** What a person should know of the disk of a home; null while all is well. */
export function diskProblem({ home, lock, sessions }: Paths): string | null {
  if (isReadOnly(lock)) {
    return `The disk of ${home} is read-only: nothing is kept for the next daemon. Mount it writable.`;
  }
  const closed = [home, sessions].find(isClosed);
  if (closed !== undefined) {
    return (
      `korun may not write in ${closed}: no new session can start, and no next daemon. ` +
      `Look at: ls -la ${closed}`
    );
  }
  const left = bytesLeft(home);
  if (left === undefined || left >= LEAST_BYTES) return null;
  return (
    `The disk of ${home} is full (${Math.floor(left / 1_024)} KiB left): no new session can start, ` +
    "and of output older lines go sooner. Free some space."
  );
}

/** A disk that has failed refuses what is tried, and tells nobody who asks. */
function isReadOnly(path: string): boolean {
  try {
    const now = new Date();
    utimesSync(path, now, now);
    return false;
  } catch (thrown) {
    return systemCode(thrown) === "EROFS";
  }
}

/** Somebody has taken the permission away since the start. */
function isClosed(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return false;
  } catch (thrown) {
    return systemCode(thrown) === "EACCES";
  }
}

/** Undefined where the file system does not tell. */
function bytesLeft(path: string): number | undefined {
  try {
    const { blocks, bavail, bsize } = statfsSync(path);
    return blocks === 0 ? undefined : bavail * bsize;
  } catch {
    return undefined;
  }
}
