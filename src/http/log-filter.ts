// The query parameters that choose among entries, and what they leave of them.

import type { FilterQuery } from "../api/log-queries.ts";
import { isBackwards, timeOf } from "../domain/moment.ts";
import { Problem } from "../domain/problem.ts";
import type { Entry } from "../logs/entry.ts";
import type { LogFilter } from "../logs/filter.ts";
import { compilePattern } from "../logs/pattern.ts";
import { withoutEscapes } from "../logs/plain.ts";

/**
 * The filter that a query asks for; undefined when it asks for none. Throws Problem `bad_request`
 * for a bad regular expression, and for an interval that ends before it begins.
 */
export async function filterIn(query: FilterQuery): Promise<LogFilter | undefined> {
  const { grep, regex, level, since, until } = query;
  const asked = [grep, regex, level, since, until];
  if (asked.every((value) => value === undefined)) return undefined;
  const now = Date.now();
  if (since !== undefined && until !== undefined && isBackwards(since, until, now)) {
    throw new Problem("bad_request", "until is before since: no entry is from between them", {
      field: "until",
      expected: "a time that is not before since",
    });
  }
  return {
    patterns: [
      ...(grep === undefined ? [] : [await compilePattern({ text: grep }, { field: "grep" })]),
      ...(regex === undefined ? [] : [await compilePattern({ regex }, { field: "regex" })]),
    ],
    level,
    sinceMs: since === undefined ? undefined : timeOf(since, now),
    untilMs: until === undefined ? undefined : timeOf(until, now),
  };
}

/** The same with its entries as they are to be shown: with `ansi=0`, without escape sequences. */
export function shownAs<Part extends { readonly entries: readonly Entry[] }>(
  part: Part,
  { ansi = true }: FilterQuery,
): Part {
  return ansi ? part : { ...part, entries: part.entries.map(plainEntry) };
}

function plainEntry(entry: Entry): Entry {
  return { ...entry, bytes: withoutEscapes(entry.bytes) };
}
