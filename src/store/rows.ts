// Carrying all rows of one database over to another of the same version.

import type { Connection, Row, Value } from "./connection.ts";

/** Where AUTOINCREMENT counts. */
const COUNTERS = "sqlite_sequence";

/**
 * What never changes of a session once it is kept. A daemon that could not read it may have found
 * the session by its processes, and knows less of it.
 */
const LASTING: readonly string[] = ["id", "position", "spec"];

/**
 * Copies every row in one transaction; rows in the way are replaced, but for what never changes, and
 * with `clear` all others removed. Says `incomplete` when not everything could be read; throws what fails in writing.
 */
export function copyRows(
  from: Connection,
  to: Connection,
  { clear = false }: { clear?: boolean } = {},
): "complete" | "incomplete" {
  let result: "complete" | "incomplete" = "complete";
  function onUnreadable(): void {
    result = "incomplete";
  }
  to.transaction(() => {
    for (const table of tablesOf(to)) {
      if (clear) to.script(`DELETE FROM ${table}`);
      const columns = columnsOf(to, table);
      const insert = insertInto(table, columns);
      for (const row of readable(from, { table, onUnreadable })) {
        to.run(insert, ...columns.map((name) => row[name] as Value));
      }
    }
    for (const row of readable(from, { table: COUNTERS, onUnreadable })) carryCounter(row, to);
  });
  return result;
}

function insertInto(table: string, columns: readonly string[]): string {
  const names = columns.map((name) => `"${name}"`).join(", ");
  const values = columns.map(() => "?").join(", ");
  if (table !== "sessions") return `INSERT OR REPLACE INTO ${table} (${names}) VALUES (${values})`;
  const changing = columns.filter((name) => !LASTING.includes(name));
  return `INSERT INTO ${table} (${names}) VALUES (${values})
    ON CONFLICT (id) DO UPDATE SET ${changing.map((name) => `"${name}" = excluded."${name}"`).join(", ")}`;
}

/** The rows of a table, up to the first that cannot be read. */
function* readable(
  from: Connection,
  source: { table: string; onUnreadable: () => void },
): Generator<Row, void> {
  try {
    yield* from.each(`SELECT * FROM ${source.table}`);
  } catch {
    source.onUnreadable();
  }
}

/** A counter never goes back, whatever rows there still are. */
function carryCounter(row: Row, to: Connection): void {
  const { name, seq } = row as { name: string; seq: number };
  const known = to.get(`SELECT seq FROM ${COUNTERS} WHERE name = ?`, name)?.seq;
  to.run(`DELETE FROM ${COUNTERS} WHERE name = ?`, name);
  to.run(
    `INSERT INTO ${COUNTERS} (name, seq) VALUES (?, ?)`,
    name,
    Math.max(seq, typeof known === "number" ? known : 0),
  );
}

function tablesOf(connection: Connection): string[] {
  return connection
    .all(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .map(({ name }) => String(name));
}

function columnsOf(connection: Connection, table: string): string[] {
  return connection.all(`PRAGMA table_info(${table})`).map(({ name }) => String(name));
}
