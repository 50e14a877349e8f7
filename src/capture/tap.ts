// One session on the capture thread: its two rings, and the pipes of its newest run.

import { closeSync } from "node:fs";
import type { OutputStream } from "../domain/session.ts";
import { HEAD_OFFSET } from "../logs/layout.ts";
import { RingWriter, type Sequence } from "../logs/ring-writer.ts";
import { allocate, viewOf } from "../native/memory.ts";
import { POLL, type Target, transfer } from "../native/pipe.ts";
import type { CaptureRequest, RingFile } from "./protocol.ts";

/**
 * Chunks that a drain reads at most. A pipe holds one; more only come from a process that outlived
 * its run and still writes, and that one may not hold up the news that the run has ended.
 */
const DRAIN_CHUNKS = 64;

/** What came of reading a pipe once. */
export interface Moved {
  /** No writer is left: the pipe was closed. */
  readonly ended: boolean;
  /** A reader of the session asked to be woken for this. */
  readonly wake: boolean;
}

/** A pipe that is being read. */
export interface TappedPipe {
  readonly fd: number;
  move(happened: number): Moved;
}

export class SessionTap {
  readonly #sequence: Sequence = { next: 1 };
  readonly #taps: readonly StreamTap[];
  readonly #stdout: RingWriter;
  #run: number;

  /** Throws NoSpace when there is no storage for the rings. */
  constructor(request: CaptureRequest & { kind: "open" }) {
    this.#run = request.run;
    const tap = (stream: OutputStream) =>
      new StreamTap(stream, {
        file: request.rings[stream],
        writer: new RingWriter(viewOf(request.rings[stream].mapping), {
          limits: request.limits,
          sequence: this.#sequence,
          allocate: (offset, length) => allocate(request.rings[stream].fd, { offset, length }),
        }),
      });
    const stdout = tap("stdout");
    this.#taps = [stdout, tap("stderr")];
    this.#stdout = stdout.writer;
    // Both have been found first, since their entries share one seq.
    for (const { writer } of this.#taps) writer.index(request.run, Date.now());
    this.#stdout.announce();
  }

  /** Pipes to wait for. */
  *pipes(): Iterable<TappedPipe> {
    for (const tap of this.#taps) {
      if (tap.fd !== undefined) {
        yield { fd: tap.fd, move: (happened) => this.#move(tap, happened) };
      }
    }
  }

  /**
   * Reads a run's pipes from now on. What is left in those of the run before is read first; a run
   * that is taken over goes on in the middle of its line. True when a reader is to be woken.
   */
  begin(run: number, pipes: Readonly<Record<OutputStream, number>>): boolean {
    const wake = run !== this.#run && this.drain();
    this.#run = run;
    for (const tap of this.#taps) tap.begin(run, pipes[tap.stream]);
    // A pipe whose last writer left before it was opened holds its bytes, but poll never says so.
    for (const tap of this.#taps) tap.readAll();
    return this.#stdout.announce() || wake;
  }

  /** Reads what the pipes hold and flushes last words; true when a reader is to be woken. */
  drain(): boolean {
    for (const tap of this.#taps) tap.drain();
    return this.#stdout.announce();
  }

  close(): void {
    for (const tap of this.#taps) tap.close();
  }

  #move(tap: StreamTap, happened: number): Moved {
    const moved = tap.move();
    const ended = moved === "ended" || (moved === "empty" && (happened & POLL.hup) !== 0);
    if (ended) tap.close();
    return { ended, wake: typeof moved === "number" && this.#stdout.announce() };
  }
}

class StreamTap {
  readonly stream: OutputStream;
  readonly writer: RingWriter;
  readonly #target: Target;
  #fd: number | undefined;
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

  begin(run: number, fd: number): void {
    this.close();
    this.#fd = fd;
    this.#run = run;
  }

  /** Moves one chunk and makes its lines entries. */
  move(): number | "empty" | "ended" {
    if (this.#fd === undefined) return "ended";
    const moved = transfer(this.#fd, this.#target, this.writer.room());
    if (typeof moved === "number") this.writer.index(this.#run, Date.now());
    return moved;
  }

  /** Moves what is in the pipe now, within bounds. */
  readAll(): void {
    for (let chunk = 0; chunk < DRAIN_CHUNKS; chunk += 1) {
      if (typeof this.move() !== "number") break;
    }
  }

  drain(): void {
    this.readAll();
    this.writer.flush(this.#run, Date.now());
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}
