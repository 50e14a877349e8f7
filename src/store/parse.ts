// From rows to the words of the domain, checked: what lies in a file may be anything. Messages name
// the place and what was wanted, never a value, since rows hold secrets.

import * as v from "valibot";
import { type HistoryEvent, NO_NOTES, type Run, type SavedSession } from "../domain/history.ts";
import type { Row } from "./connection.ts";
import { endCause, happening, lifecycle, runNotes, spec, startCause } from "./shapes.ts";

const count = v.number();
const countOrNull = v.nullable(count);
const textOrNull = v.nullable(v.string());

const books = v.object({
  createdAt: count,
  firstStartedAt: countOrNull,
  lastStartedAt: countOrNull,
  lastEndedAt: countOrNull,
  manualRestarts: count,
  watchRestarts: count,
  lastRestartCause: v.nullable(startCause),
  fileChanges: count,
  lastChangeAt: countOrNull,
  lastChangePath: textOrNull,
  policyRestarts: v.optional(count, 0),
  healthRestarts: v.optional(count, 0),
  attempts: v.optional(count, 0),
  lastRunMs: v.optional(countOrNull, null),
  notes: v.optional(runNotes, NO_NOTES),
});

const outputTotals = v.object({
  stdoutBytes: count,
  stdoutLines: count,
  stderrBytes: count,
  stderrLines: count,
});

const sessionRow = v.object({
  id: v.string(),
  spec,
  state: lifecycle,
  books,
  leader_pid: countOrNull,
  leader_start: countOrNull,
  boot_id: v.string(),
  updated_at: count,
});

const runRow = v.object({
  number: count,
  pid: countOrNull,
  start_time: countOrNull,
  started_at: count,
  ended_at: countOrNull,
  exit_code: countOrNull,
  term_signal: textOrNull,
  cause: startCause,
  end: v.nullable(endCause),
  output_before: outputTotals,
  output_after: v.nullable(outputTotals),
});

const eventRow = v.object({ seq: count, ts: count, session_id: textOrNull });

/** A row of `sessions`. Throws an Error that says where it is not one. */
export function parseSession(row: Row): SavedSession {
  const found = check(sessionRow, parseJson(row, ["spec", "state", "books"]));
  const { leader_pid: pid, leader_start: startTime } = found;
  return {
    id: found.id,
    spec: found.spec,
    state: found.state,
    books: found.books,
    leader: pid === null || startTime === null ? null : { pid, startTime },
    bootId: found.boot_id,
    updatedAt: found.updated_at,
  };
}

/** A row of `runs`. Throws an Error that says where it is not one. */
export function parseRun(row: Row): Run {
  const json = parseJson(row, ["cause", "end", "output_before", "output_after"]);
  const found = check(runRow, json);
  return {
    number: found.number,
    pid: found.pid,
    startTime: found.start_time,
    startedAt: found.started_at,
    endedAt: found.ended_at,
    exitCode: found.exit_code,
    termSignal: found.term_signal,
    cause: found.cause,
    end: found.end,
    outputBefore: found.output_before,
    outputAfter: found.output_after,
  };
}

/** A row of `events`. Throws an Error that says where it is not one. */
export function parseEvent(row: Row): HistoryEvent {
  const { seq, ts, session_id: sessionId } = check(eventRow, row);
  const { data } = parseJson(row, ["data"]);
  const what = check(happening, { ...(data as object), type: row.type });
  return { seq, time: ts, sessionId, ...what };
}

/** The row with these columns as what their JSON says. */
function parseJson(row: Row, columns: readonly string[]): Row {
  const parsed = columns.map((column) => {
    const text = row[column];
    if (typeof text !== "string") return [column, text];
    try {
      return [column, JSON.parse(text)];
    } catch {
      throw new Error(`${column} is not JSON`);
    }
  });
  return { ...row, ...Object.fromEntries(parsed) };
}

function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Error(`${v.getDotPath(issue) ?? "the row"} should be ${issue.expected ?? "otherwise"}`);
}
