// The directories a watcher knows, each with its own system watch; or polled, where watches ran
// out or the file system does not report everything.

import type { Stats } from "node:fs";
import { messageOf, systemCode } from "../domain/problem.ts";
import type { Degradation } from "./degraded.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { type Identity, identityOf } from "./identity.ts";
import { child, nameOf, parentOf } from "./paths.ts";
import type { Place } from "./scope.ts";
import type { SharedWatches } from "./shared.ts";
import type { WatchHandle } from "./system.ts";

export interface Directory {
  readonly path: string;
  identity: Identity;
  /** The roots that reach in here, and git's rules here. */
  place: Place;
  readonly files: Map<string, Fingerprint>;
  /** Names of the directories in here that are known too. */
  readonly directories: Set<string>;
  watch: WatchHandle | undefined;
  /** It could not be watched. */
  polled: boolean;
  /** The kind of file system, where that does not report everything. */
  readonly remote: string | undefined;
}

export interface DirectoryEvents {
  /** A name in a directory, or undefined where some were lost. */
  readonly changed: (directory: string, name: string | undefined) => void;
  /** The watch of a directory ended: it was removed or replaced. */
  readonly lost: (directory: string) => void;
  /** A directory must be polled. */
  readonly unreliable: () => void;
}

/** Gone or closed to us: that is for its parent to notice, and no lack of watches. */
const ABSENT = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP"]);

export class Directories {
  readonly #watches: SharedWatches;
  readonly #events: DirectoryEvents;
  readonly #known = new Map<string, Directory>();
  /** The code of the failure that ended watching; nothing more is tried until `retry`. */
  #exhausted: string | undefined;

  constructor(watches: SharedWatches, events: DirectoryEvents) {
    this.#watches = watches;
    this.#events = events;
  }

  get(path: string): Directory | undefined {
    return this.#known.get(path);
  }

  /** The known directory that a path lies in. */
  parentOf(path: string): Directory | undefined {
    return path === "/" ? undefined : this.#known.get(parentOf(path));
  }

  /** How many are watched. */
  get watched(): number {
    let count = 0;
    for (const directory of this.#known.values()) if (directory.watch !== undefined) count += 1;
    return count;
  }

  /** Those that must be looked at again and again. */
  get unreliable(): readonly Directory[] {
    return [...this.#known.values()].filter(
      (directory) => directory.polled || directory.remote !== undefined,
    );
  }

  get degradation(): Degradation {
    const unreliable = this.unreliable;
    const remote = new Set(unreliable.flatMap(({ remote: kind }) => kind ?? []));
    const failed = unreliable.some((directory) => directory.polled);
    return {
      code: failed ? this.#exhausted : undefined,
      directories: unreliable.length,
      remote: [...remote],
    };
  }

  /** Learns of a directory; it is not watched yet. */
  enter(path: string, stat: Stats, place: Place): Directory {
    const parent = this.parentOf(path);
    const directory: Directory = {
      path,
      identity: identityOf(stat),
      place,
      files: new Map(),
      directories: new Set(),
      watch: undefined,
      polled: false,
      remote: parent === undefined ? this.#watches.system.remote(path) : parent.remote,
    };
    this.#known.set(path, directory);
    parent?.directories.add(nameOf(path));
    if (directory.remote !== undefined) this.#events.unreliable();
    return directory;
  }

  /** Forgets a directory and all below it, and returns them. */
  leave(path: string): readonly Directory[] {
    const left = [...this.withAllBelow(path)];
    for (const directory of left) {
      this.unwatch(directory);
      this.#known.delete(directory.path);
    }
    this.parentOf(path)?.directories.delete(nameOf(path));
    return left;
  }

  /** A known directory and those known below it. */
  *withAllBelow(path: string): Iterable<Directory> {
    const directory = this.#known.get(path);
    if (directory === undefined) return;
    yield directory;
    for (const name of directory.directories) yield* this.withAllBelow(child(path, name));
  }

  /** Watches a directory if it is not, or has it polled where the system refuses. */
  watch(directory: Directory): void {
    if (directory.watch !== undefined || directory.polled) return;
    if (this.#exhausted !== undefined) {
      this.#poll(directory);
      return;
    }
    const { path } = directory;
    const ended = () => {
      directory.watch = undefined;
    };
    try {
      directory.watch = this.#watches.subscribe(path, {
        changed: (name) => this.#events.changed(path, name),
        lost: () => {
          ended();
          this.#events.lost(path);
        },
        failed: (error) => {
          ended();
          this.refuse(directory, error);
          this.#events.lost(path);
        },
      });
    } catch (thrown) {
      this.refuse(directory, thrown);
    }
  }

  /** Has a directory polled since the system refused something; not if it is only absent. */
  refuse(directory: Directory, thrown: unknown): void {
    const code = systemCode(thrown) ?? messageOf(thrown);
    if (ABSENT.has(code)) return;
    this.#exhausted = code;
    this.#poll(directory);
  }

  /** Ends the watch of a directory. */
  unwatch(directory: Directory): void {
    directory.watch?.close();
    directory.watch = undefined;
    directory.polled = false;
  }

  /** Tries to watch what could not be watched, until that fails again. */
  retry(): void {
    this.#exhausted = undefined;
    for (const directory of this.#known.values()) {
      // One that is watched is polled for the sake of a link in it.
      if (!directory.polled || directory.watch !== undefined) continue;
      directory.polled = false;
      this.watch(directory);
    }
  }

  #poll(directory: Directory): void {
    directory.polled = true;
    this.#events.unreliable();
  }

  close(): void {
    for (const directory of this.#known.values()) this.unwatch(directory);
    this.#known.clear();
  }
}
