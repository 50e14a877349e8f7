// One session's file watching: entries become roots, roots a scope, the scope a tree; what changes
// in the tree is told at once and, debounced, triggers once a burst. With a journal, what is known
// outlives the daemon: a change is written down when its burst is over, so that one that was seen
// and had no effect yet is told again.

import { isAbsolute, resolve } from "node:path";
import type { FileEvent, WatchStatus } from "../domain/session.ts";
import { describe } from "./degraded.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { repositoryOf, rulesAround } from "./gitrules.ts";
import { inspect } from "./inspect.ts";
import type { WatchJournal } from "./journal.ts";
import { indexLocks, isLocked } from "./lock.ts";
import { findGone, Outage } from "./outage.ts";
import { isWithin, parentOf } from "./paths.ts";
import { Poller } from "./poll.ts";
import { displayPath, type Root, resolveRoots } from "./roots.ts";
import { Scope } from "./scope.ts";
import { type SharedWatches, sharedWatches } from "./shared.ts";
import { Tree } from "./tree.ts";
import { type Difference, eventOf, Trigger } from "./trigger.ts";

/** Rounds of polling between two tries to watch again, by default. */
const RETRY_ROUNDS = 30;

/** A change of one file that made a difference. */
export interface Change {
  /** Relative to `cwd` where it lies below it, else as the watch entry was given. */
  readonly path: string;
  readonly event: FileEvent;
  /** Epoch ms. */
  readonly time: number;
}

export interface WatchOptions {
  /** Absolute working directory. */
  readonly cwd: string;
  readonly watch: readonly string[];
  readonly ignore: readonly string[];
  /** Quiet time before a trigger, in ms; 0 triggers at once. */
  readonly debounceMs: number;
  /** Whether changes count from the beginning; they do unless told otherwise. */
  readonly armed?: boolean;
  /** Entries may be gone since they were first looked at, and are watched for their return. */
  readonly mayBeMissing?: boolean;
  /** Where what is known of files outlives the process; the watcher closes it. */
  readonly journal?: WatchJournal;
  /** Absolute directories never to look into, unless an entry lies in them: korun's own. */
  readonly exclude?: readonly string[];
  /** Each change, at once. */
  readonly onChange: (change: Change) => void;
  /** Once for a burst of changes, with the first of it that still makes a difference. */
  readonly onTrigger: (change: Change) => void;
  /** The status has become another one. */
  readonly onStatus?: (status: WatchStatus) => void;
  /** Gives starting up: `start` then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** The system watches to share; those of the process by default. */
  readonly watches?: SharedWatches;
  /** Rounds of polling between two tries to watch again. */
  readonly retryRounds?: number;
}

export class Watcher {
  readonly #options: WatchOptions;
  readonly #roots: readonly Root[];
  readonly #tree: Tree;
  readonly #trigger: Trigger;
  readonly #poller: Poller;
  readonly #scope: Scope;
  readonly #journal: WatchJournal | undefined;
  /** Until there is somebody to tell: what changed since an earlier daemon. */
  #outage: Outage | undefined;
  #rounds = 0;
  #armed: boolean;
  #lastStatus = "";

