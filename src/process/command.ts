// Finding the program of a command the way execvp(3) does, in the child's own PATH and working
// directory, so that what cannot be started is told apart and explained before anything is spawned.

import { accessSync, constants, type Stats, statSync } from "node:fs";
import { Problem, systemCode } from "../domain/problem.ts";

/** Where execvp looks when there is no PATH at all. */
const DEFAULT_PATH = "/bin:/usr/bin";

/** What is wrong with a file that is there; the hint ends with its path. */
const UNFIT = {
  directory: { reason: "is a directory", hint: "Name a program instead, perhaps one of: ls" },
  hidden: { reason: "is in a folder that may not be entered", hint: "See: namei -l" },
  plain: { reason: "is not executable", hint: "Make it executable with: chmod +x" },
} as const;

/** Where a command is looked up: the child's. */
export interface LookupPlace {
  readonly path: string | undefined;
  /** Absolute. */
  readonly cwd: string;
}

/**
 * The path to execute, with a slash in it, as the kernel is to see it: relative to the child's
 * working directory where the name or the PATH entry is. Throws `command_not_found` or
 * `not_executable`, the message opening with ENOENT or EACCES.
 */
export function resolveCommand(name: string, place: LookupPlace): string {
  const path = place.path ?? DEFAULT_PATH;
  let refused: { readonly file: string; readonly fitness: Unfit } | undefined;
  for (const candidate of candidates(name, path)) {
    const file = fromDirectory(place.cwd, candidate);
    const fitness = fitnessOf(file);
    if (fitness === "executable") return candidate;
    // A folder of PATH that one may not enter says nothing about a misspelt name.
    if (fitness === "missing" || (fitness === "hidden" && !name.includes("/"))) continue;
    refused ??= { file, fitness };
  }
  if (refused !== undefined) throw notExecutable(name, refused);
  throw notFound(name, { path, cwd: place.cwd });
}

/** A path as seen from a directory; not normalised, since `..` after a symlink means its target. */
export function fromDirectory(directory: string, path: string): string {
  return path.startsWith("/") ? path : `${directory}/${path}`;
}

function candidates(name: string, path: string): readonly string[] {
  if (name === "") return [];
  if (name.includes("/")) return [name];
  // An empty entry of PATH is the working directory.
  return path.split(":").map((entry) => `${entry === "" ? "." : entry}/${name}`);
}

type Unfit = "directory" | "hidden" | "plain";
type Fitness = Unfit | "executable" | "missing";

function fitnessOf(path: string): Fitness {
  const stats = statOf(path);
  if (typeof stats === "string") return stats;
  if (stats.isDirectory()) return "directory";
  try {
    accessSync(path, constants.X_OK);
    return stats.isFile() ? "executable" : "plain";
  } catch {
    // The file was there a moment ago: what is wanting is the permission.
    return "plain";
  }
}

function statOf(path: string): Stats | "hidden" | "missing" {
  try {
    return statSync(path);
  } catch (thrown) {
    return systemCode(thrown) === "EACCES" ? "hidden" : "missing";
  }
}

function notExecutable(
  name: string,
  { file, fitness }: { readonly file: string; readonly fitness: Unfit },
): Problem {
  const { reason, hint } = UNFIT[fitness];
  return new Problem("not_executable", `EACCES: cannot execute "${name}": ${file} ${reason}`, {
    field: "command",
    hint: `${hint} ${file}`,
  });
}

function notFound(name: string, { path, cwd }: { path: string; cwd: string }): Problem {
  const message = name.includes("/")
    ? `ENOENT: no file ${fromDirectory(cwd, name)}`
    : `ENOENT: no command "${name}" on PATH (${path})`;
  return new Problem("command_not_found", message, {
    field: "command",
    hint: notFoundHint(name, cwd),
  });
}

function notFoundHint(name: string, cwd: string): string {
  if (/\s/.test(name)) {
    return `Give the program and its arguments as separate words, or a shell: sh -c '${name}'`;
  }
  if (name.includes("/")) return "Check the path; a relative one starts at the working directory.";
  if (fitnessOf(`${cwd}/${name}`) === "executable") return `There is one here: write ./${name}`;
  return "Check the spelling, install it, or give its path.";
}
