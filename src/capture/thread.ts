// The capture thread. It sleeps in poll(2) over the pipes of all children and moves what they
// write into the rings, so that the event loop that serves HTTP never touches a chatty child's
// bytes. It never returns to its own event loop: messages to it are read from its mailbox when the
// control pipe wakes it, and its own messages leave without it.

import { closeSync, readSync } from "node:fs";
import { availableParallelism } from "node:os";
import { receiveMessageOnPort } from "node:worker_threads";
import { nap, PollSet } from "../native/pipe.ts";
import type { CaptureEvent, CaptureRequest, CaptureStart } from "./protocol.ts";
import { type Moved, SessionTap } from "./tap.ts";

declare const self: Worker;

/** As many pipes that pour at once leave no processor to whoever answers requests. */
const CROWD = Math.max(2, availableParallelism());

/**
 * While somebody asks, each may fill for a moment between two rounds, in µs: more is moved at a
 * time, and nobody waits long for a turn. It costs a flood half its speed, so it ends after so many
 * rounds without a request.
 */
const LET_FILL_US = 200;
const COURTEOUS_ROUNDS = 60;

/** Something to do when a descriptor is ready; true when it is to be waited for no longer. */
type OnReady = (happened: number) => boolean;

self.onmessage = (event: MessageEvent<CaptureStart>) => new CaptureThread(event.data).run();

class CaptureThread {
  readonly #start: CaptureStart;
  readonly #signalled: Int32Array;
  readonly #served: Int32Array;
  /** Rounds in which others are still let by. */
  #courtesy = 0;
  readonly #taps = new Map<number, SessionTap>();
  /** Tickets by the pidfd whose end they wait for. */
  readonly #pidfds = new Map<number, number>();
  readonly #polled = new PollSet();
  readonly #ready: OnReady[] = [];
  #changed = true;
  #quit = false;

  constructor(start: CaptureStart) {
    this.#start = start;
    this.#signalled = new Int32Array(start.signalled);
    this.#served = new Int32Array(start.served);
  }

  /** Works until told to quit. */
  run(): void {
    while (!this.#quit) {
      if (this.#changed) this.#rebuild();
      const ready = this.#polled.wait();
      if (ready === 0) continue;
      for (let place = 0; place < this.#polled.length; place += 1) {
        const happened = this.#polled.happened(place);
        if (happened === 0) continue;
        if (this.#ready[place]?.(happened)) this.#polled.mute(place);
      }
      if (ready >= CROWD) this.#letOthers();
    }
  }

  #letOthers(): void {
    if (Atomics.exchange(this.#served, 0, 0) !== 0) this.#courtesy = COURTEOUS_ROUNDS;
    if (this.#courtesy === 0) return;
    this.#courtesy -= 1;
    nap(LET_FILL_US);
  }

  #rebuild(): void {
    this.#changed = false;
    this.#polled.clear();
    this.#ready.length = 0;
    this.#poll(this.#start.control, () => this.#readMailbox());
    for (const [key, tap] of this.#taps) {
      for (const pipe of tap.pipes()) {
        this.#poll(pipe.fd, (happened) => this.#move(key, () => pipe.move(happened)));
      }
    }
    for (const [pidfd, ticket] of this.#pidfds) {
      this.#poll(pidfd, () => this.#processGone(pidfd, ticket));
    }
  }

  #poll(fd: number, onReady: OnReady): void {
    this.#polled.add(fd);
    this.#ready.push(onReady);
  }

  #move(key: number, move: () => Moved): boolean {
    const { ended, waits, wake } = move();
    if (wake) this.#tell({ kind: "wake", key });
    if (ended) this.#changed = true;
    return ended || waits;
  }

  #processGone(pidfd: number, ticket: number): boolean {
    this.#pidfds.delete(pidfd);
    closeSync(pidfd);
    this.#changed = true;
    this.#tell({ kind: "done", ticket });
    return true;
  }

  #readMailbox(): boolean {
    readSync(this.#start.control, new Uint8Array(64));
    // Lowered before the mailbox is read: who writes after this sends another byte.
    Atomics.store(this.#signalled, 0, 0);
    for (;;) {
      const received = receiveMessageOnPort(this.#start.mailbox);
      if (received === undefined) return false;
      this.#handle(received.message as CaptureRequest);
    }
  }

  #handle(request: CaptureRequest): void {
    this.#changed = true;
    switch (request.kind) {
      case "open":
        this.#open(request);
        return;
      case "begin":
        this.#begin(request);
        return;
      case "drain":
        if (this.#taps.get(request.key)?.drain()) this.#tell({ kind: "wake", key: request.key });
        this.#tell({ kind: "done", ticket: request.ticket });
        return;
      case "close":
        this.#taps.get(request.key)?.close();
        this.#taps.delete(request.key);
        this.#tell({ kind: "done", ticket: request.ticket });
        return;
      case "await":
        this.#pidfds.set(request.pidfd, request.ticket);
        return;
      case "go on":
        // All pipes are looked at again.
        return;
      case "quit":
        this.#quit = true;
        return;
      default:
        request satisfies never;
    }
  }

  #open(request: CaptureRequest & { kind: "open" }): void {
    try {
      this.#taps.set(request.key, new SessionTap(request));
      // Who came to wait for a ring while it was being taken over waits for what was found in it.
      if (request.run > 0) this.#tell({ kind: "wake", key: request.key });
    } catch (thrown) {
      this.#tell({ kind: "failed", key: request.key, message: String(thrown) });
    }
  }

  #begin(request: CaptureRequest & { kind: "begin" }): void {
    const tap = this.#taps.get(request.key);
    if (tap === undefined) {
      const { sources } = request;
      const fds = sources.terminal === undefined ? Object.values(sources) : [sources.terminal];
      for (const fd of fds) if (fd !== undefined) closeSync(fd);
    } else if (tap.begin(request.run, request.sources)) {
      this.#tell({ kind: "wake", key: request.key });
    }
  }

  #tell(event: CaptureEvent): void {
    self.postMessage(event);
  }
}
