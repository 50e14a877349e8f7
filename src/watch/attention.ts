// Turns "something happened to this path" into looks: one at once, one when it has settled.

import { Settle } from "./settle.ts";
import type { Slices } from "./slices.ts";

export class Attention {
  readonly #slices: Slices;
  readonly #look: (path: string, moment: "first" | "settled") => void;
  readonly #settle = new Settle();
  #timer: Timer | undefined;

  constructor(slices: Slices, look: (path: string, moment: "first" | "settled") => void) {
    this.#slices = slices;
    this.#look = look;
  }

  /** Something may have happened to a path. */
  draw(path: string): void {
    if (this.#settle.touch(path, performance.now())) {
      this.#slices.soon(() => this.#look(path, "first"));
    }
    this.#await();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #await(): void {
    const at = this.#settle.nextAt();
    if (at === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#due(), Math.max(0, Math.ceil(at - performance.now())));
    this.#timer.unref();
  }

  #due(): void {
    this.#timer = undefined;
    for (const path of this.#settle.due(performance.now())) {
      this.#slices.soon(() => this.#look(path, "settled"));
    }
    this.#await();
  }
}
