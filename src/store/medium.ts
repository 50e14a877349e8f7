// Where the database is: in its file or, when that fails, in memory, with what could be saved of
// it. There, a write now and then tries to go back. Nothing of this reaches the caller: a full disk
// must not disturb a single child.

import { existsSync, rmSync, writeFileSync } from "node:fs";
import { messageOf, Problem } from "../domain/problem.ts";
import type { Access } from "./access.ts";
import { Connection } from "./connection.ts";
import { hasContent, hasSetAside, openFile, readIntoMemory } from "./file.ts";
import { migrate } from "./migrations.ts";
import { copyRows } from "./rows.ts";
import { describeTrouble, isLocked, isTrouble } from "./trouble.ts";

/** Longest wait for another program's lock, in ms: at the start, and with a daemon at work. */
const OPEN_WAIT_MS = 1_000;
const WORK_WAIT_MS = 100;

/** Waits between attempts to go back to the file: doubled each time, by a clock that never jumps. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;

const MOST_NOTICES = 5;

export interface MediumOptions {
  /** Takes a line for the daemon's log. */
  report(what: string): void;
  /** A clock in ms that never jumps. */
  steady(): number;
}

/** Why the file is not in use, and when it is tried again. */
interface Exile {
  readonly problem: string;
  readonly waitMs: number;
  readonly retryAt: number;
  /** All rows of the file are in memory too, or gone for good. */
  readonly knowsFile: boolean;
}

export class Medium implements Access {
  readonly #path: string;
  readonly #options: MediumOptions;
  readonly #notices = new Set<string>();
  /** Found at the start: the daemon before died while the file was not written. */
  readonly isBehind: boolean;
  #connection: Connection;
  #exile: Exile | undefined;
  #isComplete = true;
  #inTransaction = false;
  #closed = false;

  /** Opens the file at `path`, or what can be had instead. Throws a Problem: see Store.open. */
  constructor(path: string, options: MediumOptions) {
    this.#path = path;
    this.#options = options;
    this.isBehind = existsSync(markOf(path));
    try {
      this.#connection = this.#openFile(OPEN_WAIT_MS);
      this.#connection.wait(WORK_WAIT_MS);
    } catch (thrown) {
      if (thrown instanceof Problem) throw thrown;
      if (isLocked(thrown)) throw lockedByOther(path, thrown);
      const found = readWhatIsThere(path);
      this.#connection = found.connection;
      this.#goIntoExile(thrown, found);
    }
  }

