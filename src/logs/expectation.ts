// Looking for something in a session's output: in every line from a place on, and in the lines that
// are not complete yet, until it is there or nothing more can come.

import type { OutputStream } from "../domain/session.ts";
import type { Pattern } from "./pattern.ts";
import type { OpenLine, Scanned, ScannedLine } from "./scan.ts";
import { isSliceOver, nextSlice } from "./turn.ts";

/** What was looked for, where it was. */
export interface Sighting {
  /** Null in a line that is not complete yet. */
  readonly seq: number | null;
  /** Null in a line that is not complete yet. */
  readonly run: number | null;
  readonly stream: OutputStream;
  /** The whole line, as plain text. */
  readonly line: string;
  readonly match: string;
  /** Of a line that is not complete: up to where it has been looked at, in UTF-16 units. */
  readonly column: number | null;
}

export interface Expectation {
  /** Undefined: all there was has been looked at, and it is not there. */
  readonly sighting: Sighting | undefined;
  /** Where to look on. */
  readonly nextSeq: number;
  /** Entries that were dropped before they could be looked at. */
  readonly missed: number;
}

export interface Sought {
  readonly pattern: Pattern;
  /** So much of the first line has been looked at before. */
  readonly column: number;
}

/** Looks until it is found, or the scan is over. */
export async function seek(
  scan: { readonly nextSeq: number; next(): Promise<Scanned | undefined> },
  { pattern, column }: Sought,
): Promise<Expectation> {
  let { nextSeq } = scan;
  let missed = 0;
  let skipped = column;
  for (let scanned = await scan.next(); scanned !== undefined; scanned = await scan.next()) {
    missed += scanned.missed;
    // What was looked at before is gone, and this is another line.
    if (scanned.missed > 0) skipped = 0;
    for (const line of scanned.lines) {
      if (isSliceOver()) await nextSlice();
      nextSeq = line.seq + 1;
      const found = findIn(line, { pattern, skipped });
      skipped = 0;
      if (found === undefined) continue;
      const { seq, run } = line;
      return { sighting: { seq, run, column: null, ...found }, nextSeq, missed };
    }
    nextSeq = scanned.nextSeq;
    for (const line of scanned.open) {
      const found = findIn(line, { pattern, skipped });
      if (found === undefined) continue;
      const { end, ...sighting } = found;
      return { sighting: { seq: null, run: null, column: end, ...sighting }, nextSeq, missed };
    }
  }
  return { sighting: undefined, nextSeq, missed };
}

function findIn(
  { stream, text }: ScannedLine | OpenLine,
  { pattern, skipped }: { pattern: Pattern; skipped: number },
): { stream: OutputStream; line: string; match: string; end: number } | undefined {
  const rest = skipped === 0 ? text : text.slice(skipped);
  if (rest === "" && skipped > 0) return undefined;
  const found = pattern.find(rest);
  if (found === undefined) return undefined;
  return { stream, line: text, match: found.text, end: skipped + found.end };
}
