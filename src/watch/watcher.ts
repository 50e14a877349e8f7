// One session's file watching: entries become roots, roots a scope, the scope a tree; what changes
// in the tree is told at once and, debounced, triggers once a burst.

import { isAbsolute, resolve } from "node:path";
import type { FileEvent, WatchStatus } from "../domain/session.ts";
import { describe } from "./degraded.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { repositoryOf, rulesAround } from "./gitrules.ts";
import { inspect } from "./inspect.ts";
import { indexLocks, isLocked } from "./lock.ts";
import { isWithin, parentOf } from "./paths.ts";
import { Poller } from "./poll.ts";
import { displayPath, type Root, resolveRoots } from "./roots.ts";
import { Scope } from "./scope.ts";
import { type SharedWatches, sharedWatches } from "./shared.ts";
import { Tree } from "./tree.ts";
import { eventOf, Trigger } from "./trigger.ts";

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
  #rounds = 0;
  #armed = true;
  #lastStatus = "";

  /**
   * Watches, and resolves once no later change can be missed.
   * Throws a `bad_request` Problem naming `watch[i]` or `ignore[i]` for an entry that cannot be.
   */
  static async start(options: WatchOptions): Promise<Watcher> {
    const { signal } = options;
    signal?.throwIfAborted();
    const watcher = new Watcher(options);
    const close = () => watcher.close();
    signal?.addEventListener("abort", close, { once: true });
    await watcher.#tree.open();
    signal?.removeEventListener("abort", close);
    signal?.throwIfAborted();
    watcher.#tellStatus();
    return watcher;
  }

  private constructor(options: WatchOptions) {
    const cwd = resolve(options.cwd);
    this.#options = { ...options, cwd };
    this.#roots = resolveRoots(cwd, options.watch);
    const locks = indexLocks(this.#roots.map((root) => root.path));
    this.#tree = new Tree({
      scope: new Scope({
        cwd,
        roots: this.#roots,
        ignore: options.ignore,
        exclude: (options.exclude ?? []).filter(isAbsolute),
      }),
      watches: options.watches ?? sharedWatches,
      tops: [...new Set(this.#roots.map((root) => topOf(root, cwd)))],
      rulesAround: (directory) => rulesAround(directory, directory),
      onEffective: (path, before) => this.#changed(path, before),
      onUnreliable: () => this.#poller.start(),
    });
    this.#trigger = new Trigger({
      quietMs: options.debounceMs,
      isHeld: () => isLocked(locks, Date.now()),
      current: (path) => this.#tree.current(path),
      onTrigger: (path, event) => options.onTrigger(this.#describe(path, event)),
    });
    this.#poller = new Poller(() => this.#poll());
  }

  /** Lets changes count from now on; those made while disarmed never do. */
  arm(): void {
    if (this.#armed) return;
    this.#tree.rebaseline();
    this.#armed = true;
    this.#tellStatus();
  }

  /** Lets no change count, also none that waits for the end of its burst. */
  disarm(): void {
    this.#armed = false;
    this.#trigger.clear();
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
    this.#trigger.clear();
    this.#poller.stop();
    this.#tree.close();
  }

  #changed(path: string, before: Fingerprint | undefined): void {
    if (!this.#armed) return;
    this.#options.onChange(this.#describe(path, eventOf(before, this.#tree.current(path))));
    this.#trigger.push(path, before);
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
