// The shape of the database, as the steps that lead to it. The number of steps is its version,
// kept in the file as `user_version`. A step that was released is never changed: what comes later
// is appended. A new kind in the JSON of a column is a new version too (a step may be a comment),
// so that an older korun refuses the file instead of finding rows that it cannot read.

import { Problem } from "../domain/problem.ts";
import type { Connection } from "./connection.ts";

const STEPS: readonly string[] = [
  // 1: sessions, their runs, and events.
  `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,   -- in the order of creation
    spec TEXT NOT NULL,          -- JSON, with the environment that the child inherits
    state TEXT NOT NULL,         -- JSON of the lifecycle's phase
    books TEXT NOT NULL,         -- JSON of counts and times
    leader_pid INTEGER,
    leader_start INTEGER,        -- the kernel's ticks
    boot_id TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    unreadable TEXT              -- why this row was set aside
  ) STRICT;
  CREATE TABLE runs (
    session_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    pid INTEGER,
    start_time INTEGER,          -- the kernel's ticks
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    exit_code INTEGER,
    term_signal TEXT,
    cause TEXT NOT NULL,         -- JSON, as the three below
    "end" TEXT,
    output_before TEXT NOT NULL,
    output_after TEXT,
    PRIMARY KEY (session_id, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ts INTEGER NOT NULL,
    type TEXT NOT NULL,
    session_id TEXT,             -- null for the daemon's own
    data TEXT NOT NULL           -- JSON of what this type has besides
  ) STRICT;
  `,
  // 2: where readers of output are; and policies, checks and limits, as new kinds in the JSON.
  `
  CREATE TABLE cursors (
    session_id TEXT NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,        -- the first entry that it has not seen
    used_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, name)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** The version that this korun makes. */
export const SCHEMA_VERSION = STEPS.length;

/** The version of a database; 0 for a new one. */
export function versionOf(connection: Connection): number {
  const row = connection.get("PRAGMA user_version");
  return typeof row?.user_version === "number" ? row.user_version : 0;
}

/** Brings a database up to `version`, all or nothing. Throws a Problem for one that is newer. */
export function migrate(connection: Connection, version = SCHEMA_VERSION): void {
  if (versionOf(connection) === version) return;
  connection.transaction(() => {
    const from = versionOf(connection);
    requireKnown(from);
    // Run together with the version, since Bun takes a comment alone for no script at all.
    for (const step of STEPS.slice(from, version)) {
      connection.script(`${step}; PRAGMA user_version = ${version}`);
    }
  });
}

/** Throws a Problem for a version that only a newer korun knows. */
export function requireKnown(version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new Problem(
    "conflict",
    `the state is of a newer korun (schema ${version}; this one knows ${SCHEMA_VERSION})`,
    { hint: "Use that korun, or set KORUN_HOME to another folder for this one." },
  );
}

/** The tables and their columns, to compare. */
export function schemaOf(connection: Connection): string {
  const columns = connection.all(`
    SELECT tables.name AS tab, columns.name, columns.type, columns."notnull", columns.pk
    FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' ORDER BY tables.name, columns.cid`);
  return JSON.stringify(columns);
}
