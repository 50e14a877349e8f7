// The main thread's side of capture: makes a session's rings and pipes, hands them to the capture
// thread, and wakes followers when it says so.
//
// A child's stdout and stderr are FIFOs, made anew for each run. The child gets a descriptor that
// is open for reading as well, so that it only blocks, and does not die of SIGPIPE, when nobody
// reads any more. About thirty programs were run so; only one that *reads* its own stdout sees a
// difference.

import { closeSync, constants, mkdirSync, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Problem } from "../domain/problem.ts";
import type { OutputStream } from "../domain/session.ts";
import { arenaStart, type RingLimits, ringBytes } from "../logs/layout.ts";
import { RingReader } from "../logs/ring-reader.ts";
import { RING_LIMITS, SessionLog } from "../logs/session-log.ts";
import { allocate, mapShared, unmap, viewOf } from "../native/memory.ts";
import { openPidfd } from "../native/pidfd.ts";
import { makeFifo } from "../native/pipe.ts";
import type { CaptureEvent, CaptureRequest, CaptureStart, RingFile } from "./protocol.ts";

/** Descriptors for a child's stdout and stderr. */
export type OutputDescriptors = Readonly<Record<OutputStream, number>>;

export interface CaptureOptions {
  /** A folder of the daemon's own, for the pipe that wakes the thread. */
  readonly directory: string;
  /** The thread is gone, and with it all capture: the daemon cannot go on. */
  onFailure(reason: string): void;
}

export class Capture {
  readonly #worker: Worker;
  readonly #mailbox: MessagePort;
  readonly #control: number;
  readonly #signalled = new Int32Array(new SharedArrayBuffer(4));
  readonly #sessions = new Map<number, SessionCapture>();
  readonly #tickets = new Map<number, () => void>();
  #nextKey = 1;
  #nextTicket = 1;

  /** Starts the capture thread. */
  static start(options: CaptureOptions): Capture {
    return new Capture(options);
  }

  private constructor(options: CaptureOptions) {
    const [reading, writing] = openControlPipe(options.directory);
    this.#control = writing;
    this.#worker = new Worker(threadUrl(), { ref: false });
    this.#worker.onmessage = (event: MessageEvent<CaptureEvent>) => this.#handle(event.data);
    this.#worker.onerror = (event) => options.onFailure(event.message);
    const { port1, port2 } = new MessageChannel();
    this.#mailbox = port1;
    const start: CaptureStart = {
      mailbox: port2,
      control: reading,
      signalled: this.#signalled.buffer as SharedArrayBuffer,
    };
    this.#worker.postMessage(start, [port2]);
  }

  /** Makes a session's rings in a folder of its own, which is made. Throws a Problem. */
  open(directory: string, limits: RingLimits = RING_LIMITS): SessionCapture {
    const key = this.#nextKey;
    this.#nextKey += 1;
    const session = new SessionCapture(directory, {
      limits,
      send: (request) => this.#send({ ...request, key } as CaptureRequest),
      ask: (kind) => this.#ask((ticket) => ({ kind, key, ticket })),
      forget: () => this.#sessions.delete(key),
    });
    this.#sessions.set(key, session);
    return session;
  }

  /**
   * Resolves when a process is gone, without anything ticking until then. Resolves at once for
   * one that does not exist; undefined where the system has no pidfd.
   */
  whenGone(pid: number): Promise<void> | undefined {
    const pidfd = openPidfd(pid);
    if (pidfd === undefined) return undefined;
    return this.#ask((ticket) => ({ kind: "await", pidfd, ticket }));
  }

  /** Ends the thread. Sessions must have been released. */
  close(): void {
    this.#send({ kind: "quit" });
    this.#mailbox.close();
  }

  #ask(request: (ticket: number) => CaptureRequest): Promise<void> {
    const ticket = this.#nextTicket;
    this.#nextTicket += 1;
    return new Promise((resolve) => {
      this.#tickets.set(ticket, resolve);
      this.#send(request(ticket));
    });
  }

  #send(request: CaptureRequest): void {
    this.#mailbox.postMessage(request);
    if (Atomics.exchange(this.#signalled, 0, 1) === 0) writeSync(this.#control, "!");
  }

  #handle(event: CaptureEvent): void {
    switch (event.kind) {
      case "wake":
        this.#sessions.get(event.key)?.log.wake();
        return;
      case "done":
        this.#tickets.get(event.ticket)?.();
        this.#tickets.delete(event.ticket);
        return;
      case "failed":
        this.#sessions.get(event.key)?.fail(event.message);
        return;
      default:
        event satisfies never;
    }
  }
}

