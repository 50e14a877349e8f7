// A path as one word of a command that somebody is to type.

/** As it is where a shell takes it so, else quoted. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
