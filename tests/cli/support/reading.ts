// What a child has printed so far, to wait for.

import { waitFor } from "../../support/wait.ts";

/** Reads a stream in the background. */
export class Reading {
  text = "";
  /** Resolves with all of it, once it has ended. */
  readonly all: Promise<string>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.all = this.#read(stream);
  }

  /** Waits until this has been printed. */
  async until(part: string): Promise<void> {
    await waitFor(`${JSON.stringify(part)} to be printed`, () => this.text.includes(part));
  }

  /** Waits until so many characters have been printed; what has been by then. */
  async reached(length: number): Promise<string> {
    await waitFor(`${length} characters to be printed`, () => this.text.length >= length);
    return this.text;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<string> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.text += decoder.decode(chunk, { stream: true });
    return this.text;
  }
}
