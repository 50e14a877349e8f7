// What became of files while no daemon was there: the differences between what an earlier one knew
// and what is there now, gathered until there is somebody to tell.

import type { Directories } from "./directories.ts";
import { type Fingerprint, isSame } from "./fingerprint.ts";
import { inspect } from "./inspect.ts";
import type { Prints } from "./journal-text.ts";
import { below, child, nameOf, parentOf } from "./paths.ts";
import type { Scope } from "./scope.ts";
import type { Difference } from "./trigger.ts";

export class Outage {
  readonly #before = new Map<string, Fingerprint | undefined>();

  /** A file is not what it was; the first word of it counts. */
  add(path: string, before: Fingerprint | undefined): void {
    if (!this.#before.has(path)) this.#before.set(path, before);
  }

  has(path: string): boolean {
    return this.#before.has(path);
  }

  /** All that was added, apart: what still is a difference, and what is not any more. */
  settle(current: (path: string) => Fingerprint | undefined): {
    readonly differences: readonly Difference[];
    readonly settled: readonly string[];
  } {
    const all = [...this.#before];
    const [settled, differences] = partition(all, ([path, before]) =>
      isSame(before, current(path)),
    );
    return { differences, settled: settled.map(([path]) => path) };
  }
}

/** Files that were known and are gone: apart, those that would be wanted and those that would not. */
export function findGone(
  known: Prints,
  seen: { scope: Scope; directories: Directories; current(path: string): Fingerprint | undefined },
): { readonly gone: readonly Difference[]; readonly dropped: readonly string[] } {
  const missing = [...known].filter(([path]) => seen.current(path) === undefined);
  const [gone, dropped] = partition(
    missing,
    ([path]) => isWanted(path, seen) && inspect(path, false).kind !== "file",
  );
  return { gone, dropped: dropped.map(([path]) => path) };
}

/** By the nearest directory above that is left: by what it would have to be entered for. */
function isWanted(
  path: string,
  { scope, directories }: { scope: Scope; directories: Directories },
): boolean {
  let at = parentOf(path);
  while (directories.get(at) === undefined && at !== "/") at = parentOf(at);
  const place = directories.get(at)?.place;
  if (place === undefined) return true;
  const next = child(at, below(path, at).split("/", 1)[0] ?? nameOf(path));
  return next === path ? scope.wantsFile(path, place) : scope.wantsDirectory(next, place);
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [first: T[], rest: T[]] {
  const first: T[] = [];
  const rest: T[] = [];
  for (const one of all) (isFirst(one) ? first : rest).push(one);
  return [first, rest];
}
