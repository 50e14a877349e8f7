// The main thread's side of capture: starts the capture thread, hands it the rings and pipes of
// sessions, and wakes followers when it says so.

import { constants, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ReaderProcess } from "../logs/layout.ts";
import { RING_LIMITS } from "../logs/session-log.ts";
import { openPidfd } from "../native/pidfd.ts";
import { makeFifo } from "../native/pipe.ts";
import type { CaptureEvent, CaptureRequest, CaptureStart } from "./protocol.ts";
import { type Adoption, type CaptureLine, SessionCapture, type Ways } from "./session-capture.ts";

export interface CaptureOptions {
  /** A folder of the daemon's own, for the pipe that wakes the thread. */
  readonly directory: string;
  /** The thread is gone, and with it all capture: the daemon cannot go on. */
  onFailure(reason: string): void;
  /** Whether a reader lives that a child waits for; by default, none does. */
  isAlive?(process: ReaderProcess): boolean;
}

export class Capture {
  readonly #isAlive: (process: ReaderProcess) => boolean;
  readonly #worker: Worker;
  readonly #mailbox: MessagePort;
  readonly #control: number;
  readonly #signalled = new Int32Array(new SharedArrayBuffer(4));
  readonly #served = new Int32Array(new SharedArrayBuffer(4));
  readonly #sessions = new Map<number, SessionCapture>();
  readonly #tickets = new Map<number, () => void>();
  #nextKey = 1;
  #nextTicket = 1;

  /** Starts the capture thread. */
  static start(options: CaptureOptions): Capture {
    return new Capture(options);
  }

  private constructor(options: CaptureOptions) {
    this.#isAlive = options.isAlive ?? (() => false);
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
      served: this.#served.buffer as SharedArrayBuffer,
    };
    this.#worker.postMessage(start, [port2]);
  }

  /**
   * Makes a session's rings in a folder of its own, which is made. Its child is to be written to in
   * these ways, if in any. Throws a Problem.
   */
  open(directory: string, ways: Ways = {}): SessionCapture {
    const limits = RING_LIMITS;
    return this.#add((parts) => SessionCapture.create(directory, { ...parts, limits, ways }));
  }

  /**
   * Takes over what an earlier daemon captured of a session, and goes on where it was killed: the
   * rings, and the pipes or the terminal of its newest run. Throws a Problem.
   */
  adopt(directory: string, options: Adoption & { ways?: Ways }): SessionCapture {
    const { ways = {}, ...adoption } = options;
    const limits = RING_LIMITS;
    return this.#add((parts) =>
      SessionCapture.adopt(directory, { ...parts, limits, ways, ...adoption }),
    );
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

  /** Somebody is being answered: for a moment, a flood leaves the processor to that. */
  giveWay(): void {
    Atomics.store(this.#served, 0, 1);
  }

  /** Ends the thread. Sessions must have been released. */
  close(): void {
    this.#send({ kind: "quit" });
    this.#mailbox.close();
  }

  #add(make: (parts: CaptureLine) => SessionCapture): SessionCapture {
    const key = this.#nextKey;
    this.#nextKey += 1;
    const session = make({
      send: (request) => this.#send({ ...request, key }),
      ask: (kind) => this.#ask((ticket) => ({ kind, key, ticket })),
      isAlive: this.#isAlive,
      forget: () => this.#sessions.delete(key),
    });
    this.#sessions.set(key, session);
    return session;
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

/** In the compiled binary every module lies at its root, and an entry point at its own path. */
function threadUrl(): URL {
  const compiled = import.meta.path.startsWith("/$bunfs/");
  return new URL(compiled ? "./src/capture/thread.ts" : "./thread.ts", import.meta.url);
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
