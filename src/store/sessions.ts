// The sessions: what was asked for, where each is in its life, and its books.

import type { SavedSession } from "../domain/history.ts";
import { messageOf } from "../domain/problem.ts";
import type { SessionSpec } from "../domain/session.ts";
import type { Access } from "./access.ts";
import type { Connection, Row } from "./connection.ts";
import { parseSession } from "./parse.ts";

const SAVE = `
  INSERT INTO sessions
    (id, position, spec, state, books, leader_pid, leader_start, boot_id, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    state = excluded.state, books = excluded.books, leader_pid = excluded.leader_pid,
    leader_start = excluded.leader_start, boot_id = excluded.boot_id,
    updated_at = excluded.updated_at`;

export class SessionTable {
  readonly #access: Access;
  /** Of the newest session; a save of a known one takes a number too, and leaves it unused. */
  #position: number;
  /** A spec never changes, and is long: it carries an environment. */
  readonly #specs = new WeakMap<SessionSpec, string>();

  constructor(access: Access) {
    this.#access = access;
    this.#position = access.attempt(
      (connection) =>
        Number(connection.get("SELECT max(position) AS last FROM sessions")?.last ?? 0),
      0,
    );
  }

  /** Keeps what a session is now. Its spec is kept the first time, and never changes. */
  save(session: SavedSession): void {
    this.#position += 1;
    const { id, state, books, leader, bootId, updatedAt } = session;
    this.#access.attempt(
      (connection) =>
        connection.run(
          SAVE,
          id,
          this.#position,
          this.#specOf(session),
          JSON.stringify(state),
          JSON.stringify(books),
          leader?.pid ?? null,
          leader?.startTime ?? null,
          bootId,
          updatedAt,
        ),
      undefined,
    );
  }

  /** All sessions in the order of their creation. One that cannot be read is set aside for good. */
  all(): SavedSession[] {
    return this.#access.attempt((connection) => {
      const rows = connection.all(
        "SELECT * FROM sessions WHERE unreadable IS NULL ORDER BY position, id",
      );
      return rows.flatMap((row) => this.#read(row, connection));
    }, []);
  }

  /** Every id there is, of those that were set aside too. */
  ids(): string[] {
    const rows = this.#access.attempt(
      (connection) => connection.all("SELECT id FROM sessions"),
      [],
    );
    return rows.map(({ id }) => String(id));
  }

  /** Forgets a session, its runs, its events and who has read its output. */
  remove(id: string): void {
    this.#access.together(() => {
      for (const table of ["runs", "events", "cursors"])
        this.#delete(`DELETE FROM ${table} WHERE session_id = ?`, id);
      this.#delete("DELETE FROM sessions WHERE id = ?", id);
    });
  }

  #read(row: Row, connection: Connection): SavedSession[] {
    try {
      return [parseSession(row)];
    } catch (thrown) {
      const id = String(row.id);
      connection.run("UPDATE sessions SET unreadable = ? WHERE id = ?", messageOf(thrown), id);
      this.#access.notice(`Session ${id} cannot be read any more (${messageOf(thrown)}).`);
      return [];
    }
  }

  #delete(sql: string, id: string): void {
    this.#access.attempt((connection) => connection.run(sql, id), undefined);
  }

  #specOf({ spec }: SavedSession): string {
    const known = this.#specs.get(spec);
    if (known !== undefined) return known;
    const text = JSON.stringify(spec);
    this.#specs.set(spec, text);
    return text;
  }
}
