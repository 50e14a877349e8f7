// A page of a log: some entries in order, and where to ask on.

import type { LogStream, OutputStream } from "../domain/session.ts";
import type { Entry } from "./entry.ts";
import type { Merge } from "./merge.ts";

/** Which entries to read. */
export interface PageQuery {
  readonly stream: LogStream;
  readonly limit: number;
  /** `newest`: the last `limit`; `oldest`: the first; `sinceSeq`: from there upward. */
  readonly from: "newest" | "oldest" | { readonly sinceSeq: number };
  /** Only what this run wrote. */
  readonly run?: number | undefined;
}

/** Entries in order, and where to ask on. */
export interface LogPage {
  readonly entries: readonly Entry[];
  /** Asking from here on gives what follows, each entry once. */
  readonly nextSeq: number;
  /**
   * With `sinceSeq` and without `run`: how many entries from there to `nextSeq` are no longer held.
   * Exact for blended; for one stream at most this many, where lines of the other in the same
   * stretch are gone as well.
   */
  readonly dropped: number | undefined;
}

/** What reading a page needs of its log. */
export interface PagedLog {
  /** The next seq; every entry below it can be read. */
  readonly until: number;
  /** What is in view of a stream, below a seq. */
  view(stream: LogStream, until: number): Merge;
  /** How many entries of a stream there ever were below a seq. */
  rankOf(stream: OutputStream, seq: number): number;
}

/** Reads up to `limit` entries. */
export function readPage(query: PageQuery, log: PagedLog): LogPage {
  const { stream, limit, from, run } = query;
  const { until } = log;
  if (run !== undefined) return pageOfRun(run, query, log);
  if (typeof from === "object") return pageSince(from.sinceSeq, query, log);
  const view = log.view(stream, until);
  const entries = takeWhole(from === "newest" ? view.newest(limit) : view, limit);
  const last = entries.at(-1);
  return { entries, nextSeq: last === undefined ? until : last.seq + 1, dropped: undefined };
}

function pageOfRun(run: number, { stream, limit, from }: PageQuery, log: PagedLog): LogPage {
  const { until } = log;
  const whole = log.view(stream, until).ofRun(run);
  const wanted = typeof from === "object" ? whole.since(from.sinceSeq) : whole;
  const entries = takeWhole(from === "newest" ? wanted.newest(limit) : wanted, limit);
  const last = entries.at(-1);
  // A page that ends early ends the run as far as it got.
  const end = typeof from === "object" ? Math.max(from.sinceSeq, until) : until;
  return { entries, nextSeq: last === undefined ? end : last.seq + 1, dropped: undefined };
}

function pageSince(since: number, { stream, limit }: PageQuery, log: PagedLog): LogPage {
  if (limit === 0) return { entries: [], nextSeq: since, dropped: 0 };
  const { until } = log;
  // Looked up before anything is read, since it may be dropped meanwhile.
  const rank = stream === "blended" ? 0 : log.rankOf(stream, since);
  const held = log.view(stream, until).since(since);
  const entries = held.take({ entries: limit });
  const last = entries.at(-1);
  const nextSeq = last === undefined ? Math.max(since, until) : last.seq + 1;
  if (stream === "blended") {
    const made = Math.max(0, nextSeq - Math.max(1, since));
    return { entries, nextSeq, dropped: made - entries.length };
  }
  // With no entry, what is held may lie far beyond `nextSeq` by now.
  const end = last === undefined ? log.rankOf(stream, nextSeq) : held.starts()[0];
  return { entries, nextSeq, dropped: Math.max(0, (end ?? rank) - rank - entries.length) };
}

/** Without those before a gap that was torn meanwhile: what follows it is whole. */
function takeWhole(wanted: Merge, limit: number): Entry[] {
  let entries = wanted.take({ entries: limit });
  while (entries.length < limit && wanted.length > 0) entries = wanted.take({ entries: limit });
  return entries;
}
