// Writing to a child that reads when it likes, or never. What does not fit into the pipe waits here,
// in the order in which it came and each piece whole; nobody else is held up by it, and nothing
// waits for longer than it was given.

import { closeSync, writeSync } from "node:fs";
import { formatDuration } from "../domain/duration.ts";
import { writtenInWords } from "../domain/input.ts";
import { Problem, systemCode } from "../domain/problem.ts";

/** Bytes that may wait for one child. */
export const MOST_QUEUED_BYTES = 1_048_576;

/** As much as a pipe holds, and how much is written before others have a turn. */
const SLICE_BYTES = 65_536;
const SLICES_A_TURN = 4;

/** First and longest pause before a full pipe is tried again, in ms. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

export interface QueueOptions {
  readonly timeoutMs: number;
  readonly onTurn?: (() => void) | undefined;
  /** What is to be done once all of it is written: perhaps to write more, which is not counted. */
  readonly finish?: (() => Uint8Array) | undefined;
}

interface Piece extends QueueOptions {
  readonly size: number;
  /** What is still to be written, of the piece or of what finishes it. */
  rest: Uint8Array;
  written: number;
  state: "waiting" | "begun" | "finishing";
  readonly timer: Timer;
  resolve(written: number): void;
  reject(problem: Problem): void;
}

export class InputQueue {
  readonly fd: number;
  #pieces: Piece[] = [];
  #queuedBytes = 0;
  #retry: Timer | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #closed: Problem | undefined;

  /** Writes to a non-blocking descriptor, which is closed with the queue. */
  constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Resolves with the number of bytes once all are in the pipe. Rejects with a Problem `conflict`
   * that says how many were, when the reader has not read in time, is gone, or too much waits.
   */
  async write(bytes: Uint8Array, options: QueueOptions): Promise<number> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#queuedBytes + bytes.length > MOST_QUEUED_BYTES) throw tooMuch(this.#queuedBytes);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const piece: Piece = {
      ...options,
      ...{ size: bytes.length, rest: bytes, written: 0, state: "waiting", resolve, reject },
      timer: setTimeout(() => this.#fail(piece, unread(piece)), options.timeoutMs),
    };
    this.#pieces.push(piece);
    this.#queuedBytes += piece.size;
    if (this.#retry === undefined) this.#pump();
    return await promise;
  }

  /** Nothing is written any more; those who wait are told why. */
  close(why: Problem): void {
    if (this.#closed !== undefined) return;
    this.#closed = why;
    clearTimeout(this.#retry);
    closeSync(this.fd);
    for (const piece of [...this.#pieces]) {
      // Of one that is being finished, perhaps by this very call, all was written.
      if (piece.state === "finishing") this.#settle(piece);
      else this.#fail(piece, cutShort(why, piece));
    }
  }

  #pump(): void {
    this.#retry = undefined;
    for (let slice = 0; slice < SLICES_A_TURN; slice += 1) {
      const [piece] = this.#pieces;
      if (piece === undefined) return;
      if (!this.#advance(piece)) {
        this.#tryAgain(this.#pauseMs);
        return;
      }
    }
    if (this.#pieces.length > 0) this.#tryAgain(0);
  }

  /** Writes some of a piece; false when there is no room for it. */
  #advance(piece: Piece): boolean {
    if (piece.state === "waiting") {
      piece.state = "begun";
      piece.onTurn?.();
    }
    try {
      if (piece.rest.length > 0) this.#writeSlice(piece);
      if (piece.rest.length === 0) this.#finish(piece);
      this.#pauseMs = FIRST_PAUSE_MS;
      return true;
    } catch (thrown) {
      if (systemCode(thrown) === "EAGAIN") return false;
      this.#fail(piece, unreadable(piece, thrown));
      return true;
    }
  }

  #writeSlice(piece: Piece): void {
    const written = writeSync(this.fd, piece.rest.subarray(0, SLICE_BYTES));
    piece.rest = piece.rest.subarray(written);
    if (piece.state === "begun") piece.written += written;
  }

  #finish(piece: Piece): void {
    if (piece.state === "begun") {
      piece.state = "finishing";
      piece.rest = piece.finish?.() ?? piece.rest;
    }
    if (piece.rest.length === 0) this.#settle(piece);
  }

  #settle(piece: Piece): void {
    this.#remove(piece);
    piece.resolve(piece.written);
  }

  #fail(piece: Piece, problem: Problem): void {
    this.#remove(piece);
    piece.reject(problem);
  }

  #remove(piece: Piece): void {
    clearTimeout(piece.timer);
    if (!this.#pieces.includes(piece)) return;
    this.#pieces = this.#pieces.filter((other) => other !== piece);
    this.#queuedBytes -= piece.size;
  }

  #tryAgain(ms: number): void {
    if (this.#closed !== undefined || this.#pieces.length === 0) return;
    if (ms > 0) this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#retry = setTimeout(() => this.#pump(), ms);
  }
}

function soFar({ written, size }: Piece): string {
  return writtenInWords(written, size);
}

function unread(piece: Piece): Problem {
  const waited = formatDuration(piece.timeoutMs);
  const message = `The process does not read its input: ${soFar(piece)} within ${waited}`;
  return new Problem("conflict", message, {
    hint: 'Send what is left once it reads again, or with more time: --timeout (over HTTP: "timeout")',
    written: piece.written,
  });
}

function unreadable(piece: Piece, cause: unknown): Problem {
  const message =
    systemCode(cause) === "EPIPE"
      ? `The process has closed its stdin: ${soFar(piece)}`
      : `The input cannot be written: ${soFar(piece)} (${systemCode(cause)})`;
  return new Problem("conflict", message, {
    hint: "It takes no more input in this run. Start it anew with: korun restart",
    written: piece.written,
    cause,
  });
}

function cutShort(why: Problem, piece: Piece): Problem {
  const { code, hint } = why;
  const { written } = piece;
  return new Problem(code, `${why.message}: ${soFar(piece)}`, { hint, written });
}

function tooMuch(queued: number): Problem {
  const message = `The process does not read its input: ${queued} bytes wait for it already`;
  return new Problem("conflict", message, {
    expected: `at most ${MOST_QUEUED_BYTES} bytes that wait`,
    hint: "Send what is left once the process reads again.",
    written: 0,
  });
}
