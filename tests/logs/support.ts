// A session's log without processes: what a child would write is put where the kernel would put it.

import type { OutputStream } from "../../src/domain/session.ts";
import type { Entry } from "../../src/logs/entry.ts";
import { type RingLimits, ringBytes } from "../../src/logs/layout.ts";
import { RingReader } from "../../src/logs/ring-reader.ts";
import { RingWriter, type Sequence } from "../../src/logs/ring-writer.ts";
import type { LogScan } from "../../src/logs/scan.ts";
import { RING_LIMITS, SessionLog } from "../../src/logs/session-log.ts";

export interface FakeSession {
  readonly log: SessionLog;
  write(
    stream: OutputStream,
    text: string | Uint8Array,
    options?: { run?: number; chunk?: number; time?: number },
  ): void;
  flush(run?: number): void;
  /** Whether somebody scans it. */
  isAwaited(): boolean;
}

export interface FakeOptions {
  readonly limits?: RingLimits;
  /** How many bytes of each ring there is storage for. */
  readonly backed?: number;
  /** Called before an entry is copied, when a child on another thread may write. */
  readonly beforeRead?: () => void;
}

/** A log whose rings lie in plain memory. */
export function fakeSession(options: FakeOptions = {}): FakeSession {
  const limits = options.limits ?? RING_LIMITS;
  const sequence: Sequence = { next: 1 };
  const ring = (stream: OutputStream) => {
    const memory = new ArrayBuffer(ringBytes(limits));
    const writer = new RingWriter(memory, {
      limits,
      sequence,
      allocate: (offset, length) => offset + length <= (options.backed ?? memory.byteLength),
    });
    return {
      writer,
      bytes: new Uint8Array(memory),
      reader: new ObservedReader(memory, { stream, limits, beforeRead: options.beforeRead }),
    };
  };
  const rings = { stdout: ring("stdout"), stderr: ring("stderr") };
  const log = new ObservedLog({ stdout: rings.stdout.reader, stderr: rings.stderr.reader });
  const announce = () => {
    const { stdout, stderr } = rings;
    const asked = [stdout.writer.announce(), stdout.writer.isAwaited(), stderr.writer.isAwaited()];
    if (asked.includes(true)) log.wake();
  };
  return {
    log,
    write(stream, text, { run = 1, chunk = Number.POSITIVE_INFINITY, time = 1_000 } = {}) {
      const { writer, bytes } = rings[stream];
      let rest = typeof text === "string" ? Buffer.from(text) : text;
      while (rest.length > 0) {
        const length = Math.min(rest.length, writer.room(), chunk);
        bytes.set(rest.subarray(0, length), writer.offset);
        writer.advance(length);
        writer.index(run, time);
        announce();
        rest = rest.subarray(length);
      }
    },
    flush(run = 1) {
      rings.stdout.writer.flush(run, 1_000);
      rings.stderr.writer.flush(run, 1_000);
      announce();
    },
    isAwaited: () => log.scans.size > 0,
  };
}

class ObservedLog extends SessionLog {
  /** Those that are not closed. */
  readonly scans = new Set<LogScan>();

  override scan(...args: Parameters<SessionLog["scan"]>): LogScan {
    const scan = super.scan(...args);
    const close = scan.close.bind(scan);
    scan.close = () => {
      this.scans.delete(scan);
      close();
    };
    this.scans.add(scan);
    return scan;
  }
}

class ObservedReader extends RingReader {
  readonly #beforeRead: (() => void) | undefined;

  constructor(
    memory: ArrayBuffer,
    options: {
      readonly stream: OutputStream;
      readonly limits: RingLimits;
      readonly beforeRead: (() => void) | undefined;
    },
  ) {
    super(memory, options);
    this.#beforeRead = options.beforeRead;
  }

  override read(number: number): Entry | undefined {
    this.#beforeRead?.();
    return super.read(number);
  }
}

/** The text of an entry. */
export function textOf(entry: { bytes: Uint8Array }): string {
  return Buffer.from(entry.bytes).toString();
}