  /**
   * Watches, and resolves once no later change can be missed. What changed since the journal was
   * left is told in the next turn of the event loop, unless the watcher is disarmed by then.
   * Throws a `bad_request` Problem naming `watch[i]` or `ignore[i]` for an entry that cannot be.
   */
  static async start(options: WatchOptions): Promise<Watcher> {
    const { signal } = options;
    signal?.throwIfAborted();
    const watcher = new Watcher(options);
    const close = () => watcher.close();
    signal?.addEventListener("abort", close, { once: true });
    await watcher.#open();
    signal?.removeEventListener("abort", close);
    signal?.throwIfAborted();
    watcher.#tellStatus();
    setImmediate(() => watcher.#begin());
    return watcher;
  }

  private constructor(options: WatchOptions) {
    const cwd = resolve(options.cwd);
    this.#options = { ...options, cwd };
    this.#armed = options.armed ?? true;
    this.#journal = options.journal;
    this.#roots = resolveRoots(cwd, options.watch, { mayBeMissing: options.mayBeMissing ?? false });
    const locks = indexLocks(this.#roots.map((root) => root.path));
    this.#scope = new Scope({
      cwd,
      roots: this.#roots,
      ignore: options.ignore,
      exclude: (options.exclude ?? []).filter(isAbsolute),
    });
    this.#tree = new Tree({
      scope: this.#scope,
      watches: options.watches ?? sharedWatches,
      tops: [...new Set(this.#roots.map((root) => topOf(root, cwd)))],
      rulesAround: (directory) => rulesAround(directory, directory),
      onEffective: (path, before) => this.#changed(path, before),
      onLearnt: (path) => this.#learnt(path),
      onUnreliable: () => this.#poller.start(),
    });
    this.#trigger = new Trigger({
      quietMs: options.debounceMs,
      isHeld: () => isLocked(locks, Date.now()),
      current: (path) => this.#tree.current(path),
      onTrigger: (path, event) => options.onTrigger(this.#describe(path, event)),
      onOver: (path) => this.#learnt(path),
    });
    this.#poller = new Poller(() => this.#poll());
  }

  /** Lets changes count from now on; those made while disarmed never do. */
  arm(): void {
    if (this.#armed) return;
    this.#tree.rebaseline(() => {
      if (this.#armed) this.#journal?.begin();
    });
    this.#armed = true;
    this.#tellStatus();
  }

  /** Lets no change count, also none that waits for the end of its burst. */
  disarm(): void {
    this.#armed = false;
    this.#journal?.suspend();
    this.#trigger.clear();
    this.#tellOutage();
    this.#tellStatus();
  }

  status(): WatchStatus {
    if (this.#roots.length === 0) return { state: "off", directories: 0, problem: null };
    const problem = describe(this.#tree.directories.degradation);
    const working = problem === null ? "armed" : "degraded";
    return {
      state: this.#armed ? working : "disarmed",
      directories: this.#tree.watched,
      problem,
    };
  }

  /** Frees everything. Nothing is told afterwards. */
  close(): void {
    this.#armed = false;
    this.#journal?.close();
    this.#trigger.clear();
    this.#poller.stop();
    this.#tree.close();
  }

  async #open(): Promise<void> {
    const known = this.#journal?.known;
    if (known === undefined || !this.#armed) {
      await this.#tree.open();
      return;
    }
    const outage = new Outage();
    this.#outage = outage;
    await this.#tree.open(known);
    const { directories } = this.#tree;
    const current = (path: string) => this.#tree.current(path);
    const { gone, dropped } = findGone(known, { scope: this.#scope, directories, current });
    for (const [path, before] of gone) outage.add(path, before);
    for (const path of dropped) this.#learnt(path);
  }

  #begin(): void {
    this.#tellOutage();
    if (this.#armed) this.#journal?.begin();
  }

  #tellOutage(): void {
    const outage = this.#outage;
    if (outage === undefined) return;
    this.#outage = undefined;
    const { differences, settled } = outage.settle((path) => this.#tree.current(path));
    for (const path of settled) this.#learnt(path);
    this.#tell(differences);
  }

  #changed(path: string, before: Fingerprint | undefined): void {
    if (this.#outage === undefined) this.#tell([[path, before]]);
    else this.#outage.add(path, before);
  }

  #tell(differences: readonly Difference[]): void {
    if (!this.#armed) {
      for (const [path] of differences) this.#learnt(path);
      return;
    }
    for (const [path, before] of differences) {
      this.#options.onChange(this.#describe(path, eventOf(before, this.#tree.current(path))));
    }
    if (differences.length > 0) this.#trigger.push(differences);
  }

  #learnt(path: string): void {
    const isUntold = this.#outage?.has(path) === true || this.#trigger.holds(path);
    if (!isUntold) this.#journal?.note(path, this.#tree.current(path));
  }

  #describe(path: string, event: FileEvent): Change {
    return { path: displayPath(path, this.#options.cwd, this.#roots), event, time: Date.now() };
  }

  async #poll(): Promise<void> {
    this.#rounds += 1;
    const retryRounds = this.#options.retryRounds ?? RETRY_ROUNDS;
    await this.#tree.poll(this.#rounds % retryRounds === 0);
    if (this.#tree.directories.unreliable.length === 0) this.#poller.stop();
    this.#tellStatus();
  }

  #tellStatus(): void {
    const status = this.status();
    const text = `${status.state} ${status.problem}`;
    if (text === this.#lastStatus) return;
    this.#lastStatus = text;
    this.#options.onStatus?.(status);
  }
}

/** Where the way to a root begins: what stands above may rename it, or hold git's rules. */
function topOf(root: Root, cwd: string): string {
  const isFile = inspect(root.path, true).kind === "file";
  const own = isFile ? parentOf(root.path) : root.path;
  const around = isWithin(own, cwd) ? cwd : own;
  const repository = repositoryOf(own);
  return repository !== undefined && isWithin(around, repository) ? repository : around;
}
