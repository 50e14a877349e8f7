// Git writes a checkout file by file under its index lock: while it is there, more is to come.

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { repositoryOf } from "./gitrules.ts";
import { child } from "./paths.ts";

/** An older lock was left behind by a git that died, or waits for an editor. */
const STALE_MS = 10_000;

/** The index locks of the repositories these paths lie in. */
export function indexLocks(paths: readonly string[]): readonly string[] {
  const repositories = new Set(paths.map(repositoryOf));
  const locks: string[] = [];
  for (const repository of repositories) {
    if (repository !== undefined) locks.push(child(gitDirectory(repository), "index.lock"));
  }
  return locks;
}

/** Whether git is at work under one of these locks. `now` is in epoch ms. */
export function isLocked(locks: readonly string[], now: number): boolean {
  return locks.some((lock) => {
    try {
      const stat = statSync(lock, { throwIfNoEntry: false });
      return stat !== undefined && now - stat.mtimeMs < STALE_MS;
    } catch {
      // A lock that cannot be seen holds nothing up.
      return false;
    }
  });
}

/** Where a repository keeps its index; a worktree's `.git` is a file that says where. */
function gitDirectory(repository: string): string {
  const git = child(repository, ".git");
  try {
    const pointer = readFileSync(git, "utf8");
    return resolve(repository, pointer.replace(/^gitdir: */, "").trim());
  } catch {
    // EISDIR: the usual case.
    return git;
  }
}
