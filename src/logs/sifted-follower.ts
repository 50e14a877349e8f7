// A follower that gives only those entries that are wanted: of the history the newest so many of
// them, then each as it comes. What nobody wants is passed over in slices. With an end in time it
// ends there.

import { LONGEST_TIMER_MS } from "../domain/duration.ts";
import type { Entry } from "./entry.ts";
import { type LogFilter, Sieve } from "./filter.ts";
import type { FollowBatch, Follower, FollowQuery } from "./follower.ts";
import type { LogPage } from "./page.ts";
import type { SearchQuery } from "./search.ts";
import { isSliceOver, nextSlice } from "./turn.ts";

/** Where to start following, and what of it. */
export interface SiftQuery extends FollowQuery {
  readonly filter: LogFilter;
}

/** What a sifted follower needs of its log. */
export interface Sifted {
  search(query: SearchQuery): Promise<LogPage>;
  follow(query: FollowQuery): Follower;
  /** Lets the sieve look at what comes before an entry. */
  prime(sieve: Sieve, seq: number): void;
}

export class SiftedFollower {
  readonly #query: SiftQuery;
  readonly #log: Sifted;
  readonly #sieve: Sieve;
  readonly #closing = new AbortController();
  #follower: Follower | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(query: SiftQuery, log: Sifted) {
    this.#query = query;
    this.#log = log;
    this.#sieve = new Sieve(query.filter);
  }

  /** The next entries as soon as there are some; undefined when it is over or was closed. */
  async next(): Promise<FollowBatch | undefined> {
    if (this.#follower === undefined) {
      const history = await this.#begin().catch((thrown: unknown) => {
        if (!this.#closing.signal.aborted) throw thrown;
        return undefined;
      });
      if (history !== undefined) return history;
    }
    while (!this.#closing.signal.aborted) {
      const batch = await this.#follower?.next();
      if (batch === undefined) break;
      const entries = await this.#sift(batch.entries);
      // What was missed may have been wanted.
      if (entries.length > 0 || batch.missed > 0) return { ...batch, entries };
    }
    this.close();
    return undefined;
  }

  /** Ends following; a waiting `next` answers undefined. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
    this.#follower?.close();
  }

  async #begin(): Promise<FollowBatch | undefined> {
    const { from, filter } = this.#query;
    const { signal } = this.#closing;
    const history =
      from === "newest" ? await this.#log.search({ ...this.#query, from, signal }) : undefined;
    if (signal.aborted) return undefined;
    const sinceSeq = history?.nextSeq ?? (typeof from === "object" ? from.sinceSeq : 0);
    this.#log.prime(this.#sieve, sinceSeq);
    this.#follower = this.#log.follow({ ...this.#query, from: { sinceSeq } });
    if (filter.untilMs !== undefined) this.#finishAt(filter.untilMs);
    if (history === undefined || history.entries.length === 0) return undefined;
    return { missed: 0, entries: history.entries, nextSeq: history.nextSeq };
  }

  /** What has come by then is still given. */
  #finishAt(untilMs: number): void {
    const leftMs = untilMs - Date.now();
    if (leftMs <= 0) {
      this.#follower?.finish();
      return;
    }
    const waitMs = Math.min(leftMs, LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#finishAt(untilMs), waitMs);
  }

  async #sift(entries: readonly Entry[]): Promise<Entry[]> {
    const wanted: Entry[] = [];
    for (const entry of entries) {
      if (isSliceOver()) await nextSlice();
      if (this.#sieve.keeps(entry)) wanted.push(entry);
    }
    return wanted;
  }
}
