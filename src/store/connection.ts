// One open database. Statements are prepared once and kept as long as it is open.

import { constants, Database, type SQLQueryBindings, type Statement } from "bun:sqlite";
import { existsSync } from "node:fs";
import { crashPoint } from "../process/crash-point.ts";

export type Value = SQLQueryBindings;
export type Row = Readonly<Record<string, unknown>>;

/**
 * How the file is locked. `exclusive`: as long as it is open, by us alone, with nothing mapped into
 * memory, where a full disk could kill. `shared`: beside others that read it.
 */
export type Locking = "exclusive" | "shared";

export class Connection {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement<Row, Value[]>>();

  /** Opens or makes a file, and waits at most `waitMs` for its lock. Throws an SQLiteError. */
  static file(path: string, options: { waitMs: number; locking: Locking }): Connection {
    const connection = new Connection(new Database(path, { create: true, readwrite: true }));
    try {
      connection.wait(options.waitMs);
      // Before anything is read: only then there is no shared memory.
      if (options.locking === "exclusive") connection.script("PRAGMA locking_mode = EXCLUSIVE");
      connection.script("PRAGMA journal_mode = WAL");
      // A commit survives our death at once, that of the machine after the next checkpoint.
      connection.script("PRAGMA synchronous = NORMAL");
      // Sessions carry environments: what is deleted is gone from the file.
      connection.script("PRAGMA secure_delete = ON");
      return connection;
    } catch (thrown) {
      connection.close();
      throw thrown;
    }
  }

  /**
   * Opens a file to look at it, its journal included, without a lock and without touching anything.
   * Throws an SQLiteError.
   */
  static readOnly(path: string): Connection {
    // A journal that cannot be written is read only where nothing is locked; to be without one is
    // believed only of a file that never changes.
    const journaled = ["-wal", "-journal"].some((suffix) => existsSync(path + suffix));
    const how = journaled ? "vfs=unix-none" : "immutable=1";
    const url = `${Bun.pathToFileURL(path).href}?${how}`;
    const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants;
    const connection = new Connection(new Database(url, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI));
    connection.script("PRAGMA locking_mode = EXCLUSIVE");
    return connection;
  }

  static memory(): Connection {
    return new Connection(new Database(":memory:"));
  }

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Longest wait for a lock that another program has, in ms. */
  wait(ms: number): void {
    this.script(`PRAGMA busy_timeout = ${ms}`);
  }

  /** Statements without parameters, run once. */
  script(sql: string): void {
    this.#database.run(sql);
  }

  run(sql: string, ...values: Value[]): void {
    this.#prepare(sql).run(...values);
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepare(sql).get(...values) ?? undefined;
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  /** Row by row: what comes before a damaged page is read. */
  each(sql: string): IterableIterator<Row> {
    return this.#prepare(sql).iterate();
  }

  /** All of it or nothing. Not to be nested. */
  transaction<T>(op: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      const result = op();
      crashPoint("before commit");
      this.run("COMMIT");
      crashPoint("after commit");
      return result;
    } catch (thrown) {
      // Some failures have ended the transaction themselves.
      if (this.#database.inTransaction) this.run("ROLLBACK");
      throw thrown;
    }
  }

  /** With all its statements: one left open would hold the lock until it is collected. */
  close(): void {
    this.#statements.clear();
    this.#database.close(true);
  }

  #prepare(sql: string): Statement<Row, Value[]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare<Row, Value[]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
