// Where readers of a session's output are, each by a name of its own.

import type { Access } from "./access.ts";

// Later than all others, though the clock may stand still or go back.
const SAVE = `
  INSERT INTO cursors (session_id, name, seq, used_at) VALUES (?1, ?2, ?3, max(?4,
    (SELECT 1 + coalesce(max(used_at), 0) FROM cursors WHERE session_id = ?1)))
  ON CONFLICT (session_id, name) DO UPDATE SET seq = excluded.seq, used_at = excluded.used_at`;

const FORGET = `
  DELETE FROM cursors WHERE session_id = ?1 AND name NOT IN
    (SELECT name FROM cursors WHERE session_id = ?1 ORDER BY used_at DESC LIMIT ?2)`;

export class CursorTable {
  readonly #access: Access;
  readonly #kept: number;

  /** Keeps those `kept` cursors of each session that moved last. */
  constructor(access: Access, { kept }: { kept: number }) {
    this.#access = access;
    this.#kept = kept;
  }

  /** The first entry that this reader has not seen; undefined for one that never looked. */
  find(sessionId: string, name: string): number | undefined {
    const sql = "SELECT seq FROM cursors WHERE session_id = ? AND name = ?";
    const row = this.#access.attempt(
      (connection) => connection.get(sql, sessionId, name),
      undefined,
    );
    return typeof row?.seq === "number" ? row.seq : undefined;
  }

  /** Keeps where a reader is now. */
  move(sessionId: string, { name, seq }: { readonly name: string; readonly seq: number }): void {
    const isNew = this.find(sessionId, name) === undefined;
    this.#access.together(() => {
      this.#run(SAVE, sessionId, name, seq, Date.now());
      if (isNew) this.#run(FORGET, sessionId, this.#kept);
    });
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#access.attempt((connection) => connection.run(sql, ...values), undefined);
  }
}
