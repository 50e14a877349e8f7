// The log of one session: two rings, read as stdout, as stderr, or blended. Blended is a merge of
// the rings by seq, so no line is stored twice; each ring holds as many lines as blended may show,
// and the view of a single stream is the newest part of its ring.

import type { LogStream, OutputCounters, OutputStream } from "../domain/session.ts";
import type { Entry } from "./entry.ts";
import { Follower, type FollowQuery, type FollowSource } from "./follower.ts";
import type { RingLimits } from "./layout.ts";
import { Merge } from "./merge.ts";
import { rankOf } from "./rank.ts";
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
  /** Only what this run wrote. */
  readonly run?: number | undefined;
}

/** Entries in order, and where to ask on. */
export interface LogPage {
  readonly entries: readonly Entry[];
  /** Asking from here on gives what follows, each entry once. */
  readonly nextSeq: number;
  /**
   * With `sinceSeq` and without `run`: how many entries from there to `nextSeq` are no longer held. Exact for blended;
   * for one stream at most this many, where lines of the other in the same stretch are gone as well.
   */
  readonly dropped: number | undefined;
}

/** The two rings of a session. */
export interface Rings {
  readonly stdout: RingReader;
  readonly stderr: RingReader;
}

interface PageBounds {
  readonly stream: LogStream;
  readonly limit: number;
  readonly until: number;
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
    const stdout = this.#rings.stdout.held();
    const stderr = this.#rings.stderr.held();
    const made = stdout.count + stderr.count;
    const blended = Math.min(made - stdout.first - stderr.first, BLENDED_LINES);
    const out = Math.min(stdout.count - stdout.first, STREAM_LINES);
    const err = Math.min(stderr.count - stderr.first, STREAM_LINES);
    return {
      stdoutLines: out,
      stderrLines: err,
      blendedLines: blended,
      stdoutDropped: stdout.count - out,
      stderrDropped: stderr.count - err,
      blendedDropped: made - blended,
      stdoutBytes: this.#rings.stdout.bytes,
      stderrBytes: this.#rings.stderr.bytes,
    };
  }

  /** Reads up to `limit` entries. */
  page({ stream, limit, from, run }: PageQuery): LogPage {
    const until = this.#rings.stdout.sequence;
    if (run !== undefined) return this.#pageOfRun(run, { stream, limit, from, until });
    if (typeof from === "object") return this.#pageSince(from.sinceSeq, { stream, limit, until });
    const view = this.#view(stream, until);
    const entries = takeWhole(from === "newest" ? view.newest(limit) : view, limit);
    const last = entries.at(-1);
    return { entries, nextSeq: last === undefined ? until : last.seq + 1, dropped: undefined };
  }

  /** Starts following: history first, then what comes. */
  follow(query: FollowQuery): Follower {
    const follower = new Follower({
      ...this.#startOf(query),
      rings: this.#ringsOf(query.stream),
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

  #pageOfRun(run: number, { stream, limit, from, until }: PageQuery & PageBounds): LogPage {
    const whole = this.#view(stream, until).ofRun(run);
    const wanted = typeof from === "object" ? whole.since(from.sinceSeq) : whole;
    const entries = takeWhole(from === "newest" ? wanted.newest(limit) : wanted, limit);
    const last = entries.at(-1);
    // A page that ends early ends the run as far as it got.
    const end = typeof from === "object" ? Math.max(from.sinceSeq, until) : until;
    return { entries, nextSeq: last === undefined ? end : last.seq + 1, dropped: undefined };
  }

  #pageSince(since: number, { stream, limit, until }: PageBounds): LogPage {
    if (limit === 0) return { entries: [], nextSeq: since, dropped: 0 };
    // Looked up before anything is read, since it may be dropped meanwhile.
    const rank = stream === "blended" ? 0 : this.#rankOf(stream, since);
    const held = this.#view(stream, until).since(since);
    const entries = held.take({ entries: limit });
    const last = entries.at(-1);
    const nextSeq = last === undefined ? Math.max(since, until) : last.seq + 1;
    if (stream === "blended") {
      const made = Math.max(0, nextSeq - Math.max(1, since));
      return { entries, nextSeq, dropped: made - entries.length };
    }
    // With no entry, what is held may lie far beyond `nextSeq` by now.
    const end = last === undefined ? this.#rankOf(stream, nextSeq) : held.starts()[0];
    return { entries, nextSeq, dropped: Math.max(0, (end ?? rank) - rank - entries.length) };
  }

  #startOf({ stream, from, limit }: FollowQuery): Pick<FollowSource, "starts" | "missed"> {
    const rings = this.#ringsOf(stream);
    if (from === "newest") {
      const held = Merge.of(rings, this.#rings.stdout.sequence);
      return { starts: held.newest(limit).starts(), missed: 0 };
    }
    const since = Math.max(1, from.sinceSeq);
    // A follower counts what is gone from its start on.
    if (stream !== "blended") return { starts: [this.#rankOf(stream, since)], missed: 0 };
    const starts = rings.map((ring) => ring.search(since));
    // Of all entries before these starts, `since - 1` were not asked for.
    const before = starts.reduce((sum, start) => sum + start, 0);
    return { starts, missed: Math.max(0, before - (since - 1)) };
  }

  #rankOf(stream: OutputStream, seq: number): number {
    const other = this.#rings[stream === "stdout" ? "stderr" : "stdout"];
    return rankOf(seq, { ring: this.#rings[stream], other });
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

/** Without those before a gap that was torn meanwhile: what follows it is whole. */
function takeWhole(wanted: Merge, limit: number): Entry[] {
  let entries = wanted.take({ entries: limit });
  while (entries.length < limit && wanted.length > 0) entries = wanted.take({ entries: limit });
  return entries;
}
