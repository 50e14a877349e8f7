// Our own stdout as the screen of another terminal. What a program sets there is undone in the end,
// whether it did so itself or was left in the midst of its work.

import { TerminalModes } from "../../terminal/modes.ts";
import { printOut, writeAll } from "../show/print.ts";

const PLAIN = "\x1b[0m";
const CLEAR = "\x1b[H\x1b[J";

/** Of a terminal that does not say how many it has, as one over a serial line. */
const USUAL_ROWS = 24;

export interface DisplayOptions {
  /**
   * Of our terminal, 0 where it does not say; undefined when stdout is no terminal: then nothing is
   * written but what comes.
   */
  readonly rows: number | undefined;
}

export class Display {
  readonly #isTerminal: boolean;
  readonly #modes = new TerminalModes();
  readonly #onExit = () => this.#undo();
  readonly #rows: number;
  /** There is something on it that is not ours. */
  #isTaken = true;

  constructor({ rows }: DisplayOptions) {
    this.#isTerminal = rows !== undefined;
    this.#rows = rows || USUAL_ROWS;
    if (this.#isTerminal) process.on("exit", this.#onExit);
  }

  /** Makes room for a whole screen. What stood there before all is scrolled away, not deleted. */
  async clear(): Promise<void> {
    if (!this.#isTerminal) return;
    const room = this.#isTaken ? "\r\n".repeat(this.#rows) : "";
    this.#isTaken = false;
    await this.#write(`${this.#freshen()}${PLAIN}${room}${CLEAR}`);
  }

  /** Somebody else has written there: that is to be scrolled away too. */
  makeRoom(): void {
    this.#isTaken = true;
  }

  /** Another program begins: nothing that the last one set is left. */
  async freshen(): Promise<void> {
    if (this.#isTerminal) await this.#write(`${this.#freshen()}${PLAIN}`);
  }

  /** Throws EPIPE or EIO when nobody reads it. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isTerminal) this.#modes.push(bytes);
    await writeAll(1, bytes);
  }

  /** `apart`: on lines of their own come our words, and nothing below them. */
  close({ apart }: { readonly apart: boolean }): void {
    process.off("exit", this.#onExit);
    this.#undo();
    if (!this.#isTerminal || !apart) return;
    try {
      printOut("\r\n\x1b[J");
    } catch {
      // The terminal has been closed.
    }
  }

  async #write(text: string): Promise<void> {
    await writeAll(1, new TextEncoder().encode(text));
  }

  #freshen(): string {
    const text = this.#modes.undo();
    this.#modes.push(new TextEncoder().encode(`\x18${text}`));
    return text;
  }

  #undo(): void {
    if (!this.#isTerminal) return;
    try {
      printOut(`${this.#freshen()}${PLAIN}`);
    } catch {
      // The terminal has been closed.
    }
  }
}
