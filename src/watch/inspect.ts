// What is at a path, in the terms of a watcher.

import { type Dirent, lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { parentOf } from "./paths.ts";

export type Found =
  | { readonly kind: "file"; readonly stat: Stats; readonly isLink: boolean }
  | { readonly kind: "directory"; readonly stat: Stats }
  /** Nothing, or nothing that is watched: a socket, a link that leads nowhere or is not followed. */
  | { readonly kind: "nothing"; readonly isLink: boolean };

/** Looks at a path. A symlink to a file counts as the file; to a directory only if `follow`. */
export function inspect(path: string, follow: boolean): Found {
  let isLink = false;
  try {
    const own = lstatSync(path, { throwIfNoEntry: false });
    if (own === undefined) return { kind: "nothing", isLink };
    isLink = own.isSymbolicLink();
    const stat = isLink ? statSync(path) : own;
    if (stat.isFile()) return { kind: "file", stat, isLink };
    if (stat.isDirectory() && (follow || !isLink)) return { kind: "directory", stat };
  } catch {
    // A dangling link, a parent that is no directory, or a way that may not be gone.
  }
  return { kind: "nothing", isLink };
}

/** The entries of a directory; none if it cannot be read. */
export function list(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // It is gone, of which its parent tells, or may not be read.
    return [];
  }
}

/** A path, or the nearest directory on the way to it that exists. */
export function nearestDirectory(path: string): string {
  for (let at = path; at !== "/"; at = parentOf(at)) {
    if (inspect(at, true).kind === "directory") return at;
  }
  return "/";
}
