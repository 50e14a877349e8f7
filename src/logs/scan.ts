// A session's output for programs that look for something in it: every line as plain text, history
// first, and besides what has been written of a line that is not complete, since a prompt never is.
// Like a follower, a scan is its place in the rings and nothing else.

import type { OutputStream } from "../domain/session.ts";
import type { FollowSource } from "./follower.ts";
import { Merge, type Portion } from "./merge.ts";
import { plainText } from "./plain.ts";
import type { Waiter } from "./raw.ts";
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
  readonly #source: FollowSource;
  /** Number of the next entry, for each ring. */
  #next: readonly number[];
  #nextSeq: number;
  #missed: number;
  /** Position up to which the line in progress has been told, for each ring. */
  readonly #told: number[] = [];
  /** There is more to read at once. */
  #hasMore = false;
  #pauseMs = 0;
  /** Where it is over, once it has been told to finish. */
  #until = Number.POSITIVE_INFINITY;
  #closed = false;
  #wake: (() => void) | undefined;
  #endPause: (() => void) | undefined;

  constructor(source: FollowSource & { readonly nextSeq: number }) {
    this.#source = source;
    this.#next = source.starts;
    this.#missed = source.missed;
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
    for (;;) {
      if (this.#closed) return undefined;
      // Asked before looking: what is settled now was read to its end below.
      const isLast = this.#source.isOver() || Number.isFinite(this.#until);
      this.#source.sequence.arm();
      for (const ring of this.#source.rings) ring.armForBytes();
      const scanned = this.#read();
      if (scanned !== undefined) return scanned;
      if (isLast) {
        this.close();
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Waits for nothing any more: what is there is still given, and then it is over. */
  finish(): void {
    this.#until = this.#source.sequence.sequence;
    this.#endPause?.();
    this.wake();
  }

  /** Makes a waiting `next` look again. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Ends the scan; a waiting `next` answers undefined. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#source.onClose();
    this.#endPause?.();
    this.wake();
  }

  async #giveWay(): Promise<void> {
    if (this.#hasMore) await turn();
    if (this.#pauseMs < 1 || this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#pauseMs);
    this.#endPause = resolve;
    await promise;
    clearTimeout(timer);
  }

  #read(): Scanned | undefined {
    const until = Math.min(this.#source.sequence.sequence, this.#until);
    const merge = Merge.from(this.#source.rings, { starts: this.#next, until });
    const entries = merge.take(BATCH);
    this.#next = merge.starts();
    this.#missed += merge.lost;
    this.#hasMore = merge.length > 0;
    const open = this.#hasMore ? [] : this.#grown();
    const last = entries.at(-1);
    if (last === undefined && open.length === 0) return undefined;
    if (last !== undefined) this.#nextSeq = last.seq + 1;
    const missed = this.#missed;
    this.#missed = 0;
    const lines = entries.map(({ seq, run, stream, bytes }): ScannedLine => {
      return { seq, run, stream, text: plainText(bytes) };
    });
    return { missed, lines, open, nextSeq: this.#nextSeq };
  }

  #grown(): OpenLine[] {
    this.#pauseMs = 0;
    const open: OpenLine[] = [];
    for (const [place, ring] of this.#source.rings.entries()) {
      const tail = ring.tail(this.#next[place] ?? 0);
      if (tail === undefined) continue;
      const end = tail.position + tail.bytes.length;
      if (end === this.#told[place]) continue;
      this.#told[place] = end;
      this.#pauseMs += Math.floor(tail.bytes.length / BYTES_A_MS);
      open.push({ stream: ring.stream, text: plainText(tail.bytes) });
    }
    return open;
  }
}
