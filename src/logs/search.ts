// A page of those entries that are wanted: filtered first, then limited. Every entry that is held
// is judged from the oldest on, in slices, since what a line means may depend on those before it.
// Numbers stay those of the log: `nextSeq` and `dropped` count what was passed over as well.

import type { Entry } from "./entry.ts";
import { type LogFilter, Sieve } from "./filter.ts";
import type { Merge, Portion } from "./merge.ts";
import type { LogPage, PagedLog, PageQuery } from "./page.ts";
import { isSliceOver, nextSlice } from "./turn.ts";

/** Which of the entries to read. */
export interface SearchQuery extends PageQuery {
  readonly filter: LogFilter;
  /** Aborted when nobody waits for the answer any more: the search then throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Enough to be quick; what is copied and not wanted is little. */
const BATCH: Portion = { entries: 200, bytes: 65_536 };

/** Reads up to `limit` of the entries that pass the filter. */
export async function searchLog(query: SearchQuery, log: PagedLog): Promise<LogPage> {
  const { stream, limit, from, run } = query;
  const { until } = log;
  const since = typeof from === "object" ? from.sinceSeq : undefined;
  const counts = since !== undefined && run === undefined;
  if (limit === 0) {
    return { entries: [], nextSeq: since ?? until, dropped: counts ? 0 : undefined };
  }
  // Looked up before anything is read, since it may be dropped meanwhile.
  const rank = since === undefined || stream === "blended" ? 0 : log.rankOf(stream, since);
  const view = log.view(stream, until);
  const ofRun = run === undefined ? view : view.ofRun(run);
  const walk = new Walk(since === undefined ? ofRun : ofRun.since(since), query);
  const entries = await walk.collect();
  const nextSeq = walk.stoppedAt ?? Math.max(since ?? 0, until);
  if (!counts) return { entries, nextSeq, dropped: undefined };
  const made =
    stream === "blended" ? nextSeq - Math.max(1, since) : log.rankOf(stream, nextSeq) - rank;
  return { entries, nextSeq, dropped: Math.max(0, made - walk.judged) };
}

class Walk {
  readonly #merge: Merge;
  readonly #query: SearchQuery;
  readonly #sieve: Sieve;
  /** Entries that were looked at. */
  judged = 0;
  /** Where to go on, if the limit was reached before the end. */
  stoppedAt: number | undefined;

  constructor(merge: Merge, query: SearchQuery) {
    this.#merge = merge;
    this.#query = query;
    this.#sieve = new Sieve(query.filter);
    merge.eachStart((ring, next) => this.#sieve.prime(ring, next));
  }

  async collect(): Promise<Entry[]> {
    const { limit, from, signal } = this.#query;
    const isNewest = from === "newest";
    const kept: Entry[] = [];
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      for (const entry of batch) {
        if (isSliceOver()) {
          await nextSlice();
          signal?.throwIfAborted();
        }
        this.judged += 1;
        if (!this.#sieve.keeps(entry)) continue;
        kept.push(entry);
        if (isNewest && kept.length >= 2 * limit + BATCH.entries)
          kept.splice(0, kept.length - limit);
        if (isNewest || kept.length < limit) continue;
        this.stoppedAt = entry.seq + 1;
        return kept;
      }
    }
    return kept.slice(Math.max(0, kept.length - limit));
  }

  #take(): Entry[] {
    return this.#merge.take(BATCH);
  }
}
