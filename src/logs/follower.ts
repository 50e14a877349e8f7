// One reader that stays: history first, then live, each entry once and none in between left out.

import type { LogStream } from "../domain/session.ts";
import type { Entry } from "./entry.ts";
import type { ReaderProcess } from "./layout.ts";
import type { Portion } from "./merge.ts";
import { Place, type PlaceSource } from "./place.ts";

/** Where to start following. */
export interface FollowQuery {
  readonly stream: LogStream;
  /** `newest`: the last `limit` entries are the history; `sinceSeq`: all from there on. */
  readonly from: "newest" | { readonly sinceSeq: number };
  readonly limit: number;
  /** The child waits for this reader, rather than that it misses anything. */
  readonly paced?: boolean;
  /** Its process, if it is one that comes back as long as it lives. */
  readonly reader?: ReaderProcess | undefined;
}

/** What is new since the batch before: at least one entry. */
export interface FollowBatch {
  /** Entries that were dropped before this follower came to them. */
  readonly missed: number;
  /** Following from here on would give what comes after this batch. */
  readonly nextSeq: number;
  readonly entries: readonly Entry[];
}

/** One batch, about: enough to be quick, few enough to be fair. */
const BATCH: Portion = { entries: 2_000, bytes: 262_144 };

export class Follower {
  readonly #place: Place;

  constructor(source: PlaceSource) {
    this.#place = new Place(source);
  }

  /** The next entries as soon as there are some; undefined when it is over or was closed. */
  next(): Promise<FollowBatch | undefined> {
    return this.#place.next(() => this.#read());
  }

  /** Waits for nothing any more: what is there is still given, and then it is over. */
  finish(): void {
    this.#place.finish();
  }

  /** Makes a waiting `next` look again. */
  wake(): void {
    this.#place.wake();
  }

  /** Ends following; a waiting `next` answers undefined. */
  close(): void {
    this.#place.close();
  }

  #read(): FollowBatch | undefined {
    const { entries } = this.#place.take(BATCH);
    const last = entries.at(-1);
    // Entries are dropped only for newer ones: what was missed is told with the first of those.
    if (last === undefined) return undefined;
    return { missed: this.#place.tellMissed(), nextSeq: last.seq + 1, entries };
  }
}
