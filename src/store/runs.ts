// The runs of sessions, the newest of each.

import type { Run } from "../domain/history.ts";
import { messageOf } from "../domain/problem.ts";
import type { Access } from "./access.ts";
import type { Row } from "./connection.ts";
import { parseRun } from "./parse.ts";

const SAVE = `
  INSERT INTO runs
    (session_id, number, pid, start_time, started_at, ended_at, exit_code, term_signal, cause, "end",
      output_before, output_after)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (session_id, number) DO UPDATE SET
    pid = excluded.pid, start_time = excluded.start_time, started_at = excluded.started_at,
    ended_at = excluded.ended_at, exit_code = excluded.exit_code,
    term_signal = excluded.term_signal, cause = excluded.cause, "end" = excluded."end",
    output_before = excluded.output_before, output_after = excluded.output_after`;

const FORGET = "DELETE FROM runs WHERE session_id = ? AND number <= ?";

export class RunTable {
  readonly #access: Access;
  readonly #kept: number;

  /** Keeps the newest `kept` runs of each session. */
  constructor(access: Access, { kept }: { kept: number }) {
    this.#access = access;
    this.#kept = kept;
  }

  /** Keeps what a run is now; the first time, the oldest run over the limit is forgotten. */
  save(sessionId: string, run: Run): void {
    this.#access.attempt((connection) => {
      connection.run(SAVE, sessionId, ...columnsOf(run));
      connection.run(FORGET, sessionId, run.number - this.#kept);
    }, undefined);
  }

  /** The runs of a session that are kept, or the newest `limit` of them; the oldest first. */
  of(sessionId: string, limit = this.#kept): Run[] {
    const sql = "SELECT * FROM runs WHERE session_id = ? ORDER BY number DESC LIMIT ?";
    const rows = this.#access.attempt((connection) => connection.all(sql, sessionId, limit), []);
    return rows.reverse().flatMap((row) => this.#read(row));
  }

  /** One run; undefined when it is not kept. */
  find(sessionId: string, number: number): Run | undefined {
    const sql = "SELECT * FROM runs WHERE session_id = ? AND number = ?";
    const row = this.#access.attempt(
      (connection) => connection.get(sql, sessionId, number),
      undefined,
    );
    return row === undefined ? undefined : this.#read(row)[0];
  }

  #read(row: Row): Run[] {
    try {
      return [parseRun(row)];
    } catch (thrown) {
      this.#access.notice(`Some runs cannot be read any more (${messageOf(thrown)}).`);
      return [];
    }
  }
}

function columnsOf(run: Run) {
  return [
    run.number,
    run.pid,
    run.startTime,
    run.startedAt,
    run.endedAt,
    run.exitCode,
    run.termSignal,
    JSON.stringify(run.cause),
    jsonOrNull(run.end),
    JSON.stringify(run.outputBefore),
    jsonOrNull(run.outputAfter),
  ];
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
