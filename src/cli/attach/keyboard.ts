// Our own terminal as the keyboard of another: raw from the start to the end, and as it was before
// afterwards, whatever ends us but SIGKILL.

import { makeRaw } from "../../native/raw-mode.ts";
import { setNewlines } from "../show/print.ts";
import { exitCodeOfSignal } from "../start/signals.ts";

/** Left to the system, it would end us before anything is put in order. */
function quit(): void {
  process.exit(exitCodeOfSignal("SIGQUIT"));
}

export class Keyboard {
  readonly #onKeys: (keys: Uint8Array) => void;
  readonly #onExit = () => this.#restore();
  #makeCooked: (() => void) | undefined;

  /** Undefined when stdin is no terminal. */
  static open(onKeys: (keys: Uint8Array) => void): Keyboard | undefined {
    const makeCooked = makeRaw(0);
    return makeCooked === undefined ? undefined : new Keyboard(makeCooked, onKeys);
  }

  private constructor(makeCooked: () => void, onKeys: (keys: Uint8Array) => void) {
    this.#makeCooked = makeCooked;
    this.#onKeys = onKeys;
    setNewlines("\r\n");
    process.on("exit", this.#onExit);
    process.on("SIGQUIT", quit);
    process.stdin.on("data", this.#onKeys);
  }

  /** Raw once more: whoever stopped us in between has made it as it was before. */
  again(): void {
    if (this.#makeCooked !== undefined) makeRaw(0);
  }

  close(): void {
    process.stdin.off("data", this.#onKeys);
    process.stdin.pause();
    process.off("exit", this.#onExit);
    process.off("SIGQUIT", quit);
    this.#restore();
  }

  #restore(): void {
    this.#makeCooked?.();
    this.#makeCooked = undefined;
    setNewlines("\n");
  }
}
