// The user's ignore globs. One without a slash means the name at any depth; one with a slash is
// relative to the working directory or to the watched root. A directory that matches takes all
// below it along, since nothing goes into it.

import { resolve } from "node:path";
import { Problem } from "../domain/problem.ts";
import { pathMatcher } from "./glob.ts";
import { below, isBelow, nameOf } from "./paths.ts";

/** What is asked about: a path, and the root it was reached from. */
export interface Candidate {
  readonly path: string;
  readonly root: string;
  readonly directory: boolean;
}

export type Ignores = (candidate: Candidate) => boolean;

/** Compiles globs as given. Throws a `bad_request` Problem naming `ignore[i]`. */
export function compileIgnores(cwd: string, globs: readonly string[]): Ignores {
  const tests = globs.map((glob, index) => compileOne(cwd, glob, `ignore[${index}]`));
  return (candidate) => tests.some((test) => test(candidate));
}

function compileOne(cwd: string, given: string, field: string): Ignores {
  if (given.startsWith("!") && !given.startsWith("!(")) {
    throw new Problem("bad_request", `Cannot ignore ${JSON.stringify(given)}: it is an exception`, {
      field,
      expected: "a glob of what must not cause a restart",
      hint: "A path given to watch is never ignored: name the exception there.",
    });
  }
  const directoryOnly = given.endsWith("/");
  const glob = given.replace(/^(\.\/+)+/, "").replace(/\/+$/, "");
  const test = testOf(cwd, glob, given.startsWith("./") || glob.includes("/"));
  return (candidate) => (candidate.directory || !directoryOnly) && test(candidate);
}

function testOf(cwd: string, glob: string, isPath: boolean): Ignores {
  if (glob.startsWith("/") || glob.startsWith("../")) {
    const matches = literalOrGlob(resolve(cwd, glob));
    return ({ path }) => matches(path);
  }
  const matches = literalOrGlob(glob);
  if (!isPath) return ({ path }) => matches(nameOf(path));
  return ({ path, root }) =>
    (isBelow(path, cwd) && matches(below(path, cwd))) ||
    (isBelow(path, root) && matches(below(path, root)));
}

/** `app/[id]` means the directory of that name as well as what the glob says. */
function literalOrGlob(glob: string): (path: string) => boolean {
  const matches = pathMatcher(glob);
  return (path) => path === glob || matches(path);
}
