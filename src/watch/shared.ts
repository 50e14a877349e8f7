// One system watch a directory, however many sessions look at it. Needed, not only cheap: Bun
// keeps watches by path, so a second watch on a path whose directory was removed and made again
// joins the dead first one and stays silent. Here the dead one is closed first, always.

import { statSync } from "node:fs";
import { type Identity, identityOf, isAt } from "./identity.ts";
import { nameOf } from "./paths.ts";
import { nativeSystem, type WatchHandle, type WatchSystem } from "./system.ts";

export interface DirectoryListener {
  /** Something happened to this name, or, undefined, to names that were lost. */
  changed(name: string | undefined): void;
  /** The directory is not there any more, or another one is. The subscription is over. */
  lost(): void;
  /** The system gave the watch up. The subscription is over. */
  failed(error: Error): void;
}

interface SharedWatch {
  readonly handle: WatchHandle;
  readonly identity: Identity;
  readonly listeners: Set<DirectoryListener>;
}

export class SharedWatches {
  readonly system: WatchSystem;
  readonly #watches = new Map<string, SharedWatch>();

  constructor(system: WatchSystem) {
    this.system = system;
  }

  /** Watches a directory until closed, lost or failed. Throws the system's error. */
  subscribe(directory: string, listener: DirectoryListener): WatchHandle {
    const known = this.#watches.get(directory);
    // A parent may have been moved away, of which the directory itself does not tell.
    if (known !== undefined && !isAt(directory, known.identity, "unknown is the same")) {
      this.#end(directory, (one) => one.lost());
    }
    const shared = this.#watches.get(directory) ?? this.#open(directory);
    shared.listeners.add(listener);
    return {
      close: () => {
        shared.listeners.delete(listener);
        if (shared.listeners.size === 0) this.#drop(directory, shared);
      },
    };
  }

  #open(directory: string): SharedWatch {
    // More than one turn only if another directory comes between the look and the watch.
    for (;;) {
      const identity = identityOf(statSync(directory));
      const listeners = new Set<DirectoryListener>();
      const handle = this.system.watch(directory, {
        changed: (kind, name) => this.#changed(directory, { kind, name }),
        failed: (error) => this.#end(directory, (listener) => listener.failed(error)),
      });
      const shared = { handle, identity, listeners };
      if (isAt(directory, identity, "unknown is the same")) {
        this.#watches.set(directory, shared);
        return shared;
      }
      handle.close();
    }
  }

  #changed(
    directory: string,
    event: { kind: "rename" | "change"; name: string | undefined },
  ): void {
    const shared = this.#watches.get(directory);
    if (shared === undefined) return;
    // A directory's own end has its own name; so has a file in it that is called the same.
    const own = event.kind === "rename" && event.name === nameOf(directory);
    if (own && !isAt(directory, shared.identity, "unknown is another")) {
      this.#end(directory, (listener) => listener.lost());
      return;
    }
    for (const listener of [...shared.listeners]) listener.changed(event.name);
  }

  #end(directory: string, tell: (listener: DirectoryListener) => void): void {
    const shared = this.#watches.get(directory);
    if (shared === undefined) return;
    const listeners = [...shared.listeners];
    shared.listeners.clear();
    this.#drop(directory, shared);
    for (const listener of listeners) tell(listener);
  }

  #drop(directory: string, shared: SharedWatch): void {
    shared.handle.close();
    if (this.#watches.get(directory) === shared) this.#watches.delete(directory);
  }
}

/** Those of this process. */
export const sharedWatches = new SharedWatches(nativeSystem);
