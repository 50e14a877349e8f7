// The journal of ended processes, `exits.ndjson`: how and when each ended that no daemon could see.
// Appended to by the keeper, read by the next daemon, and never longer than it may be.

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { bootId } from "../process/identity.ts";
import { keyOf, type ProcessIdentity } from "../process/process-info.ts";
import type { ExitRecord } from "./protocol.ts";

/** Records kept: more than runs that can end while a daemon is away. */
const MOST_RECORDS = 1_024;
/** Size at which only the newest records are kept, in bytes. */
const LIMIT_BYTES = 2 * 160 * MOST_RECORDS;

const PRIVATE = 0o600;

/** The records of this boot in a journal, oldest first; none where there is no journal. */
export function readExits(path: string): readonly ExitRecord[] {
  const lines = readText(path).split("\n");
  return lines.flatMap((line) => {
    const record = parseRecord(line);
    return record?.boot === bootId() ? [record] : [];
  });
}

export class ExitJournal {
  readonly #path: string;
  readonly #records = new Map<string, ExitRecord>();

  /** Goes on with what an earlier keeper wrote. */
  constructor(path: string) {
    this.#path = path;
    for (const record of readExits(path)) this.#remember(record);
  }

  /**
   * Notes how a process ended, unless that is known. Throws a system error when it could not be
   * written; it is kept in mind all the same.
   */
  add(record: ExitRecord): void {
    if (this.find(record) !== undefined) return;
    this.#remember(record);
    const size = appendLine(this.#path, JSON.stringify(record));
    if (size > LIMIT_BYTES) this.#rewrite();
  }

  find(identity: ProcessIdentity): ExitRecord | undefined {
    return this.#records.get(keyOf(identity));
  }

  #remember(record: ExitRecord): void {
    this.#records.set(keyOf(record), record);
    if (this.#records.size <= MOST_RECORDS) return;
    const [oldest] = this.#records.keys();
    if (oldest !== undefined) this.#records.delete(oldest);
  }

  #rewrite(): void {
    const lines = [...this.#records.values()].map((record) => `${JSON.stringify(record)}\n`);
    writeFileSync(`${this.#path}.new`, lines.join(""), { mode: PRIVATE });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** The file's size afterwards, in bytes. */
function appendLine(path: string, line: string): number {
  const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, PRIVATE);
  try {
    const { size } = fstatSync(fd);
    // A keeper that was killed while it wrote left half a line, which must not take this one along.
    const text = isTorn(fd, size) ? `\n${line}\n` : `${line}\n`;
    return size + writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

function isTorn(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last.toString() !== "\n";
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // none was written yet
  }
}

function parseRecord(line: string): ExitRecord | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined; // half a line
  }
}

function isRecord(value: unknown): value is ExitRecord {
  if (typeof value !== "object" || value === null) return false;
  const { pid, startTime, boot, at, code, signal } = value as Record<string, unknown>;
  return (
    [pid, startTime, at].every((number) => typeof number === "number") &&
    typeof boot === "string" &&
    (code === null || typeof code === "number") &&
    (signal === null || typeof signal === "string")
  );
}
