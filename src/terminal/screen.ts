// A terminal without a window: it is given what a child writes, and says in a few bytes what makes
// another terminal show the same. Loaded only when somebody attaches: the emulator weighs more than
// a daemon should that nobody looks at.

import { Terminal } from "@xterm/headless";
import type { TerminalDimensions } from "../domain/session.ts";
import { drawingOf } from "./drawing.ts";
import { mendErasing } from "./inside.ts";
import { TerminalModes } from "./modes.ts";
import { widen } from "./widths.ts";

/** Lines above the screen that are kept, for when it is made higher. */
const SCROLLBACK = 200;

/** Ends whatever sequence the emulator is in the middle of. */
const CANCEL = Uint8Array.of(0x18);

export class Screen {
  readonly #terminal: Terminal;
  readonly #modes = new TerminalModes();

  constructor({ cols, rows }: TerminalDimensions) {
    this.#terminal = new Terminal({
      cols,
      rows,
      scrollback: SCROLLBACK,
      allowProposedApi: true,
      logLevel: "off",
    });
    widen(this.#terminal);
    mendErasing(this.#terminal);
  }

  get size(): TerminalDimensions {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** How many of the last bytes are not on the screen yet: they begin a sequence or a letter. */
  get pending(): number {
    return this.#modes.pending;
  }

  /** Resolves when it is on the screen. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#modes.push(bytes);
    await new Promise<void>((resolve) => this.#terminal.write(bytes, resolve));
  }

  /** What is written next does not follow what was written last. */
  async skip(): Promise<void> {
    this.#modes.skip();
    await new Promise<void>((resolve) => this.#terminal.write(CANCEL, resolve));
  }

  resize({ cols, rows }: TerminalDimensions): void {
    this.#terminal.resize(cols, rows);
    this.#modes.resized();
  }

  /** What makes a fresh terminal of this size, with nothing on it, look and behave like this one. */
  draw(): string {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    const cursor = { row: cursorY + 1, column: Math.min(cursorX, this.#terminal.cols - 1) + 1 };
    return drawingOf(this.#terminal) + this.#modes.restore(cursor);
  }

  close(): void {
    this.#terminal.dispose();
  }
}
