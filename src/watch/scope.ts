// What a watcher wants to see. A directory is entered by the roots that reach it; what a user, git
// or a tool ignores is not entered at all. A root itself is never ignored, nor is the way to it.

import type { GitRules } from "./gitrules.ts";
import { compileIgnores, type Ignores } from "./ignores.ts";
import { isToolName } from "./names.ts";
import { below, isWithin, nameOf, parentOf } from "./paths.ts";
import type { Root } from "./roots.ts";

/** No one names a file so: ignored only where a rule ignores everything. */
const PROBE = "korun\u0001probe";

export interface ScopeOptions {
  readonly cwd: string;
  readonly roots: readonly Root[];
  readonly ignore: readonly string[];
  /** Absolute directories that are never looked into unless a root lies in them. */
  readonly exclude: readonly string[];
}

/** Where something lies: the roots that reached its directory, and git's rules there. */
export interface Place {
  readonly roots: readonly Root[];
  readonly rules: GitRules;
}

export class Scope {
  readonly #roots: readonly Root[];
  readonly #exclude: readonly string[];
  readonly #ignores: Ignores;
  /** For each directory on the way to a root: the names that lead on. */
  readonly #ways = new Map<string, Set<string>>();
  readonly #pinned = new Set<string>();
  readonly #ruled = new Map<Root, WeakMap<GitRules, boolean>>();

  constructor(options: ScopeOptions) {
    this.#roots = options.roots;
    this.#exclude = options.exclude;
    this.#ignores = compileIgnores(options.cwd, options.ignore);
    for (const root of options.roots) this.#pin(root.path);
  }

  /** Whether a path is a root or on the way to one: never ignored, and symlinks are followed. */
  pins(path: string): boolean {
    return this.#pinned.has(path);
  }

  /** The names in a directory that lead to a root. */
  waysIn(directory: string): ReadonlySet<string> {
    return this.#ways.get(directory) ?? new Set();
  }

  /** Whether a directory in `place` is entered: a root reaches it, or it is on the way to one. */
  wantsDirectory(path: string, place: Place): boolean {
    return this.#pinned.has(path) || this.rootsOf(path, place).length > 0;
  }

  /** The roots that reach a directory in `place`. */
  rootsOf(path: string, place: Place): readonly Root[] {
    return this.#roots.filter(
      (root) =>
        root.path === path || (place.roots.includes(root) && this.#enters(root, path, place)),
    );
  }

  /** Whether a change of this file counts. */
  wantsFile(path: string, place: Place): boolean {
    if (this.#pinned.has(path)) {
      if (this.#roots.some((root) => root.path === path && root.glob === undefined)) return true;
    }
    return place.roots.some((root) => {
      if (root.glob !== undefined && !root.glob.matches(below(path, root.path))) return false;
      return !this.#isIgnored(root, { path, directory: false, place });
    });
  }

  #enters(root: Root, path: string, place: Place): boolean {
    if (root.glob !== undefined && !root.glob.reaches(below(path, root.path))) return false;
    return !this.#isIgnored(root, { path, directory: true, place });
  }

  #isIgnored(root: Root, at: { path: string; directory: boolean; place: Place }): boolean {
    if (isToolName(nameOf(at.path))) return true;
    if (this.#isExcluded(root, at.path)) return true;
    if (this.#ignores({ path: at.path, root: root.path, directory: at.directory })) return true;
    const { rules } = at.place;
    return this.#isRuled(root, rules) && rules.ignores(at.path, at.directory);
  }

  #isExcluded(root: Root, path: string): boolean {
    return this.#exclude.some(
      (directory) => isWithin(path, directory) && !isWithin(root.path, directory),
    );
  }

  /** Git's rules say nothing about a root that lies in what they ignore: it was asked for. */
  #isRuled(root: Root, rules: GitRules): boolean {
    const known = this.#ruled.get(root) ?? new WeakMap<GitRules, boolean>();
    this.#ruled.set(root, known);
    const answer = known.get(rules) ?? !isIgnoredArea(root.path, rules.above(root.path));
    known.set(rules, answer);
    return answer;
  }

  #pin(path: string): void {
    this.#pinned.add(path);
    for (let at = path; at !== "/"; at = parentOf(at)) {
      const parent = parentOf(at);
      this.#pinned.add(parent);
      const names = this.#ways.get(parent) ?? new Set();
      this.#ways.set(parent, names.add(nameOf(at)));
    }
  }
}

/** Ignored by itself, by a directory above it, or since all that could be in it is. */
function isIgnoredArea(path: string, outer: GitRules | undefined): boolean {
  if (outer === undefined) return false;
  return outer.ignores(path, true) || outer.ignores(`${path}/${PROBE}`, false);
}
