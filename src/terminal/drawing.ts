// What makes an empty terminal show the same as another. The addon that comes with the emulator
// writes only what changes from cell to cell, and takes 22, which ends bold and dim at once, for the
// end of one of them; here each change of style says all that holds from there on. Over blanks it
// goes to a column, not by so many, since terminals do not agree how wide each letter is.

import type { IBuffer, IBufferCell, IBufferLine, Terminal } from "@xterm/headless";
import { type Ink, penOf } from "./inside.ts";

/** What an empty terminal of the same size is to be sent. */
export function drawingOf(terminal: Terminal): string {
  const { active, normal, alternate } = terminal.buffer;
  const screen = new Drawing(terminal, normal).draw();
  if (active.type === "normal") return screen.text(penOf(terminal));
  // The pen that is taken up again when the alternate screen is left is not known.
  const own = new Drawing(terminal, alternate).draw();
  return `${screen.text()}\x1b[?1049h\x1b[H${own.text(penOf(terminal))}`;
}

class Drawing {
  readonly #buffer: IBuffer;
  readonly #columns: number;
  readonly #rows: number;
  #text = "";
  #style = "";
  #row = 0;
  /** The number of columns after a letter in the last one: the next letter wraps. */
  #column = 0;

  constructor({ cols, rows }: Terminal, buffer: IBuffer) {
    this.#buffer = buffer;
    this.#columns = cols;
    this.#rows = rows;
  }

  draw(): this {
    for (let row = 0; row < this.#rows; row += 1) this.#drawRow(row);
    this.#placeCursor();
    return this;
  }

  /** With this pen in the end; by default with that of an empty terminal. */
  text(pen?: Ink): string {
    this.#setStyle(pen === undefined ? "" : styleOf(pen));
    return this.#text;
  }

  #drawRow(row: number): void {
    const line = this.#buffer.getLine(this.#buffer.baseY + row);
    if (line === undefined) return;
    if (line.isWrapped) this.#wrap(row, line.getCell(0));
    let cell: IBufferCell | undefined;
    for (let column = 0; column < this.#columns; column += 1) {
      cell = line.getCell(column, cell);
      // Nothing is in the second half of a wide letter.
      if (cell === undefined || cell.getWidth() === 0) continue;
      if (cell.getChars() !== "") this.#drawCell(cell, { row, column });
      else if (!cell.isBgDefault()) column = this.#colourBlanks(line, { row, column }) - 1;
    }
  }

  /** Lets a line go on by itself, if it can, so that it stays one line at another size. */
  #wrap(row: number, first: IBufferCell | undefined): void {
    const room = this.#columns - this.#column;
    if (first === undefined || this.#row !== row - 1 || room >= first.getWidth()) return;
    if (first.getChars() === "") return;
    this.#row = row;
    this.#column = 0;
  }

  #drawCell(cell: IBufferCell, place: Place): void {
    this.#goTo(place);
    this.#setStyle(styleOf(cell));
    this.#text += cell.getChars() || " ";
    this.#column += cell.getWidth();
  }

  /** Cells that were erased in one colour, up to the column that is returned. */
  #colourBlanks(line: IBufferLine, place: Place): number {
    const style = styleAt(line, place.column);
    let end = place.column + 1;
    while (end < this.#columns && isBlank(line, end) && styleAt(line, end) === style) end += 1;
    this.#goTo(place);
    this.#setStyle(style);
    this.#text += `\x1b[${end - place.column}X`;
    return end;
  }

  #placeCursor(): void {
    const { cursorX: column, cursorY: row, baseY } = this.#buffer;
    if (column < this.#columns) {
      this.#goTo({ row, column });
      return;
    }
    if (this.#row === row && this.#column === column) return;
    // Only writing its last letter takes it beyond the end of a row.
    const line = this.#buffer.getLine(baseY + row);
    const last = line?.getCell(column - 1);
    const start = last?.getWidth() === 0 ? column - 2 : column - 1;
    this.#goTo({ row, column: start });
    const cell = line?.getCell(start);
    if (cell !== undefined) this.#drawCell(cell, { row, column: start });
  }

  #goTo({ row, column }: Place): void {
    if (row < this.#row) {
      this.#text += `\x1b[${row + 1};${column + 1}H`;
    } else {
      this.#text += "\r\n".repeat(row - this.#row);
      if (row > this.#row) this.#column = 0;
      if (column !== this.#column) this.#text += `\x1b[${column + 1}G`;
    }
    this.#row = row;
    this.#column = column;
  }

  #setStyle(style: string): void {
    if (style === this.#style) return;
    if (style === "") this.#text += "\x1b[0m";
    else this.#text += this.#style === "" ? `\x1b[${style}m` : `\x1b[0;${style}m`;
    this.#style = style;
  }
}

/** From 0. */
interface Place {
  readonly row: number;
  readonly column: number;
}

function isBlank(line: IBufferLine, column: number): boolean {
  const cell = line.getCell(column);
  return cell !== undefined && cell.getWidth() > 0 && cell.getChars() === "";
}

function styleAt(line: IBufferLine, column: number): string {
  const cell = line.getCell(column);
  return cell === undefined ? "" : styleOf(cell);
}

/** As the parameters of SGR that make it of a plain one. */
function styleOf(ink: Ink): string {
  if (ink.isAttributeDefault()) return "";
  const codes: (number | string)[] = [];
  if (ink.isBold()) codes.push(1);
  if (ink.isDim()) codes.push(2);
  if (ink.isItalic()) codes.push(3);
  if (ink.isUnderline()) codes.push(4);
  if (ink.isBlink()) codes.push(5);
  if (ink.isInverse()) codes.push(7);
  if (ink.isInvisible()) codes.push(8);
  if (ink.isStrikethrough()) codes.push(9);
  if (ink.isOverline()) codes.push(53);
  if (ink.isFgRGB()) codes.push(38, exact(ink.getFgColor()));
  else if (ink.isFgPalette()) codes.push(colour(ink.getFgColor(), 30));
  if (ink.isBgRGB()) codes.push(48, exact(ink.getBgColor()));
  else if (ink.isBgPalette()) codes.push(colour(ink.getBgColor(), 40));
  return codes.join(";");
}

/** One of the palette, from 30 on for letters and from 40 on for what is behind them. */
function colour(index: number, base: 30 | 40): number | string {
  if (index < 8) return base + index;
  if (index < 16) return base + 60 + index - 8;
  return `${base + 8};5;${index}`;
}

function exact(rgb: number): string {
  return `2;${(rgb >> 16) & 0xff};${(rgb >> 8) & 0xff};${rgb & 0xff}`;
}
