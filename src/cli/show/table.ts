// Tables for people: columns as wide as what they hold, measured as a terminal shows it. Pure.

import type { Paint, Style } from "./style.ts";

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export interface TableOptions {
  readonly paint: Paint;
  /** Cells, the longest first, and then lines are cut to this width; undefined: never. */
  readonly columns: number | undefined;
  /** Columns, by title, that give way after all others, and no further than to this width. */
  readonly firm?: Readonly<Record<string, number>>;
}

const GAP = "  ";

/** What a column keeps where there is no room: the start of an id, or a state, can still be read. */
const LEAST_WIDTH = 8;

/** A table with its titles, each line ended by a newline and without spaces at its end. */
export function renderTable(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  { paint, columns, firm = {} }: TableOptions,
): string {
  const head = titles.map((text): Cell => ({ text, style: "bold" }));
  const widths = titles.map((title) => title.length);
  for (const row of rows) widen(widths, row);
  if (columns !== undefined) {
    const least = titles.map((title) => firm[title] ?? Math.max(LEAST_WIDTH, title.length));
    narrow(
      widths,
      least.map((width, place) => ((titles[place] ?? "") in firm ? Number.MAX_VALUE : width)),
      columns,
    );
    narrow(widths, least, columns);
  }
  let table = "";
  for (const row of [head, ...rows]) table += `${cut(line(row, widths, paint), columns)}\n`;
  return table;
}

/** Names and values, one pair a line. */
export function renderPairs(
  pairs: readonly (readonly [name: string, value: Cell])[],
  paint: Paint,
): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  const lines = pairs.map(([name, value]) => {
    const label = paint(name.padEnd(width), "dim");
    return `${label}${GAP}${styled(value, paint)}\n`;
  });
  return lines.join("");
}

/** At most `columns` wide; what was cut off shows as an ellipsis. */
export function cut(text: string, columns: number | undefined): string {
  if (columns === undefined || Bun.stringWidth(text) <= columns) return text;
  const kept = Bun.sliceAnsi(text, 0, columns - 1);
  // Bun keeps a wide character whole that lies across the edge.
  const fits = Bun.stringWidth(kept) < columns;
  return `${fits ? kept : Bun.sliceAnsi(text, 0, columns - 2)}…`;
}

// Plain loops from here on: a table is drawn once, before anything is compiled, and closures made a
// list of 20 sessions a tenth slower.

function widen(widths: number[], row: readonly Cell[]): void {
  for (let place = 0; place < row.length; place += 1) {
    const width = widthOf(row[place]);
    if (width > (widths[place] ?? 0)) widths[place] = width;
  }
}

/** Takes from the widest column what does not fit, until it does or none can give any more. */
function narrow(widths: number[], least: readonly number[], columns: number): void {
  let excess = GAP.length * (widths.length - 1) - columns;
  for (const width of widths) excess += width;
  for (; excess > 0; excess -= 1) {
    let widest = -1;
    for (let place = 0; place < widths.length; place += 1) {
      const width = widths[place] ?? 0;
      if (width > (least[place] ?? 0) && width >= (widths[widest] ?? 0)) widest = place;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function line(row: readonly Cell[], widths: readonly number[], paint: Paint): string {
  let text = "";
  for (let place = 0; place < row.length; place += 1) {
    const whole = row[place];
    if (whole === undefined) continue;
    const width = widths[place] ?? 0;
    const cell = widthOf(whole) > width ? { ...whole, text: cut(whole.text, width) } : whole;
    text += styled(cell, paint);
    if (place === row.length - 1) break;
    text += `${" ".repeat(width - widthOf(cell))}${GAP}`;
  }
  return text;
}

function styled({ text, style }: Cell, paint: Paint): string {
  return style === undefined ? text : paint(text, style);
}

function widthOf(cell: Cell | undefined): number {
  return cell === undefined ? 0 : Bun.stringWidth(cell.text);
}
