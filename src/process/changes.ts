// What has changed of all processes between two looks.

import type { ProcessMap, ScannedProcess } from "./process-info.ts";

/** Gives the same map as before when nothing has changed. */
export class Changes {
  readonly #before: ProcessMap;
  #after: Map<number, ScannedProcess> | undefined;

  constructor(before: ProcessMap) {
    this.#before = before;
  }

  get result(): ProcessMap {
    return this.#after ?? this.#before;
  }

  set(pid: number, process: ScannedProcess | undefined): void {
    if (process === undefined && !this.result.has(pid)) return;
    this.#after ??= new Map(this.#before);
    if (process === undefined) this.#after.delete(pid);
    else this.#after.set(pid, process);
  }
}
