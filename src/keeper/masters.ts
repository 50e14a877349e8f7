// The masters of the terminals of a daemon's runs, in copies that belong to the link to its keeper:
// whichever keeper comes is handed them, for as long as their runs are to be held.

import { closeSync } from "node:fs";
import { copyDescriptor } from "../native/descriptor.ts";
import type { Hands } from "./hands.ts";

export class Masters {
  /** By the key of a run. */
  readonly #copies = new Map<string, number>();

  /** Keeps a copy, in place of an earlier one. Throws when there is no descriptor left. */
  keep(run: string, master: number): void {
    const copy = copyDescriptor(master);
    this.forget(run);
    this.#copies.set(run, copy);
  }

  forget(run: string): void {
    const copy = this.#copies.get(run);
    if (copy !== undefined) closeSync(copy);
    this.#copies.delete(run);
  }

  /** Hands over the master of a run: whether there was none, and if there was, whether it went. */
  give(run: string, to: { hands: Hands | undefined; tag: number }): "none" | "given" | "failed" {
    const copy = this.#copies.get(run);
    if (copy === undefined) return "none";
    return to.hands?.give(to.tag, copy) ? "given" : "failed";
  }
}
