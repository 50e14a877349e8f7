// The log of one session: two rings, read as stdout, as stderr, or blended. Blended is a merge of
// the rings by seq, so no line is stored twice; each ring holds as many lines as blended may show,
// and the view of a single stream is the newest part of its ring.

import type { LogStream, OutputCounters, OutputStream } from "../domain/session.ts";
import { type Digest, type DigestQuery, digestLog } from "./digest.ts";
import { Follower, type FollowQuery } from "./follower.ts";
import type { RingLimits } from "./layout.ts";
import { Merge } from "./merge.ts";
import { Pacing, type PacingOptions } from "./pacing.ts";
import { type LogPage, type PagedLog, type PageQuery, readPage } from "./page.ts";
import type { PlaceSource } from "./place.ts";
import { rankOf } from "./rank.ts";
import { type RawOutput, RawReader, type Waiter } from "./raw.ts";
import type { RingReader } from "./ring-reader.ts";
import { DROP_BATCH } from "./ring-writer.ts";
import { LogScan, type ScanStart } from "./scan.ts";
import { type SearchQuery, searchLog } from "./search.ts";
import { SiftedFollower, type SiftQuery } from "./sifted-follower.ts";

/** Lines of stdout, and of stderr, that can be read. */
export const STREAM_LINES = 10_000;

/** Lines of both streams that can be read blended. */
export const BLENDED_LINES = 20_000;

/** What one ring holds: lines enough for a blended view of this stream alone, and 32 MiB. */
export const RING_LIMITS: RingLimits = {
  entries: BLENDED_LINES + DROP_BATCH,
  bytes: 32 * 1_048_576,
};

/** What there is so far of a line without a newline. */
export interface OpenBytes {
  readonly stream: OutputStream;
  /** A copy. */
  readonly bytes: Uint8Array;
}

/** The two rings of a session. */
export interface Rings {
  readonly stdout: RingReader;
  readonly stderr: RingReader;
}

export class SessionLog {
  readonly #rings: Rings;
  readonly #waiters = new Set<Waiter>();
  readonly #pacing: ReadonlyMap<RingReader, Pacing>;
  readonly #onRoom: () => void;
  #over = false;

  constructor(rings: Rings, pacing: PacingOptions = { onRoom() {} }) {
    this.#rings = rings;
    this.#onRoom = pacing.onRoom;
    const all = [rings.stdout, rings.stderr];
    this.#pacing = new Map(all.map((ring) => [ring, new Pacing(ring, pacing)]));
  }

  /** Whether the child waits for readers. */
  get isPaced(): boolean {
    return this.#rings.stdout.isPaced || this.#rings.stderr.isPaced;
  }

  /** Readers for whom the child is to wait come in a moment. */
  expectPacedReader(): void {
    this.#rings.stdout.paceTogether(true);
    for (const pacing of this.#pacing.values()) pacing.expect();
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
  page(query: PageQuery): LogPage {
    return readPage(query, this.#paged());
  }

  /** Reads up to `limit` of the entries that pass a filter, in slices. */
  search(query: SearchQuery): Promise<LogPage> {
    return searchLog(query, this.#paged());
  }

  /** Sums up what is held, in slices. */
  digest(query: DigestQuery): Promise<Digest> {
    return digestLog(query, this.#paged());
  }

  /** Starts following: history first, then what comes. */
  follow(query: FollowQuery): Follower {
    const rings = this.#ringsOf(query.stream);
    const pacing = query.paced ? rings.map((ring) => this.#pacing.get(ring)) : [];
    const start = this.#startOf(query);
    // One stream ahead of the other would come too late in the view of both.
    const together = query.stream === "blended";
    if (query.paced && this.#rings.stdout.paceTogether(together)) this.#onRoom();
    for (const pace of pacing) pace?.came(query.reader);
    const onReached = (next: readonly number[]) => {
      for (const [ring, pace] of pacing.entries()) pace?.reached(follower, next[ring] ?? 0);
    };
    const follower = new Follower({
      ...start,
      rings,
      sequence: this.#rings.stdout,
      isOver: () => this.#over,
      onReached,
      onClose: () => {
        this.#waiters.delete(follower);
        for (const pace of pacing) pace?.left(follower, { over: this.#over });
      },
    });
    this.#waiters.add(follower);
    onReached(start.starts);
    return follower;
  }

  /** Follows those entries that pass a filter. */
  followFiltered(query: SiftQuery): SiftedFollower {
    return new SiftedFollower(query, {
      search: (wanted) => this.search(wanted),
      follow: (wanted) => this.follow(wanted),
      prime: (sieve, seq) => {
        for (const ring of this.#ringsOf(query.stream)) sieve.prime(ring, ring.search(seq));
      },
    });
  }

  /** Reads the output as text, lines in progress included. To be closed by who asked. */
  scan(from: ScanStart, { stream = "blended" }: { stream?: LogStream } = {}): LogScan {
    const scan = new LogScan({
      ...("run" in from ? this.#startOfRun(from.run, stream) : this.#startSince(from, stream)),
      rings: this.#ringsOf(stream),
      sequence: this.#rings.stdout,
      isOver: () => this.#over,
      onClose: () => this.#waiters.delete(scan),
    });
    this.#waiters.add(scan);
    return scan;
  }

  /** Lines in progress, provided that all below `seq` are complete and none is from there on. */
  openLines(stream: LogStream, seq: number): readonly OpenBytes[] {
    if (this.#rings.stdout.sequence !== seq) return [];
    return this.#ringsOf(stream).flatMap((ring) => {
      const tail = ring.tail(ring.count);
      return tail === undefined ? [] : [{ stream: ring.stream, bytes: tail.bytes }];
    });
  }

  /** Reads what the child wrote as it is. To be closed by who asked. */
  bytes(stream: OutputStream): RawOutput {
    return new RawReader({ ring: this.#rings[stream], waiters: this.#waiters });
  }

  /** Who waits looks again: there are new entries, or new bytes. */
  wake(): void {
    for (const waiter of this.#waiters) waiter.wake();
  }

  /** Says whether more can come by itself; when not, followers that have read all end. */
  settle(over: boolean): void {
    this.#over = over;
    if (over) this.wake();
  }

  /** Ends all followers and lets go of the memory. */
  close(): void {
    for (const waiter of this.#waiters) waiter.close();
    for (const pacing of this.#pacing.values()) pacing.close();
    this.#rings.stdout.close();
    this.#rings.stderr.close();
  }

  #paged(): PagedLog {
    return {
      until: this.#rings.stdout.sequence,
      view: (stream, until) => this.#view(stream, until),
      rankOf: (stream, seq) => this.#rankOf(stream, seq),
    };
  }

  #startOf({ stream, from, limit }: FollowQuery): Pick<PlaceSource, "starts" | "missed"> {
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

  #startSince(from: { readonly sinceSeq: number }, stream: LogStream) {
    return { ...this.#startOf({ stream, from, limit: 0 }), nextSeq: Math.max(1, from.sinceSeq) };
  }

  #startOfRun(run: number, stream: LogStream) {
    const until = this.#rings.stdout.sequence;
    const starts = this.#ringsOf(stream).map((ring) => ring.searchRun(run));
    const first = Merge.from(this.#ringsOf(stream), { starts, until }).firstSeq();
    // What this run printed first may be gone; how much of what is gone was its own nobody knows.
    return { starts, missed: 0, nextSeq: first ?? until };
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
