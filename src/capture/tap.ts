// One session on the capture thread: its two rings, and the pipes of its newest run. What a terminal
// shows is all one stream: it goes into the ring of stdout.

import { closeSync } from "node:fs";
import type { OutputStream } from "../domain/session.ts";
import { HEAD_OFFSET } from "../logs/layout.ts";
import { RingWriter, type Sequence } from "../logs/ring-writer.ts";
import { pipeCapacity } from "../native/descriptor.ts";
import { allocate, viewOf } from "../native/memory.ts";
import { POLL, type Target, type Transfer, transfer, transferByReading } from "../native/pipe.ts";
import type { CaptureRequest, OutputSources, RingFile } from "./protocol.ts";
import { usedBytes } from "./rings.ts";

/** Chunks that are read at most before others have their turn. */
const MOST_CHUNKS = 64;

/** What came of reading a pipe once. */
export interface Moved {
  /** No writer is left: the pipe was closed. */
  readonly ended: boolean;
  /** It is not to be read before a reader of the session has gone on. */
  readonly waits: boolean;
  /** A reader of the session asked to be woken for this. */
  readonly wake: boolean;
}

const CLOSED: Moved = { ended: true, waits: false, wake: false };

/** A pipe that is being read. */
export interface TappedPipe {
  readonly fd: number;
  move(happened: number): Moved;
}

export class SessionTap {
  readonly #sequence: Sequence = { next: 1 };
  readonly #taps: readonly StreamTap[];
  readonly #stdout: RingWriter;
  /** Those that wait for a reader, in the order in which bytes came to them. */
  readonly #waiting = new Set<StreamTap>();
  /** Both wait until the pipes are asked for again. */
  #isHeld = false;
  #run: number;

