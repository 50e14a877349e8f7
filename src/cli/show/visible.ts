// Text of others made safe to show: what a session is called, runs or watches can hold anything,
// and a terminal obeys what it is sent. Also the command line as a shell would take it.

/** Controls, line and paragraph separators, and marks that turn the reading order. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** The text with every control character written out, such as `\x1b`. */
export function visible(text: string): string {
  // Nearly always so, and the other pattern costs a command a tenth of its time to make ready.
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(UNSAFE, (character) => {
    const simple = SIMPLE[character];
    if (simple !== undefined) return simple;
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/** A command as one could type it in a shell, on one line and safe to show. */
export function shellLine(command: readonly string[]): string {
  return command.map(shellWord).join(" ");
}

const SIMPLE: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function shellWord(word: string): string {
  if (/^[\w@%+=:,./~^-]+$/.test(word)) return word;
  const shown = visible(word);
  if (shown === word) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${visible(word.replaceAll("\\", "\\\\").replaceAll("'", "\\'"))}'`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