interface SessionCaptureParts {
  readonly limits: RingLimits;
  send(request: { kind: "open" | "begin" } & Record<string, unknown>): void;
  ask(kind: "drain" | "close"): Promise<void>;
  forget(): void;
}

export class SessionCapture {
  readonly log: SessionLog;
  readonly #directory: string;
  readonly #parts: SessionCaptureParts;
  readonly #rings: Readonly<Record<OutputStream, RingFile>>;
  #handedOut: OutputDescriptors | undefined;
  #failure: string | undefined;

  constructor(directory: string, parts: SessionCaptureParts) {
    this.#directory = directory;
    this.#parts = parts;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#rings = {
      stdout: openRing(join(directory, "stdout.ring"), parts.limits),
      stderr: openRing(join(directory, "stderr.ring"), parts.limits),
    };
    const reader = (stream: OutputStream) =>
      new RingReader(viewOf(this.#rings[stream].mapping), { stream, limits: parts.limits });
    this.log = new SessionLog({ stdout: reader("stdout"), stderr: reader("stderr") });
    parts.send({ kind: "open", rings: this.#rings, limits: parts.limits });
  }

  /**
   * Makes the pipes of a run and captures from them. The descriptors are for the child: pass them
   * on, then call `started`. Throws a Problem.
   */
  begin(run: number): OutputDescriptors {
    if (this.#failure !== undefined) {
      throw new Problem("internal", `ENOSPC: cannot keep the output: ${this.#failure}`, {
        hint: "Free some space where korun keeps its state.",
      });
    }
    try {
      const stdout = makeOutputPipe(join(this.#directory, "stdout.fifo"));
      const stderr = makeOutputPipe(join(this.#directory, "stderr.fifo"));
      this.#handedOut = { stdout: stdout.child, stderr: stderr.child };
      this.#parts.send({
        kind: "begin",
        run,
        pipes: { stdout: stdout.reader, stderr: stderr.reader },
      });
      return this.#handedOut;
    } catch (thrown) {
      throw new Problem("internal", `cannot make the pipes of a run: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    }
  }

  /** The child has its descriptors, or will never have them: closes our copies. */
  started(): void {
    if (this.#handedOut === undefined) return;
    closeSync(this.#handedOut.stdout);
    closeSync(this.#handedOut.stderr);
    this.#handedOut = undefined;
  }

  /** Resolves when everything written so far is in the log, last words included. */
  drain(): Promise<void> {
    return this.#parts.ask("drain");
  }

  /** Says whether the session is at rest for good, so that followers end. */
  settle(over: boolean): void {
    this.log.settle(over);
  }

  /** Ends capture and removes all that was kept. */
  async release(): Promise<void> {
    this.started();
    this.log.close();
    await this.#parts.ask("close");
    this.#parts.forget();
    for (const ring of Object.values(this.#rings)) {
      unmap(ring.mapping);
      closeSync(ring.fd);
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The thread could not take the rings: the next run is refused with the reason. */
  fail(message: string): void {
    this.#failure = message;
  }
}

/** In the compiled binary every module lies at its root, and an entry point at its own path. */
function threadUrl(): URL {
  const compiled = import.meta.path.startsWith("/$bunfs/");
  return new URL(compiled ? "./src/capture/thread.ts" : "./thread.ts", import.meta.url);
}

function openRing(path: string, limits: RingLimits): RingFile {
  const fd = openSync(path, "w+", 0o600);
  // Before anyone looks: memory of a file that ends before it is SIGBUS, and death.
  if (!allocate(fd, { offset: 0, length: arenaStart(limits) })) {
    closeSync(fd);
    throw new Problem("internal", `ENOSPC: no storage for the output in ${path}`, {
      hint: "Free some space where korun keeps its state.",
    });
  }
  return { fd, mapping: mapShared(fd, ringBytes(limits)) };
}

function makeOutputPipe(path: string): { reader: number; child: number } {
  rmSync(path, { force: true });
  makeFifo(path);
  // Ours is an open file of its own: a child that makes its end non-blocking does not change it.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, child: openSync(path, constants.O_RDWR) };
}

function openControlPipe(directory: string): [reading: number, writing: number] {
  const path = join(directory, `control.${process.pid}.fifo`);
  rmSync(path, { force: true });
  makeFifo(path);
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  return [reading, writing];
}
