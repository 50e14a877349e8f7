// What is known of each watched file, and what of a look at one is a change.

import type { Directories, Directory } from "./directories.ts";
import { type Fingerprint, fingerprintOf, isSame, isUntouched, metadataOf } from "./fingerprint.ts";
import type { Found } from "./inspect.ts";
import type { Prints } from "./journal-text.ts";
import type { Links } from "./links.ts";
import { type Baseline, baselineOf, type Look } from "./look.ts";
import { nameOf } from "./paths.ts";
import type { Scope } from "./scope.ts";

/** Content read for baselines; files beyond it are told by their metadata until they change. */
const BASELINE_BYTES = 256 * 1_048_576;

export interface FilesOptions {
  readonly scope: Scope;
  readonly directories: Directories;
  readonly links: Links;
  /** A file is not what it was. `before` is undefined if it was not there. */
  readonly onEffective: (path: string, before: Fingerprint | undefined) => void;
  /** Something else is known of a file, of which nothing is to be told. */
  readonly onLearnt: (path: string) => void;
}

export class Files {
  readonly #options: FilesOptions;
  #baseline: Baseline | undefined;
  /** What was known of files before the first look at them. */
  #recalled: Prints | undefined;
  #budget = BASELINE_BYTES;

  constructor(options: FilesOptions) {
    this.#options = options;
  }

  /** Every look is part of this baseline until it ends, a first one compares with `recalled`. */
  beginBaseline(baseline: Baseline, recalled?: Prints): void {
    this.#baseline = baseline;
    this.#recalled = recalled;
    this.#budget = BASELINE_BYTES;
  }

  /** Ends a baseline, unless another one has begun since. */
  endBaseline(baseline: Baseline): void {
    if (this.#baseline !== baseline) return;
    this.#baseline = undefined;
    this.#recalled = undefined;
  }

  /** What is known of a file; undefined if it is not there or not wanted. */
  current(path: string): Fingerprint | undefined {
    return this.#options.directories.parentOf(path)?.files.get(nameOf(path));
  }

  /** A look found a file. */
  see(path: string, found: Extract<Found, { kind: "file" }>, look: Look): void {
    const parent = this.#options.directories.parentOf(path);
    if (parent === undefined || !this.#options.scope.wantsFile(path, parent.place)) return;
    this.#followLink(path, found.isLink, parent);

    const { stat } = found;
    const before = parent.files.get(nameOf(path)) ?? this.#recalled?.get(path);
    if (before !== undefined && isUntouched(before, stat)) {
      parent.files.set(nameOf(path), before);
      return;
    }
    // A file just made may be a temporary one; one just emptied is about to be written.
    const isHalf = before === undefined || (stat.size === 0 && before.size > 0);
    if (look === "first" && isHalf) return;

    const isAffordable = baselineOf(look) === undefined || this.#afford(stat.size);
    const now = Date.now();
    const after = isAffordable ? fingerprintOf(path, stat, now) : metadataOf(stat, now);
    if (after === undefined) return;
    parent.files.set(nameOf(path), after);
    if (isSame(before, after)) this.#options.onLearnt(path);
    else this.#tell(path, { before, look, changedAt: stat.ctimeMs });
  }

  /** A file is gone, or not wanted any more. */
  forget(path: string, look: Look): void {
    const parent = this.#options.directories.parentOf(path);
    const before = parent?.files.get(nameOf(path));
    if (before === undefined) return;
    parent?.files.delete(nameOf(path));
    this.#tell(path, { before, look, changedAt: 0 });
  }

  /** A directory is gone that was left with these files in it, by path. */
  forgetAll(files: Iterable<readonly [string, Fingerprint]>, look: Look): void {
    for (const [path, before] of files) {
      this.#options.links.forget(path);
      this.#tell(path, { before, look, changedAt: 0 });
    }
  }

  #tell(
    path: string,
    change: { before: Fingerprint | undefined; look: Look; changedAt: number },
  ): void {
    const baseline = baselineOf(change.look) ?? this.#baseline;
    const isSilent = baseline !== undefined && change.changedAt < baseline.since;
    if (isSilent) this.#options.onLearnt(path);
    else this.#options.onEffective(path, change.before);
  }

  #followLink(path: string, isLink: boolean, parent: Directory): void {
    const { links, directories } = this.#options;
    if (!isLink) {
      links.forget(path);
      return;
    }
    try {
      links.follow(path);
    } catch (thrown) {
      directories.refuse(parent, thrown);
    }
  }

  #afford(bytes: number): boolean {
    if (bytes > this.#budget) return false;
    this.#budget -= bytes;
    return true;
  }
}
