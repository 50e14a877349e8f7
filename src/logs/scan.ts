// A session's output for programs that look for something in it: every line as plain text, history
// first, and besides what has been written of a line that is not complete, since a prompt never is.
// Like a follower, a scan is its place in the rings and little else.

import type { OutputStream } from "../domain/session.ts";
import type { Portion } from "./merge.ts";
import { Place, type PlaceSource } from "./place.ts";
import { plainText } from "./plain.ts";
import type { Waiter } from "./raw.ts";
import type { RingReader } from "./ring-reader.ts";
import { turn } from "./turn.ts";

/** Where to begin: at an entry, or at the first line that is held of a run. */
export type ScanStart = { readonly sinceSeq: number } | { readonly run: number };

/** A complete line, decoded, without escape sequences. */
export interface ScannedLine {
  readonly seq: number;
  readonly run: number;
  readonly stream: OutputStream;
  readonly text: string;
}

/** What there is so far of a line without a newline, decoded, without escape sequences. */
export interface OpenLine {
  readonly stream: OutputStream;
  readonly text: string;
}

/** What is new. */
export interface Scanned {
  /** Entries that were dropped before this scan came to them. */
  readonly missed: number;
  readonly lines: readonly ScannedLine[];
  /** Lines in progress that have grown, each from its beginning. They come after `lines`. */
  readonly open: readonly OpenLine[];
  /** To begin here would give what comes after `lines`. */
  readonly nextSeq: number;
}

/** Enough to be quick, and few enough to be fair. */
const BATCH: Portion = { entries: 500, bytes: 131_072 };

/**
 * A line in progress that grows is told again and again, and a long one costs its reader more each
 * time: for so many bytes it is left alone for a millisecond. A prompt is never kept back.
 */
const BYTES_A_MS = 256;

export class LogScan implements Waiter {
  readonly #rings: readonly RingReader[];
  readonly #place: Place;
  #nextSeq: number;
  /** Position up to which the line in progress has been told, for each ring. */
  readonly #told: number[] = [];
  /** There is more to read at once. */
  #hasMore = false;
  #pauseMs = 0;
  #endPause: (() => void) | undefined;

  constructor(source: PlaceSource & { readonly nextSeq: number }) {
    this.#rings = source.rings;
    this.#place = new Place(source);
    this.#nextSeq = source.nextSeq;
  }

  /** To begin here would give what comes after all that was given. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /**
   * What is new, as soon as something is; undefined when the session is over and all was given, or
   * when it was closed.
   */
  async next(): Promise<Scanned | undefined> {
    await this.#giveWay();
    return await this.#place.next(() => this.#read());
  }

  /** Waits for nothing any more: what is there is still given, and then it is over. */
  finish(): void {
    this.#place.finish();
    this.#endPause?.();
  }

  /** Makes a waiting `next` look again. */
  wake(): void {
    this.#place.wake();
  }

  /** Ends the scan; a waiting `next` answers undefined. */
  close(): void {
    this.#place.close();
    this.#endPause?.();
  }

  async #giveWay(): Promise<void> {
    if (this.#hasMore) await turn();
    if (this.#pauseMs < 1 || this.#place.closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#pauseMs);
    this.#endPause = resolve;
    await promise;
    clearTimeout(timer);
  }

  #read(): Scanned | undefined {
    // Asked before looking: what comes after this look wakes.
    for (const ring of this.#rings) ring.armForBytes();
    const { entries, hasMore } = this.#place.take(BATCH);
    this.#hasMore = hasMore;
    const open = hasMore ? [] : this.#grown();
    const last = entries.at(-1);
    if (last === undefined && open.length === 0) return undefined;
    if (last !== undefined) this.#nextSeq = last.seq + 1;
    const lines = entries.map(({ seq, run, stream, bytes }): ScannedLine => {
      return { seq, run, stream, text: plainText(bytes) };
    });
    return { missed: this.#place.tellMissed(), lines, open, nextSeq: this.#nextSeq };
  }

  #grown(): OpenLine[] {
    this.#pauseMs = 0;
    const open: OpenLine[] = [];
    for (const [index, ring] of this.#rings.entries()) {
      const tail = ring.tail(this.#place.nextOf(index));
      if (tail === undefined) continue;
      const end = tail.position + tail.bytes.length;
      if (end === this.#told[index]) continue;
      this.#told[index] = end;
      this.#pauseMs += Math.floor(tail.bytes.length / BYTES_A_MS);
      open.push({ stream: ring.stream, text: plainText(tail.bytes) });
    }
    return open;
  }
}
