// A folder of real files with a watcher on it, and the list of what the watcher told.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SharedWatches } from "../../src/watch/shared.ts";
import type { WatchEvents } from "../../src/watch/system.ts";
import { type Change, Watcher, type WatchOptions } from "../../src/watch/watcher.ts";
import { waitFor } from "../support/wait.ts";

export class Project {
  readonly root: string;
  readonly changes: string[] = [];
  readonly triggers: string[] = [];
  readonly #watchers: Watcher[] = [];
  #sentinels = 0;

  constructor(base = tmpdir()) {
    this.root = realpathSync(mkdtempSync(join(base, "korun-watch-")));
  }

  /** An absolute path in the project. */
  at(path: string): string {
    return join(this.root, path);
  }

  /** Writes a file, with the directories it needs. */
  write(path: string, content = path): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
  }

  /** Watches `.` without debounce unless told otherwise. */
  async watch(options: Partial<WatchOptions> = {}): Promise<Watcher> {
    const watcher = await Watcher.start({
      cwd: this.root,
      watch: ["."],
      ignore: [],
      debounceMs: 0,
      onChange: (change) => this.changes.push(inWords(change)),
      onTrigger: (change) => this.triggers.push(inWords(change)),
      ...options,
    });
    this.#watchers.push(watcher);
    return watcher;
  }

  /** Waits until this change was told. */
  async changed(change: string): Promise<void> {
    await waitFor(`"${change}" among ${this.changes.length} changes`, () =>
      this.changes.includes(change),
    );
  }

  /** Makes a change that counts, waits for its trigger, and returns all that came before it. */
  async before(directory = "."): Promise<{ changes: string[]; triggers: string[] }> {
    this.#sentinels += 1;
    const path = join(directory, `sentinel-${this.#sentinels}`);
    this.write(path);
    const sentinel = `created ${path}`;
    await waitFor(`the trigger of ${path}`, () => this.triggers.includes(sentinel));
    const changes = this.changes.slice(0, this.changes.indexOf(sentinel));
    const triggers = this.triggers.slice(0, this.triggers.indexOf(sentinel));
    this.forget();
    return { changes, triggers };
  }

  /** Forgets what was told so far. */
  forget(): void {
    this.changes.length = 0;
    this.triggers.length = 0;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Watches that tell only what a test has them tell, in every directory. */
export function silentWatches(): {
  watches: SharedWatches;
  tell: (name: string | undefined) => void;
} {
  const opened: WatchEvents[] = [];
  const watches = new SharedWatches({
    watch: (_directory, events) => {
      opened.push(events);
      return { close: () => {} };
    },
    remote: () => undefined,
  });
  return {
    watches,
    tell: (name) => {
      for (const events of opened) events.changed("change", name);
    },
  };
}

/** What `before` answers when nothing counted. */
export const NOTHING = { changes: [], triggers: [] };

function inWords(change: Change): string {
  return `${change.event} ${change.path}`;
}