  /** What a person should know of the state of the file; null when all is well, be it just now. */
  get problem(): string | null {
    if (!this.#inTransaction && !this.#closed) this.#goBackIfDue();
    const all = [...(this.#exile === undefined ? [] : [this.#exile.problem]), ...this.#notices];
    return all.length === 0 ? null : all.join(" ");
  }

  /** False once a file was met that could not be read. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** A damaged file lies there that was set aside, now or by an earlier daemon. */
  get hasDamagedFile(): boolean {
    return hasSetAside(this.#path);
  }

  /** What the file missed was looked for elsewhere. */
  caughtUp(): void {
    if (this.#exile === undefined) this.#mark(false);
  }

  attempt<T>(op: (connection: Connection) => T, otherwise: T): T {
    if (this.#closed) return otherwise;
    if (!this.#inTransaction) this.#goBackIfDue();
    try {
      return this.#withRetreat(() => op(this.#connection));
    } catch (thrown) {
      // The whole transaction has failed, and is repeated by whoever began it.
      if (this.#inTransaction && this.#canRetreat(thrown)) throw thrown;
      this.#options.report(`the store could not do what it was asked to: ${messageOf(thrown)}`);
      return otherwise;
    }
  }

  together<T>(op: () => T): T {
    if (this.#inTransaction || this.#closed) return op();
    this.#goBackIfDue();
    return this.#withRetreat(() => this.#transaction(op));
  }

  notice(what: string): void {
    if (this.#notices.has(what)) return;
    this.#options.report(what);
    if (this.#notices.size < MOST_NOTICES) this.#notices.add(what);
  }

  /** Goes back to the file if that can be done now, and lets go of it. What follows is ignored. */
  close(): void {
    if (this.#closed) return;
    if (this.#exile !== undefined) this.#goBack(this.#exile);
    this.#closed = true;
    closeQuietly(this.#connection);
  }

  #withRetreat<T>(op: () => T): T {
    try {
      return op();
    } catch (thrown) {
      if (this.#inTransaction || !this.#canRetreat(thrown)) throw thrown;
      this.#retreat(thrown);
      return op();
    }
  }

  #transaction<T>(op: () => T): T {
    try {
      return this.#connection.transaction(() => {
        this.#inTransaction = true;
        return op();
      });
    } finally {
      this.#inTransaction = false;
    }
  }

  #canRetreat(thrown: unknown): boolean {
    return this.#exile === undefined && isTrouble(thrown);
  }

  #retreat(thrown: unknown): void {
    const file = this.#connection;
    const memory = Connection.memory();
    migrate(memory);
    copyRows(file, memory);
    closeQuietly(file);
    this.#connection = memory;
    // Rows that could not be copied cannot be read in the file either.
    this.#goIntoExile(thrown, { knowsFile: true });
  }

  #goIntoExile(thrown: unknown, { knowsFile }: { knowsFile: boolean }): void {
    const { reason, remedy } = describeTrouble(this.#path, thrown);
    const past = knowsFile ? "" : " What it holds is not known either.";
    const problem =
      `${this.#path} cannot be written: ${reason}. Until it can, what happens is kept in memory ` +
      `only, and lost if the daemon dies.${past} ${remedy}: korun tries again by itself.`;
    this.#options.report(problem);
    if (!knowsFile) this.#isComplete = false;
    this.#mark(true);
    this.#exile = { problem, knowsFile, ...this.#nextRetry(undefined) };
  }

  #nextRetry(before: Exile | undefined): Pick<Exile, "waitMs" | "retryAt"> {
    const waitMs =
      before === undefined ? FIRST_RETRY_MS : Math.min(before.waitMs * 2, LONGEST_RETRY_MS);
    return { waitMs, retryAt: this.#options.steady() + waitMs };
  }

  #goBackIfDue(): void {
    const exile = this.#exile;
    if (exile !== undefined && this.#options.steady() >= exile.retryAt) this.#goBack(exile);
  }

  #goBack(exile: Exile): void {
    let file: Connection | undefined;
    try {
      file = this.#openFile(WORK_WAIT_MS);
      copyRows(this.#connection, file, { clear: exile.knowsFile });
    } catch {
      if (file !== undefined) closeQuietly(file);
      this.#exile = { ...exile, ...this.#nextRetry(exile) };
      return;
    }
    closeQuietly(this.#connection);
    this.#connection = file;
    this.#exile = undefined;
    this.#mark(false);
    this.#options.report(`${this.#path} is written again`);
  }

  /** An empty file takes no room: as a rule it can be made on a full disk too. */
  #mark(isBehind: boolean): void {
    try {
      if (isBehind) writeFileSync(markOf(this.#path), "", { mode: 0o600 });
      else rmSync(markOf(this.#path), { force: true });
    } catch {
      // Then the next daemon believes the file.
    }
  }

  #openFile(waitMs: number): Connection {
    const { connection, setAside } = openFile(this.#path, { waitMs });
    if (setAside !== undefined) {
      this.#isComplete = false;
      this.notice(
        `${this.#path} was damaged (${setAside.reason}). It is kept as ${setAside.path}, and korun ` +
          "goes on without it: what was only in there is not known any more.",
      );
    }
    return connection;
  }
}

/** What a file that cannot be written says, as far as it can be read. */
function readWhatIsThere(path: string): { connection: Connection; knowsFile: boolean } {
  try {
    return { connection: readIntoMemory(path), knowsFile: true };
  } catch (thrown) {
    if (thrown instanceof Problem) throw thrown;
    const connection = Connection.memory();
    migrate(connection);
    return { connection, knowsFile: !hasContent(path) };
  }
}

/** Lies beside a file that is not written, for a daemon that comes after a kill. */
function markOf(path: string): string {
  return `${path}.behind`;
}

function lockedByOther(path: string, cause: unknown): Problem {
  return new Problem("conflict", `${path} is locked by another program`, {
    hint: "Close whatever has it open, such as a database browser, and try again.",
    cause,
  });
}

function closeQuietly(connection: Connection): void {
  try {
    connection.close();
  } catch {
    // Its journal could not be brought home; the next one that opens the file does that.
  }
}
