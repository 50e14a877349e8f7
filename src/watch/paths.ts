// Absolute paths as text: what lies below what. No file system.

/** Whether `path` lies strictly below `directory`; both absolute and normalised. */
export function isBelow(path: string, directory: string): boolean {
  if (directory === "/") return path.length > 1;
  return path.length > directory.length + 1 && path.startsWith(`${directory}/`);
}

/** Whether `path` is `directory` or lies below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || isBelow(path, directory);
}

/** What comes after `directory` in a path below it, without a leading slash. */
export function below(path: string, directory: string): string {
  return path.slice(directory === "/" ? 1 : directory.length + 1);
}

/** A name in a directory, as a path. Cheaper than `path.join`, which normalises again. */
export function child(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

/** The directory a path lies in; `/` for `/`. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** The last component of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
