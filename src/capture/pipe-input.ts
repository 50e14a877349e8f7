// The stdin of a session, run after run, where it is a pipe. It is there before the first run and
// between two; then it takes nothing.

import type { InputOptions, SessionInput } from "../domain/input.ts";
import { Problem } from "../domain/problem.ts";
import { InputQueue } from "./input-queue.ts";
import { makeInputPipe, removeInputPipe, reopenInputPipe } from "./pipes.ts";
import { endQuietly, notRunning } from "./refusals.ts";

export interface PipeInputParts {
  /** The session's folder. */
  readonly directory: string;
  /** The end of input was sent: nobody may hold the pipe open any longer. */
  onEnd(): void;
}

export class PipeInput implements SessionInput {
  readonly kind = "pipe";
  readonly #parts: PipeInputParts;
  #queue: InputQueue | undefined;
  #refusal = notRunning();

  constructor(parts: PipeInputParts) {
    this.#parts = parts;
  }

  /** Makes the pipe of a run; the child's end of it is the caller's to close. Throws. */
  begin(): number {
    this.close();
    const { own, child } = makeInputPipe(this.#parts.directory);
    this.#queue = new InputQueue(own);
    return child;
  }

  /** Goes on with the pipe of a run that another daemon began. */
  adopt(): void {
    const fd = reopenInputPipe(this.#parts.directory);
    if (fd !== undefined) this.#queue = new InputQueue(fd);
    else this.#refusal = ended();
  }

  async write(bytes: Uint8Array, options: InputOptions): Promise<{ written: number }> {
    if (this.#queue === undefined) throw this.#refusal;
    const { timeoutMs, onTurn, end = false } = options;
    const finish = end ? () => this.#end() : undefined;
    return { written: await this.#queue.write(bytes, { timeoutMs, onTurn, finish }) };
  }

  end(): void {
    endQuietly(this);
  }

  resize(): void {
    throw new Problem("conflict", "It runs in no terminal that could be resized", {
      hint: "Start it in one: korun serve --pty",
    });
  }

  size(): undefined {
    return undefined;
  }

  /** The run is over; of one that goes on, another daemon takes over what it reads. */
  close(why = notRunning()): void {
    this.#shut(why);
  }

  #end(): Uint8Array {
    // In this order: whoever comes after our death between the two finds no pipe to open.
    removeInputPipe(this.#parts.directory);
    this.#shut(ended());
    this.#parts.onEnd();
    return new Uint8Array();
  }

  #shut(why: Problem): void {
    const queue = this.#queue;
    this.#queue = undefined;
    this.#refusal = why;
    queue?.close(why);
  }
}

function ended(): Problem {
  return new Problem("conflict", "Its input has ended, or it has closed its stdin", {
    hint: "It takes no more input in this run. Start it anew with: korun restart",
  });
}
