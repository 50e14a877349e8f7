// The log of one session: two rings, read as stdout, as stderr, or blended. Blended is a merge of
// the rings by seq, so no line is stored twice; each ring holds as many lines as blended may show,
// and the view of a single stream is the newest part of its ring.

import type { LogStream, OutputCounters } from "../domain/session.ts";
import type { Entry } from "./entry.ts";
import { Follower, type FollowQuery } from "./follower.ts";
import type { RingLimits } from "./layout.ts";
import { Merge } from "./merge.ts";
import type { RingReader } from "./ring-reader.ts";
import { DROP_BATCH } from "./ring-writer.ts";

/** Lines of stdout, and of stderr, that can be read. */
export const STREAM_LINES = 10_000;

/** Lines of both streams that can be read blended. */
export const BLENDED_LINES = 20_000;

/** What one ring holds: lines enough for a blended view of this stream alone, and 32 MiB. */
export const RING_LIMITS: RingLimits = {
  entries: BLENDED_LINES + DROP_BATCH,
  bytes: 32 * 1_048_576,
};

/** Which entries to read. */
export interface PageQuery {
  readonly stream: LogStream;
  readonly limit: number;
  /** `newest`: the last `limit`; `oldest`: the first; `sinceSeq`: from there upward. */
  readonly from: "newest" | "oldest" | { readonly sinceSeq: number };
}

/** Entries in order, and where to ask on. */
export interface LogPage {
  readonly entries: readonly Entry[];
  /** Asking from here on gives what follows, each entry once. */
  readonly nextSeq: number;
  /**
   * With `sinceSeq`: how many entries from there on are no longer held. Exact for blended; for one
   * stream at most this many, where lines of the other in the same stretch are gone as well.
   */
  readonly dropped: number | undefined;
}

/** The two rings of a session. */
export interface Rings {
  readonly stdout: RingReader;
  readonly stderr: RingReader;
}

export class SessionLog {
  readonly #rings: Rings;
  readonly #followers = new Set<Follower>();
  #over = false;

  constructor(rings: Rings) {
    this.#rings = rings;
  }

  /** Exact counts of what is held, was dropped, and was written. */
  counters(): OutputCounters {
    const { stdout, stderr } = this.#rings;
    const held = stdout.count - stdout.first + (stderr.count - stderr.first);
    const blended = Math.min(held, BLENDED_LINES);
    const out = stdout.count - viewStart(stdout);
    const err = stderr.count - viewStart(stderr);
    return {
      stdoutLines: out,
      stderrLines: err,
      blendedLines: blended,
      stdoutDropped: stdout.count - out,
      stderrDropped: stderr.count - err,
      blendedDropped: stdout.count + stderr.count - blended,
      stdoutBytes: stdout.bytes,
      stderrBytes: stderr.bytes,
    };
  }

  /** Reads up to `limit` entries. */
  page(query: PageQuery): LogPage {
    const until = this.#rings.stdout.sequence;
    const view = this.#view(query.stream, until);
    if (typeof query.from === "object") return this.#pageSince(query, view, until);
    const merge = query.from === "newest" ? view.newest(query.limit) : view;
    const entries = merge.take(query.limit);
    const last = entries.at(-1);
    return {
      entries,
      nextSeq: last === undefined ? until : last.seq + 1,
      dropped: undefined,
    };
  }

  /** Starts following: history first, then what comes. */
  follow(query: FollowQuery): Follower {
    const rings = this.#ringsOf(query.stream);
    const follower = new Follower(query, {
      rings,
      sequence: this.#rings.stdout,
      isOver: () => this.#over,
      onClose: () => this.#followers.delete(follower),
    });
    this.#followers.add(follower);
    return follower;
  }

  /** Followers look again: there are new entries. */
  wake(): void {
    for (const follower of this.#followers) follower.wake();
  }

  /** Says whether more can come by itself; when not, followers that have read all end. */
  settle(over: boolean): void {
    this.#over = over;
    if (over) this.wake();
  }

  /** Ends all followers and lets go of the memory. */
  close(): void {
    for (const follower of this.#followers) follower.close();
    this.#rings.stdout.close();
    this.#rings.stderr.close();
  }

  #pageSince(query: PageQuery, view: Merge, until: number): LogPage {
    const since = typeof query.from === "object" ? query.from.sinceSeq : 0;
    const held = view.since(since);
    const heldCount = held.length;
    const entries = held.take(query.limit);
    const last = entries.at(-1);
    return {
      entries,
      nextSeq: last === undefined ? since : last.seq + 1,
      dropped: this.#droppedSince(query.stream, { since, heldCount, until }),
    };
  }

  #droppedSince(
    stream: LogStream,
    view: { since: number; heldCount: number; until: number },
  ): number {
    const made = Math.max(0, view.until - Math.max(1, view.since));
    if (stream === "blended") return Math.max(0, made - view.heldCount);
    const ring = this.#rings[stream];
    const other = this.#rings[stream === "stdout" ? "stderr" : "stdout"];
    const othersHeld = other.count - other.search(view.since);
    return Math.min(viewStart(ring), Math.max(0, made - view.heldCount - othersHeld));
  }

  #view(stream: LogStream, until: number): Merge {
    if (stream === "blended") {
      return Merge.of(this.#ringsOf(stream), until).newest(BLENDED_LINES);
    }
    return Merge.of(this.#ringsOf(stream), until).newest(STREAM_LINES);
  }

  #ringsOf(stream: LogStream): readonly RingReader[] {
    if (stream === "blended") return [this.#rings.stdout, this.#rings.stderr];
    return [this.#rings[stream]];
  }
}

function viewStart(ring: RingReader): number {
  return Math.max(ring.first, ring.count - STREAM_LINES);
}
