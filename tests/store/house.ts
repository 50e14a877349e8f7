// A home for the store of one test, and the stores opened in it.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store, type StoreLimits } from "../../src/store/store.ts";
import { endNeighbours } from "./neighbour.ts";

export class Home {
  readonly folder: string;
  readonly path: string;
  /** What the stores had to say for the daemon's log. */
  readonly reports: string[] = [];
  /** The clock that never jumps, in ms. */
  now = 0;
  readonly #stores: Store[] = [];
  /** Made by us, and to be removed. */
  readonly #own: boolean;

  constructor(folder?: string) {
    this.#own = folder === undefined;
    this.folder = folder ?? mkdtempSync(join(tmpdir(), "korun-store-"));
    this.path = join(this.folder, "korun.db");
  }

  open(options: { limits?: StoreLimits } = {}): Store {
    const store = Store.open(this.path, {
      report: (what) => this.reports.push(what),
      steady: () => this.now,
      ...options,
    });
    this.#stores.push(store);
    return store;
  }

  /** Closed and opened again, as by the next daemon. */
  reopen(store: Store): Store {
    store.close();
    return this.open();
  }

  files(): string[] {
    return readdirSync(this.folder).sort();
  }

  async close(): Promise<void> {
    for (const store of this.#stores) store.close();
    await endNeighbours();
    if (this.#own) rmSync(this.folder, { recursive: true, force: true });
  }
}
