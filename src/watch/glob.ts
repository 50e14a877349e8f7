// Globs of watch entries: cut into the directory that is certain and the pattern below it, so that
// only directories which can hold a match are ever watched.

import picomatch from "picomatch";

/** A pattern below a base directory; every path given to it is relative to that base. */
export interface Glob {
  /** Whether the pattern names this file, or a directory that it lies in. */
  matches(file: string): boolean;
  /** Whether something in this directory can match. */
  reaches(directory: string): boolean;
}

const OPTIONS = { dot: true, nonegate: true } as const;

/** Whether a text has any meaning as a glob beyond its letters. */
export function isGlob(text: string): boolean {
  const scan = picomatch.scan(text, OPTIONS) as { isGlob?: boolean; isBrace?: boolean };
  return scan.isGlob === true || scan.isBrace === true;
}

/** A matcher of whole paths by one pattern. Dots are ordinary letters. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const matches = picomatch(pattern, OPTIONS);
  return (path) => matches(path);
}

/**
 * Cuts a pattern before its first component that is a glob. A component that `exists` as it is
 * written, such as `[id]`, is taken by its letters.
 */
export function splitGlob(
  pattern: string,
  exists: (base: string) => boolean,
): { base: string; rest: string } {
  const parts = pattern.split("/");
  let base = "";
  for (const [index, part] of parts.entries()) {
    const longer = index === 0 ? part : `${base}/${part}`;
    const last = index === parts.length - 1;
    const uncertain = isGlob(part) || !isBalanced(part);
    if (last || (uncertain && !exists(longer))) {
      return { base: base === "" && index > 0 ? "/" : base, rest: parts.slice(index).join("/") };
    }
    base = uncertain ? longer : longer.replaceAll(/\\(.)/g, "$1");
  }
  return { base, rest: "" };
}

/** Compiles what `splitGlob` left. */
export function compileGlob(rest: string): Glob {
  const whole = pathMatcher(rest);
  const parts = rest.split("/");
  const open = parts.findIndex((part) => part.includes("**") || !isBalanced(part));
  const fixed = (open === -1 ? parts.slice(0, -1) : parts.slice(0, open)).map(pathMatcher);

  function matches(path: string): boolean {
    if (whole(path)) return true;
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      if (whole(path.slice(0, end))) return true;
    }
    return false;
  }

  function reaches(directory: string): boolean {
    if (matches(directory)) return true;
    const names = directory.split("/");
    if (open === -1 && names.length > fixed.length) return false;
    return names.every((name, index) => fixed[index]?.(name) ?? true);
  }

  return { matches, reaches };
}

/** Braces or parentheses that go on behind a slash make a component meaningless by itself. */
function isBalanced(part: string): boolean {
  let depth = 0;
  for (const letter of part) {
    if (letter === "{" || letter === "(") depth += 1;
    if (letter === "}" || letter === ")") depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
