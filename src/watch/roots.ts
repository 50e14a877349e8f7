// Watch entries, made into roots: a path (whatever is there: a file, or a directory with all below
// it) or a glob below a directory. An entry that exists as it is written is a path, glob or not.

import { statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Problem, systemCode } from "../domain/problem.ts";
import { compileGlob, type Glob, isGlob, splitGlob } from "./glob.ts";
import { isWithin } from "./paths.ts";

/** Where watching begins. */
export interface Root {
  /** Absolute: the path itself, or the directory a glob is below. */
  readonly path: string;
  readonly glob: Glob | undefined;
  /** Whether the entry was given relative to the working directory. */
  readonly relative: boolean;
}

/**
 * Resolves entries against `cwd`. Throws a `bad_request` Problem naming `watch[i]` for one that is
 * not there, unless it `mayBeMissing`: then it is watched for its return.
 */
export function resolveRoots(
  cwd: string,
  entries: readonly string[],
  { mayBeMissing = false }: { mayBeMissing?: boolean } = {},
): readonly Root[] {
  return entries.map((entry, index) => {
    if (mayBeMissing) return rootOf(cwd, entry);
    return resolveRoot(cwd, entry, `watch[${index}]`);
  });
}

/** How a changed path is shown: as its root was given, and relative to `cwd` wherever below it. */
export function displayPath(path: string, cwd: string, roots: readonly Root[]): string {
  if (isWithin(path, cwd)) return relative(cwd, path) || ".";
  const root = roots.find((candidate) => isWithin(path, candidate.path));
  return root?.relative === true ? relative(cwd, path) : path;
}

function resolveRoot(cwd: string, entry: string, field: string): Root {
  const root = rootOf(cwd, entry);
  const kind = kindOf(root.path);
  if (kind === "missing") throw missing(cwd, { entry, path: root.path, field });
  if (kind === "file" && root.glob !== undefined) {
    throw new Problem("bad_request", `Cannot watch ${show(entry)}: ${root.path} is no directory`, {
      field,
      expected: "a glob below a directory",
    });
  }
  return root;
}

function rootOf(cwd: string, entry: string): Root {
  const path = resolve(cwd, entry);
  const given = { relative: !entry.startsWith("/") };
  if (!isGlob(entry) || kindOf(path) !== "missing") return { path, glob: undefined, ...given };

  const isDirectory = (base: string) => kindOf(resolve(cwd, base)) === "directory";
  const { base, rest } = splitGlob(entry, isDirectory);
  return { path: resolve(cwd, base), glob: compileGlob(rest), ...given };
}

function missing(cwd: string, at: { entry: string; path: string; field: string }): Problem {
  const negated = at.entry.startsWith("!");
  const relativeHint = at.entry.startsWith("/") ? "" : ` Entries are resolved against ${cwd}.`;
  return new Problem("bad_request", `Cannot watch ${show(at.entry)}: ${at.path} does not exist`, {
    field: at.field,
    expected: "an existing file or directory, or a glob below an existing directory",
    hint: negated
      ? "What must not be watched goes into ignore, without the exclamation mark."
      : `Check the spelling.${relativeHint}`,
  });
}

/** What a path leads to. Unreadable ways count as missing: they could never be watched. */
function kindOf(path: string): "file" | "directory" | "missing" {
  try {
    return statSync(path).isDirectory() ? "directory" : "file";
  } catch (thrown) {
    if (systemCode(thrown) === undefined) throw thrown;
    return "missing";
  }
}

function show(entry: string): string {
  return JSON.stringify(entry);
}
