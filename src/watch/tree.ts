// The watched tree: each directory has a watch of its own, so that ignored ones cost nothing.
// Everything that happens, an event, a scan, a poll, comes down to one thing: look at a path, and
// compare with what was known of it. A look is synchronous and needs no order; looking too early
// or too often does no harm.

import { Attention } from "./attention.ts";
import { Directories } from "./directories.ts";
import { Files } from "./files.ts";
import { type Fingerprint, isUntouched } from "./fingerprint.ts";
import { type GitRules, rulesIn } from "./gitrules.ts";
import { identityOf, isSame } from "./identity.ts";
import { type Found, inspect, nearestDirectory } from "./inspect.ts";
import type { Prints } from "./journal-text.ts";
import { Links } from "./links.ts";
import { wantedNames } from "./listing.ts";
import { type Baseline, baselineOf, type Look, SILENT, TOLD } from "./look.ts";
import { child } from "./paths.ts";
import type { Scope } from "./scope.ts";
import type { SharedWatches } from "./shared.ts";
import { Slices } from "./slices.ts";

/** Names compared in one piece of work. */
const CHUNK = 256;

/** How long learning the tree anew keeps the event loop at once, in ms, and what it does at least. */
const REBASELINE_MS = 25;
const REBASELINE_WORK = 200;

/** A file's time is that of the kernel's last tick: it may lie so far behind the clock, in ms. */
const TICK_MS = 10;

export interface TreeOptions {
  readonly scope: Scope;
  readonly watches: SharedWatches;
  /** The topmost directories to watch: from each, the way leads down to roots. */
  readonly tops: readonly string[];
  /** Git's rules around a topmost directory. */
  readonly rulesAround: (directory: string) => GitRules | undefined;
  /** A file is not what it was. `before` is undefined if it was not there. */
  readonly onEffective: (path: string, before: Fingerprint | undefined) => void;
  /** Something else is known of a file, of which nothing is to be told. */
  readonly onLearnt: (path: string) => void;
  /** Something must be polled. */
  readonly onUnreliable: () => void;
}

/** How far a scan goes, and for what. */
interface Scan {
  /** Also into all known directories below. */
  readonly deep: boolean;
  readonly baseline?: Baseline | undefined;
}

export class Tree {
  readonly directories: Directories;
  readonly #options: TreeOptions;
  readonly #scope: Scope;
  readonly #files: Files;
  readonly #links: Links;
  readonly #slices = new Slices();
  readonly #attention: Attention;

  constructor(options: TreeOptions) {
    const { scope, watches, onEffective, onLearnt } = options;
    this.#options = options;
    this.#scope = scope;
    this.#attention = new Attention(this.#slices, (path, moment) => this.#look(path, moment));
    this.#links = new Links(watches, (path) => this.#touched(path));
    this.directories = new Directories(watches, {
      changed: (directory, name) => this.#changed(directory, name),
      lost: (directory) => this.#touched(directory),
      unreliable: options.onUnreliable,
    });
    const { directories } = this;
    this.#files = new Files({ scope, directories, links: this.#links, onEffective, onLearnt });
  }

  /**
   * Resolves when no change can be missed. Tells what is not as `known`, but for what is gone.
   */
  async open(known?: Prints): Promise<void> {
    const baseline = known === undefined ? SILENT : TOLD;
    this.#files.beginBaseline(baseline, known);
    this.#enterTops(baseline);
    await this.#slices.idle();
    this.#files.endBaseline(baseline);
  }

