// The keyboard of a session's terminal, run after run, and the terminal's size. It is there before
// the first run and between two; then it takes nothing.

import type { InputOptions, SessionInput } from "../domain/input.ts";
import { Problem } from "../domain/problem.ts";
import type { TerminalDimensions, TerminalStatus } from "../domain/session.ts";
import {
  dimensionsOf,
  keyboardModeOf,
  type OpenedTerminal,
  openTerminal,
  resizeTerminal,
} from "../native/terminal.ts";
import { InputQueue } from "./input-queue.ts";
import { endQuietly, notRunning } from "./refusals.ts";

const NEWLINES: readonly number[] = [0x0a, 0x0d];

export class TerminalInput implements SessionInput {
  readonly kind = "terminal";
  #queue: InputQueue | undefined;
  #size: TerminalDimensions;
  #refusal = notRunning();
  #state: TerminalStatus["state"] = "closed";
  #interruptedAt: number | null = null;

  /** `size`: of the first run's terminal. */
  constructor(size: TerminalDimensions) {
    this.#size = size;
  }

  /** Makes the terminal of a run; its master stays ours. Throws. */
  begin(): OpenedTerminal {
    this.close();
    const terminal = openTerminal(this.#size);
    this.#use(terminal.master);
    this.#interruptedAt = null;
    return terminal;
  }

  /** Goes on with the terminal of a run that another daemon began; without it, it is lost. */
  adopt(master: number | undefined, now: number): void {
    this.#interruptedAt = now;
    if (master !== undefined) {
      this.#use(master);
      this.#size = dimensionsOf(master) ?? this.#size;
    } else {
      this.#state = "lost";
      this.#refusal = lost();
    }
  }

  async write(bytes: Uint8Array, options: InputOptions): Promise<{ written: number }> {
    const queue = this.#queue;
    if (queue === undefined) throw this.#refusal;
    const { timeoutMs, onTurn, end = false } = options;
    const finish = end ? () => endKeys(queue.fd, bytes.at(-1)) : undefined;
    return { written: await queue.write(bytes, { timeoutMs, onTurn, finish }) };
  }

  end(): void {
    endQuietly(this);
  }

  resize(size: TerminalDimensions): void {
    if (this.#queue !== undefined) resizeTerminal(this.#queue.fd, size);
    this.#size = size;
  }

  size(): TerminalDimensions {
    return this.#size;
  }

  status(): TerminalStatus {
    return { ...this.#size, state: this.#state, interruptedAt: this.#interruptedAt };
  }

  /** The run is over; of one that goes on, another daemon takes over its keyboard. */
  close(why = notRunning()): void {
    const queue = this.#queue;
    this.#queue = undefined;
    this.#refusal = why;
    this.#state = "closed";
    queue?.close(why);
  }

  #use(master: number): void {
    this.#queue = new InputQueue(master);
    this.#state = "open";
  }
}

/** In the middle of a line a terminal that reads lines takes the key twice: first, to hand it on. */
function endKeys(master: number, last: number | undefined): Uint8Array {
  const { byLine, endOfInput } = keyboardModeOf(master);
  const inLine = byLine && last !== undefined && !NEWLINES.includes(last);
  return Uint8Array.from(inLine ? [endOfInput, endOfInput] : [endOfInput]);
}

function lost(): Problem {
  return new Problem("conflict", "Its terminal is lost: daemon and keeper were killed at once", {
    hint: "Start it anew with: korun restart",
  });
}
