// A symlinked file changes where its target lies, and no event comes for the link: so the target's
// directory is watched too.

import { realpathSync } from "node:fs";
import { nameOf, parentOf } from "./paths.ts";
import type { SharedWatches } from "./shared.ts";
import type { WatchHandle } from "./system.ts";

interface Link {
  readonly target: string;
  readonly handle: WatchHandle;
}

export class Links {
  readonly #watches: SharedWatches;
  readonly #changed: (path: string) => void;
  readonly #links = new Map<string, Link>();

  /** `changed` is called with the path of a link when its target may have changed. */
  constructor(watches: SharedWatches, changed: (path: string) => void) {
    this.#watches = watches;
    this.#changed = changed;
  }

  /** Directories watched for the sake of targets. */
  get directories(): number {
    return new Set([...this.#links.values()].map((link) => parentOf(link.target))).size;
  }

  /** Watches where a link leads now. Throws the system's error where that cannot be watched. */
  follow(path: string): void {
    const target = realpathSync(path);
    if (this.#links.get(path)?.target === target) return;
    this.forget(path);
    const again = () => {
      this.#links.delete(path);
      this.#changed(path);
    };
    const name = nameOf(target);
    const handle = this.#watches.subscribe(parentOf(target), {
      changed: (changed) => {
        if (changed === undefined || changed === name) this.#changed(path);
      },
      lost: again,
      failed: again,
    });
    this.#links.set(path, { target, handle });
  }

  /** The path is no link any more. */
  forget(path: string): void {
    this.#links.get(path)?.handle.close();
    this.#links.delete(path);
  }

  /** The links directly in a directory. */
  in(directory: string): readonly string[] {
    return [...this.#links.keys()].filter((path) => parentOf(path) === directory);
  }

  close(): void {
    for (const path of [...this.#links.keys()]) this.forget(path);
  }
}
