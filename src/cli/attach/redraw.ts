// A picture on a terminal that is drawn again in its place, as `top` does, without taking the screen:
// what was there before stays above it, and the last picture stays when we end.

import { cut } from "../show/table.ts";

export interface PictureSize {
  /** 0 where the terminal does not say. */
  readonly columns: number;
  readonly rows: number;
}

/** Where a terminal does not say how high it is. */
const USUAL_ROWS = 24;

export class Picture {
  #height = 0;

  /** What to write so that these lines replace those of the last time. */
  draw(lines: readonly string[], { columns, rows }: PictureSize): string {
    const up = this.#height === 0 ? "" : `\x1b[${this.#height}A`;
    // A line that wraps, or one that scrolls away, could not be found again.
    const most = Math.max(1, (rows === 0 ? USUAL_ROWS : rows) - 1);
    const hidden = lines.length - most;
    const fitting = hidden <= 0 ? lines : [...lines.slice(0, most - 1), `… ${hidden + 1} more`];
    this.#height = fitting.length;
    const drawn = fitting.map((line) => `${cut(line, columns || undefined)}\x1b[K\n`).join("");
    return `\r${up}${drawn}\x1b[J`;
  }
}
