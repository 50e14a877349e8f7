// How a session is written to, as everyone above capture sees it.

import type { TerminalDimensions } from "./session.ts";

/** The way to a child's stdin, or to the keyboard of its terminal. The same for all runs. */
export interface SessionInput {
  readonly kind: "pipe" | "terminal";
  /**
   * Resolves once all bytes are in the pipe, behind those of earlier calls and never among them.
   * Rejects with a Problem `conflict` that says how many bytes were written: when the process has
   * not read the others in time, has closed its stdin, or has ended.
   */
  write(bytes: Uint8Array, options: InputOptions): Promise<{ written: number }>;
  /** The end of input, behind what was written before it. For a terminal, its key that means so. */
  end(): void;
  /** Of a terminal; one to come has this size from the start. Throws Problem `conflict`. */
  resize(size: TerminalDimensions): void;
  /** Undefined for a pipe. */
  size(): TerminalDimensions | undefined;
}

export interface InputOptions {
  readonly timeoutMs: number;
  /** The end of input follows, with nothing of anybody else's between. */
  readonly end?: boolean;
  /** Called right before the first byte is written, when all that came before it has been. */
  readonly onTurn?: () => void;
}

/** How much of an input was written, such as `3 of 9 bytes were written`. */
export function writtenInWords(written: number, size: number): string {
  return `${written} of ${size} bytes were written`;
}
