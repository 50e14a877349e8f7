// What of a directory's entries a watcher wants to look at.

import { list } from "./inspect.ts";
import { child } from "./paths.ts";
import type { Place, Scope } from "./scope.ts";

/** The wanted names in a directory; where only the way to a root leads through, those on it. */
export function wantedNames(scope: Scope, directory: string, place: Place): readonly string[] {
  if (place.roots.length === 0) return [...scope.waysIn(directory)];
  const wanted = list(directory).filter((entry) => {
    const path = child(directory, entry.name);
    if (entry.isDirectory()) return scope.wantsDirectory(path, place);
    return scope.pins(path) || scope.wantsFile(path, place);
  });
  return wanted.map((entry) => entry.name);
}
