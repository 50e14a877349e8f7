// What makes a directory the same one. Inode numbers are used again at once, so its time of birth
// counts too, where the file system knows it.

import { type Stats, statSync } from "node:fs";

export interface Identity {
  readonly device: number;
  readonly inode: number;
  /** 0 where the file system does not know. */
  readonly birthMs: number;
}

/** What to say of an inode number that may have been used again. */
export type Doubt = "unknown is the same" | "unknown is another";

export function identityOf(stat: Stats): Identity {
  return { device: stat.dev, inode: stat.ino, birthMs: stat.birthtimeMs };
}

/** Whether two looks at a path saw the same directory. */
export function isSame(a: Identity, b: Identity, doubt: Doubt): boolean {
  if (a.device !== b.device || a.inode !== b.inode) return false;
  if (a.birthMs === 0 || b.birthMs === 0) return doubt === "unknown is the same";
  return a.birthMs === b.birthMs;
}

/** Whether a directory is still at its path. */
export function isAt(path: string, known: Identity, doubt: Doubt): boolean {
  try {
    return isSame(identityOf(statSync(path)), known, doubt);
  } catch {
    // Gone, or out of reach.
    return false;
  }
}
