// What git ignores in a directory: the rules from the repository's top down to it, in git's order,
// so that a deeper file's exception wins. Rules of one chain are one list in one matcher: each
// nested file's patterns are rewritten as the top would write them.

import { lstatSync, readFileSync, statSync } from "node:fs";
import createIgnore, { type Ignore } from "ignore";
import { below, child, isBelow, isWithin, parentOf } from "./paths.ts";

/** The matcher keeps every answer; so many, and it is made anew. */
const CACHED_ANSWERS = 10_000;

/** Larger rule files are not rules. */
const MAX_RULE_BYTES = 1_048_576;

/** The rules that hold in a directory. Never changes: a changed file makes other rules. */
export class GitRules {
  /** Where the newest of these rules stand. */
  readonly directory: string;
  readonly #parent: GitRules | undefined;
  readonly #top: string;
  readonly #lines: readonly string[];
  readonly #below = new Map<string, { readonly text: string; readonly rules: GitRules }>();
  #matcher: Ignore | undefined;
  #asked = 0;

  private constructor(directory: string, lines: readonly string[], parent?: GitRules) {
    this.directory = directory;
    this.#parent = parent;
    this.#top = parent === undefined ? directory : parent.#top;
    this.#lines = lines;
  }

  /** The rules that stand at the top of a chain: those of no file, and of git's own exclude file. */
  static top(directory: string): GitRules {
    const exclude = readRules(child(child(child(directory, ".git"), "info"), "exclude"));
    return new GitRules(directory, exclude === undefined ? [] : rewrite(exclude, ""));
  }

  /** The rules of a directory below, given the text of its rule file; the same for the same text. */
  with(directory: string, text: string): GitRules {
    const known = this.#below.get(directory);
    if (known?.text === text) return known.rules;
    const lines = rewrite(text, directory === this.#top ? "" : below(directory, this.#top));
    const rules = new GitRules(directory, [...this.#lines, ...lines], this);
    this.#below.set(directory, { text, rules });
    return rules;
  }

  /** Whether git ignores a path whose parent directories it does not ignore. */
  ignores(path: string, directory: boolean): boolean {
    if (this.#lines.length === 0 || !isBelow(path, this.#top)) return false;
    this.#asked += 1;
    if (this.#matcher === undefined || this.#asked > CACHED_ANSWERS) {
      this.#matcher = createIgnore({ ignorecase: false }).add([...this.#lines]);
      this.#asked = 0;
    }
    return this.#matcher.ignores(below(path, this.#top) + (directory ? "/" : ""));
  }

  /** Whether other rules say the same. */
  isSame(other: GitRules): boolean {
    return (
      this.directory === other.directory &&
      this.#top === other.#top &&
      this.#lines.length === other.#lines.length &&
      this.#lines.every((line, index) => line === other.#lines[index])
    );
  }

  /** The part of these rules that stands above a directory, if any does. */
  above(directory: string): GitRules | undefined {
    if (!isWithin(this.directory, directory)) return this;
    return this.#parent?.above(directory);
  }
}

/** The rules in a directory, given those around it; a repository within another has its own. */
export function rulesIn(directory: string, outer: GitRules | undefined): GitRules {
  const rules = outer === undefined || isRepository(directory) ? GitRules.top(directory) : outer;
  const text = readRules(child(directory, ".gitignore"));
  return text === undefined ? rules : rules.with(directory, text);
}

/** The rules around a directory: of those from the top of its repository, or `top`, down to it. */
export function rulesAround(directory: string, top: string): GitRules | undefined {
  const start = repositoryOf(directory) ?? top;
  if (!isBelow(directory, start)) return undefined;
  const parent = parentOf(directory);
  return rulesIn(parent, rulesAround(parent, start));
}

/** The top of the repository a path lies in, undefined outside of any. */
export function repositoryOf(path: string): string | undefined {
  for (let at = path; ; at = parentOf(at)) {
    if (isRepository(at)) return at;
    if (at === "/") return undefined;
  }
}

/** `.git` is a file in worktrees and submodules. */
function isRepository(directory: string): boolean {
  try {
    return lstatSync(child(directory, ".git"), { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A file has no `.git`, and a directory that may not be searched shows none.
    return false;
  }
}

function readRules(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > MAX_RULE_BYTES) return undefined;
    return readFileSync(path, "utf8");
  } catch {
    // No such file, or none that may be read: no rules, as for git.
    return undefined;
  }
}

/** Patterns of a file in `directory` (relative to the top), written as the top would. */
function rewrite(text: string, directory: string): readonly string[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const patterns = lines.filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (directory === "") return patterns;
  const prefix = directory.replaceAll(/[\\*?[\]]/g, "\\$&");
  return patterns.map((line) => {
    const negative = line.startsWith("!") ? "!" : "";
    const pattern = line.slice(negative.length);
    const anchored = pattern.replace(/ +$/, "").replace(/\/$/, "").includes("/");
    const rest = pattern.replace(/^\//, "");
    return `${negative}/${prefix}/${anchored ? "" : "**/"}${rest}`;
  });
}
