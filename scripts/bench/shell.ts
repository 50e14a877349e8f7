// Command lines for peers that take one string and give it to a shell.

/** A command as a POSIX shell reads it; words are quoted only where they must be. */
export function shellLine(command: readonly string[]): string {
  return command.map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