  /** Throws NoSpace when there is no storage for the rings. */
  constructor(request: CaptureRequest & { kind: "open" }) {
    this.#run = request.run;
    const { limits, isTerminal } = request;
    const tap = (stream: OutputStream) => {
      const file = request.rings[stream];
      const { fd, mapping } = file;
      const writer = new RingWriter(viewOf(mapping, usedBytes(mapping, limits)), {
        limits,
        sequence: this.#sequence,
        isTerminal,
        allocate: (offset, length) => allocate(fd, { offset, length }),
        whole: () => viewOf(mapping),
      });
      return new StreamTap(stream, { file, writer });
    };
    const stdout = tap("stdout");
    this.#taps = [stdout, tap("stderr")];
    this.#stdout = stdout.writer;
    // Both have been found first, since their entries share one seq.
    for (const { writer } of this.#taps) writer.index(request.run, Date.now());
    this.#stdout.announce();
  }

  /** Pipes to wait for. */
  *pipes(): Iterable<TappedPipe> {
    this.#isHeld = false;
    for (const tap of this.#inOrder()) {
      const { fd } = tap;
      if (fd === undefined) continue;
      // Closed in this very round, its ring may be unmapped; or it is the pipe of the next run by now.
      yield { fd, move: (happened) => (tap.fd === fd ? this.#move(tap, happened) : CLOSED) };
    }
  }

  /**
   * Reads a run's pipes from now on. What is left in those of the run before is read first; a run
   * that is taken over goes on in the middle of its line. True when a reader is to be woken.
   */
  begin(run: number, sources: OutputSources): boolean {
    const wake = run !== this.#run && this.drain();
    this.#run = run;
    this.#waiting.clear();
    this.#isHeld = false;
    for (const tap of this.#taps) tap.begin(run, sources);
    // A pipe whose last writer left before it was opened holds its bytes, but poll never says so.
    for (const tap of this.#taps) {
      tap.readAll(() => !this.#mustWait(tap));
      this.#queue(tap);
    }
    return this.#announce(this.#taps) || wake;
  }

  /**
   * Reads what the pipes hold and flushes last words; true when a reader is to be woken. More only
   * comes from a process that outlived its run and still writes: that one may not hold up the news
   * that the run has ended, nor outrun whoever is waited for.
   */
  drain(): boolean {
    for (const tap of this.#inOrder()) tap.drain();
    return this.#announce(this.#taps);
  }

  close(): void {
    for (const tap of this.#taps) tap.close();
  }

  #move(tap: StreamTap, happened: number): Moved {
    const moved = this.#mustWait(tap) ? "waits" : tap.move();
    if (typeof moved === "number" && tap.writer.isPaced) tap.readAll(() => !this.#mustWait(tap));
    const ended = moved === "ended" || (moved === "empty" && (happened & POLL.hup) !== 0);
    if (ended) tap.close();
    const waits = this.#queue(tap);
    const wake = typeof moved === "number" && this.#announce([tap]);
    return { ended, waits, wake };
  }

  /** Whether it waits now: if so, behind those that did before. */
  #queue(tap: StreamTap): boolean {
    if (!this.#mustWait(tap)) {
      this.#waiting.delete(tap);
      return false;
    }
    this.#waiting.add(tap);
    return true;
  }

  /** What waits longest is read first: it was written first. */
  #inOrder(): Iterable<StreamTap> {
    return this.#waiting.union(new Set(this.#taps));
  }

  /** Whether the child is to wait for a reader. */
  #mustWait(tap: StreamTap): boolean {
    if (!this.#stdout.waitsTogether) return tap.writer.mustWait();
    // Of one round: a reader that goes on between two looks must not let the later bytes pass.
    this.#isHeld ||= this.#taps.some(({ writer }) => writer.mustWait());
    return this.#isHeld;
  }

  /** Publishes the entries of these; true when a reader waits for those, or for mere bytes. */
  #announce(indexed: readonly StreamTap[]): boolean {
    let wake = this.#stdout.announce();
    for (const { writer } of indexed) if (writer.isAwaited()) wake = true;
    return wake;
  }
}

class StreamTap {
  readonly stream: OutputStream;
  readonly writer: RingWriter;
  readonly #target: Target;
  #fd: number | undefined;
  #isTerminal = false;
  #run = 0;

  constructor(stream: OutputStream, parts: { file: RingFile; writer: RingWriter }) {
    const { file, writer } = parts;
    this.stream = stream;
    this.writer = writer;
    this.#target = {
      fd: file.fd,
      address: file.mapping.address,
      headOffset: HEAD_OFFSET,
      get offset() {
        return writer.offset;
      },
      advance: (length) => writer.advance(length),
    };
  }

  get fd(): number | undefined {
    return this.#fd;
  }

  begin(run: number, sources: OutputSources): void {
    this.close();
    this.#run = run;
    this.#isTerminal = sources.terminal !== undefined;
    if (sources.terminal === undefined) this.#fd = sources[this.stream];
    else if (this.stream === "stdout") this.#fd = sources.terminal;
  }

  /** Moves one chunk, of so many bytes at most, and makes its lines entries. */
  move(most = Number.POSITIVE_INFINITY): Transfer {
    if (this.#fd === undefined) return "ended";
    const move = this.#isTerminal ? transferByReading : transfer;
    const moved = move(this.#fd, this.#target, Math.min(this.writer.room(), most));
    if (typeof moved === "number") this.writer.index(this.#run, Date.now());
    return moved;
  }

  /** Moves what is in the pipe now, within bounds, as long as it may. */
  readAll(mayMove: () => boolean): void {
    for (let chunk = 0; chunk < MOST_CHUNKS && mayMove(); chunk += 1) {
      if (typeof this.move() !== "number") break;
    }
  }

  /** Whoever the child waited for, it has ended: there is room for what its pipe holds. */
  drain(): void {
    const fd = this.#fd;
    let left = fd === undefined ? 0 : (pipeCapacity(fd) ?? Number.POSITIVE_INFINITY);
    for (let chunk = 0; chunk < MOST_CHUNKS && left > 0; chunk += 1) {
      const moved = this.move(left);
      if (typeof moved !== "number") break;
      left -= moved;
    }
    this.writer.flush(this.#run, Date.now());
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}
