// Help for the width of a terminal: what stands in two columns stays so, as long as the second has
// room. Pure.

/** Between the columns of a table. */
const GAP = 4;

/** A description that has less room than this goes below what it describes. */
const LEAST_ROOM = 32;

/** How far such a description is indented. */
const INDENT = 6;

/** Breaks every line that is wider than `columns`. No word is broken, so that it can be copied. */
export function wrapLines(text: string, columns: number): string {
  return text
    .split("\n")
    .flatMap((line) => wrapLine(line, columns))
    .join("\n");
}

function wrapLine(line: string, columns: number): string[] {
  if (Bun.stringWidth(line) <= columns) return [line];
  const [, head, about] = /^( {2,}\S.*?) {4}(\S.*)$/.exec(line) ?? [];
  if (head === undefined || about === undefined) return fill(line, columns);
  const column = Bun.stringWidth(head) + GAP;
  if (columns - column >= LEAST_ROOM) {
    const [first = "", ...more] = fill(about, columns - column);
    return [`${head}${" ".repeat(GAP)}${first}`, ...more.map((one) => " ".repeat(column) + one)];
  }
  const below = fill(about, columns - INDENT).map((one) => " ".repeat(INDENT) + one);
  return [`  ${head.trimStart()}`, ...below];
}

function fill(text: string, columns: number): string[] {
  return Bun.wrapAnsi(text, columns).split("\n");
}