  /** Learns what changed up to now, so that it is never told; `done`: everything is learnt. */
  rebaseline(done: () => void): void {
    const baseline = { ...SILENT };
    this.#files.beginBaseline(baseline);
    for (const top of this.#options.tops) {
      this.#look(top, baseline);
      this.#scanLater(nearestDirectory(top), { deep: true, baseline });
    }
    this.#slices.slice(REBASELINE_MS, REBASELINE_WORK);
    // What the first slice did not reach goes by the file's own time.
    baseline.since = Date.now() - TICK_MS;
    this.#slices.whenIdle(() => {
      this.#files.endBaseline(baseline);
      done();
    });
  }

  /** Looks at every directory whose changes are not reported; `retry`: tries to watch it first. */
  async poll(retry: boolean): Promise<void> {
    if (retry) this.directories.retry();
    for (const { path } of this.directories.unreliable) this.#scanLater(path, { deep: false });
    await this.#slices.idle();
  }

  /** What is known of a file. */
  current(path: string): Fingerprint | undefined {
    return this.#files.current(path);
  }

  /** Directories that cost a watch. */
  get watched(): number {
    return this.directories.watched + this.#links.directories;
  }

  close(): void {
    this.#attention.close();
    this.#slices.clear();
    this.#links.close();
    this.directories.close();
  }

  #changed(directory: string, name: string | undefined): void {
    if (name === undefined) {
      this.#scanLater(directory, { deep: false });
      return;
    }
    if (name === ".gitignore" || name === ".git") {
      this.#slices.later(() => this.#regulate(directory));
    }
    const path = child(directory, name);
    this.#touched(path);
    // Links in the same directory may lead through this one.
    const links = this.#links.in(directory);
    if (links.length === 0 || inspect(path, false).kind !== "nothing") return;
    for (const link of links) this.#touched(link);
  }

  #touched(path: string): void {
    if (this.#concerns(path)) this.#attention.draw(path);
  }

  /** Whether a path is known or wanted: most that is neither never costs a system call. */
  #concerns(path: string): boolean {
    if (this.#scope.pins(path) || this.#isKnown(path)) return true;
    const parent = this.directories.parentOf(path);
    if (parent === undefined) return false;
    const { place } = parent;
    return this.#scope.wantsFile(path, place) || this.#scope.wantsDirectory(path, place);
  }

  #isKnown(path: string): boolean {
    return this.directories.get(path) !== undefined || this.current(path) !== undefined;
  }

  #look(path: string, look: Look): void {
    const found = inspect(path, this.#scope.pins(path));
    if (found.kind === "directory") {
      this.#files.forget(path, look);
      this.#seeDirectory(path, found, look);
      return;
    }
    // Something unlinked may be about to be made again.
    const isGone = found.kind !== "file";
    if (isGone && look === "first" && this.#isKnown(path)) return;
    this.#leave(path, look);
    if (!isGone) {
      this.#files.see(path, found, look);
      return;
    }
    this.#files.forget(path, look);
    // A link whose target is gone is still followed: the target may return.
    if (!found.isLink) this.#links.forget(path);
  }

  #seeDirectory(path: string, found: Extract<Found, { kind: "directory" }>, look: Look): void {
    const known = this.directories.get(path);
    if (known === undefined) {
      this.#enter(path, found, look);
      return;
    }
    const isWatched = known.watch !== undefined || known.polled;
    const identity = identityOf(found.stat);
    if (isWatched && isSame(identity, known.identity, "unknown is another")) return;

    for (const directory of this.directories.withAllBelow(path)) {
      this.directories.unwatch(directory);
    }
    known.identity = identity;
    this.#scanLater(path, { deep: true, baseline: baselineOf(look) });
  }

  #enter(path: string, found: Extract<Found, { kind: "directory" }>, look: Look): void {
    const parent = this.directories.parentOf(path);
    const rules = rulesIn(path, parent?.place.rules ?? this.#options.rulesAround(path));
    const roots = this.#scope.rootsOf(path, parent?.place ?? { roots: [], rules });
    if (roots.length === 0 && !this.#scope.pins(path)) return;
    this.directories.enter(path, found.stat, { roots, rules });
    this.#scanLater(path, { deep: false, baseline: baselineOf(look) });
  }

  /** Forgets a directory that is gone, with all that was in it. */
  #leave(path: string, look: Look): void {
    const left = this.directories.leave(path);
    for (const directory of left) {
      const files = [...directory.files].map(
        ([name, before]) => [child(directory.path, name), before] as const,
      );
      this.#files.forgetAll(files, look);
    }
    // The way to a root is gone: what is left of it is watched for its return.
    if (left.length > 0 && this.#scope.pins(path)) this.#enterTops(look);
  }

  #enterTops(look: Look): void {
    for (const top of this.#options.tops) {
      const at = nearestDirectory(top);
      if (this.directories.get(at) === undefined) this.#look(at, look);
    }
  }

  #scanLater(path: string, scan: Scan): void {
    this.#slices.later(() => this.#scan(path, scan));
  }

  /** Compares a directory with what is known of it. */
  #scan(path: string, scan: Scan): void {
    const directory = this.directories.get(path);
    if (directory === undefined) return;
    // Watched first: what happens from now on is an event, what happened before is found.
    this.directories.watch(directory);
    if (directory.watch === undefined && inspect(path, true).kind !== "directory") {
      this.#touched(path);
      return;
    }
    this.#regulate(path);
    const known = [...directory.files.keys(), ...directory.directories];
    const names = [...new Set([...known, ...wantedNames(this.#scope, path, directory.place)])];
    for (let start = 0; start < names.length; start += CHUNK) {
      const chunk = names.slice(start, start + CHUNK);
      this.#slices.later(() => {
        for (const name of chunk) this.#compare(child(path, name), scan);
      });
    }
  }

  #compare(path: string, scan: Scan): void {
    const { baseline } = scan;
    if (scan.deep && this.directories.get(path) !== undefined) this.#scanLater(path, scan);
    if (baseline !== undefined) this.#slices.later(() => this.#look(path, baseline));
    else if (this.#isChanged(path)) this.#touched(path);
  }

  #isChanged(path: string): boolean {
    const found = inspect(path, this.#scope.pins(path));
    if (found.kind === "file") {
      const known = this.current(path);
      return known === undefined || !isUntouched(known, found.stat);
    }
    if (found.kind !== "directory") return true;
    const known = this.directories.get(path);
    if (known === undefined) return true;
    return !isSame(identityOf(found.stat), known.identity, "unknown is the same");
  }

  /** Git's rules for a directory may have changed: forgets what they ignore, learns the rest. */
  #regulate(path: string): void {
    const directory = this.directories.get(path);
    if (directory === undefined) return;
    const parent = this.directories.parentOf(path);
    const before = directory.place;
    const rules = rulesIn(path, parent?.place.rules ?? this.#options.rulesAround(path));
    const roots = parent === undefined ? before.roots : this.#scope.rootsOf(path, parent.place);
    if (rules.isSame(before.rules) && roots.length === before.roots.length) return;

    const place = { roots, rules };
    directory.place = place;
    for (const name of [...directory.files.keys()]) {
      const file = child(path, name);
      if (!this.#scope.wantsFile(file, place)) this.#files.forget(file, SILENT);
    }
    for (const name of [...directory.directories]) {
      const at = child(path, name);
      if (this.#scope.wantsDirectory(at, place)) this.#slices.later(() => this.#regulate(at));
      else this.#leave(at, SILENT);
    }
    const wantedBefore = new Set(wantedNames(this.#scope, path, before));
    for (const name of wantedNames(this.#scope, path, place)) {
      if (wantedBefore.has(name)) continue;
      this.#compare(child(path, name), { deep: false, baseline: SILENT });
    }
  }
}
