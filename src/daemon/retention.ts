// How long sessions at rest are kept, as the daemon's environment says.

import { parseDuration } from "../domain/duration.ts";
import { Problem } from "../domain/problem.ts";
import { KEPT_AT_REST, KEPT_FOR_MS } from "../supervisor/retention.ts";
import type { Environment } from "./paths.ts";

export interface Retention {
  /** Sessions at rest. */
  readonly keptAtRest: number;
  readonly keptForMs: number;
}

/** What `KORUN_KEEP` and `KORUN_KEEP_FOR` say. Throws a Problem for a value that says nothing. */
export function resolveRetention(env: Environment): Retention {
  return { keptAtRest: countOf(env.KORUN_KEEP), keptForMs: ageOf(env.KORUN_KEEP_FOR) };
}

function countOf(value: string | undefined): number {
  if (!value) return KEPT_AT_REST;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw wrong("KORUN_KEEP", value, "a number of sessions, such as 100");
}

function ageOf(value: string | undefined): number {
  if (!value) return KEPT_FOR_MS;
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw wrong("KORUN_KEEP_FOR", value, "a duration such as 12h or 30d");
}

function wrong(field: string, value: string, expected: string): Problem {
  return new Problem("bad_request", `${field} is ${JSON.stringify(value)}; wanted ${expected}`, {
    field,
    expected,
    hint: `Set it right, or unset ${field}.`,
  });
}
