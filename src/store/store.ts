// What korun remembers, in one SQLite file: sessions, their runs, events, and how far each reader of
// output is. Everything is written the moment it happens, in the caller's own turn: a commit takes a
// few microseconds, and survives a `kill -9` of the daemon. When the file cannot be used (the disk is
// full, or read-only), the store goes on in memory and says so in `problem`.

import { CursorTable } from "./cursors.ts";
import { EventTable } from "./events.ts";
import { Medium } from "./medium.ts";
import { RunTable } from "./runs.ts";
import { SessionTable } from "./sessions.ts";

/** What is kept at most. */
export interface StoreLimits {
  readonly runsPerSession: number;
  readonly events: number;
  readonly eventsMs: number;
  readonly cursorsPerSession: number;
}

export const STORE_LIMITS: StoreLimits = {
  runsPerSession: 1_000,
  events: 10_000,
  eventsMs: 7 * 86_400_000,
  cursorsPerSession: 100,
};

/** Events that a daemon may have told of and not kept: no seq is given twice. */
const SKIPPED_EVENTS = 1_000;

export interface StoreOptions {
  /** Takes a line for the daemon's log. */
  report(what: string): void;
  /** A clock in ms that never jumps; the process's own unless a test says otherwise. */
  steady?(): number;
  readonly limits?: StoreLimits;
}

export class Store {
  readonly sessions: SessionTable;
  readonly runs: RunTable;
  readonly events: EventTable;
  readonly cursors: CursorTable;
  readonly #medium: Medium;

  /**
   * Opens the store in the file at `path`, which is made if there is none. Throws a Problem
   * `conflict` for the state of a newer korun, which is left untouched, and for a file that another
   * program keeps locked. Whatever else is wrong, there is a store, and `problem` says what.
   */
  static open(path: string, options: StoreOptions): Store {
    const { report, steady = () => performance.now(), limits = STORE_LIMITS } = options;
    return new Store(new Medium(path, { report, steady }), limits);
  }

  private constructor(medium: Medium, limits: StoreLimits) {
    this.#medium = medium;
    this.runs = new RunTable(medium, { kept: limits.runsPerSession });
    this.events = new EventTable(medium, {
      kept: limits.events,
      keptMs: limits.eventsMs,
      skipped: medium.isBehind ? SKIPPED_EVENTS : 0,
    });
    this.sessions = new SessionTable(medium);
    this.cursors = new CursorTable(medium, { kept: limits.cursorsPerSession });
    this.events.forget(Date.now());
  }

  /** What is wrong with the file and what to do about it, for a person; null when all is well. */
  get problem(): string | null {
    return this.#medium.problem;
  }

  /** All sessions that ever were kept are known: no file was damaged, and none could not be read. */
  get isComplete(): boolean {
    return this.#medium.isComplete && !this.isBehind;
  }

  /** Whether a damaged file lies there still that was set aside, now or by an earlier daemon. */
  get hasDamagedFile(): boolean {
    return this.#medium.hasDamagedFile;
  }

  /**
   * Whether the file may be behind what happened: a daemon that could not write it was killed. What
   * it missed is to be looked for elsewhere; then call `caughtUp`.
   */
  get isBehind(): boolean {
    return this.#medium.isBehind;
  }

  caughtUp(): void {
    this.#medium.caughtUp();
  }

  /** Tells of something that was lost and is not in any file, in `problem` and in the log. */
  notice(what: string): void {
    this.#medium.notice(what);
  }

  /**
   * Keeps all that `op` writes, or nothing of it if the daemon dies in between. `op` is called again
   * when the file fails under it, so it should do nothing else: tell others of an event only
   * afterwards. Throws what `op` throws, and then keeps nothing.
   */
  together<T>(op: () => T): T {
    return this.#medium.together(op);
  }

  /** Lets go of the file. Later calls find nothing and keep nothing. */
  close(): void {
    this.#medium.close();
  }
}
