// Lines over one end of a pair of sockets that was inherited, or made for a child.
//
// It is read as a file is: for a socket of its own kind Bun wakes up every second to see whether it
// has timed out, and keeper and daemon are to sleep for as long as nothing happens.

import { closeSync, writeSync } from "node:fs";
import { systemCode } from "../domain/problem.ts";
import { setNonBlocking } from "../native/descriptor.ts";

/** Longer than any line of ours: the sessions to retain may be thousands. */
const LONGEST_LINE_BYTES = 4_194_304;

/** Between two tries to write to a peer that reads too slowly, in ms. */
const FULL_PAUSE_MS = 5;

const NEWLINE = 0x0a;

export interface ChannelHandlers {
  /** A line, less its end. What it throws is handed to `onFault`. */
  onLine(line: string): void;
  /** The peer has closed, or died, and all that it sent has been seen; or we have. Called once. */
  onClosed(): void;
  onFault(thrown: unknown): void;
}

export class Channel {
  readonly fd: number;
  readonly #handlers: ChannelHandlers;
  readonly #reader: ReturnType<typeof readerOf>;
  #unread: Buffer = Buffer.alloc(0);
  #unsent: Buffer = Buffer.alloc(0);
  #retry: Timer | undefined;
  #state: "open" | "ending" | "closed" = "open";

  /** Takes over the descriptor, which is closed with the channel. Keeps the process from ending. */
  constructor(fd: number, handlers: ChannelHandlers) {
    this.fd = fd;
    this.#handlers = handlers;
    setNonBlocking(fd);
    this.#reader = readerOf(fd);
    void this.#readAll();
  }

  /** Whether nothing is on its way between this process and the socket. */
  get isIdle(): boolean {
    return this.#unsent.length === 0 && this.#unread.length === 0;
  }

  /** Sends a message as one line, at once if there is room; a peer that is gone misses it. */
  send(message: object): void {
    if (this.#state !== "open") return;
    this.#unsent = Buffer.concat([this.#unsent, Buffer.from(`${JSON.stringify(message)}\n`)]);
    if (this.#retry === undefined) this.#flush();
  }

  /** Closes once everything was sent. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    if (this.#retry === undefined) this.#flush();
  }

  #flush(): void {
    this.#retry = undefined;
    if (this.#state === "closed") return;
    try {
      while (this.#unsent.length > 0) {
        this.#unsent = this.#unsent.subarray(writeSync(this.fd, this.#unsent));
      }
    } catch (thrown) {
      if (systemCode(thrown) === "EAGAIN") {
        this.#retry = setTimeout(() => this.#flush(), FULL_PAUSE_MS);
        return;
      }
      // The peer is gone, as reading will tell.
      this.#unsent = Buffer.alloc(0);
    }
    if (this.#state === "ending") void this.#reader.cancel();
  }

  async #readAll(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#read(value);
      }
    } catch (thrown) {
      // So ends a peer that had not read everything.
      if (systemCode(thrown) !== "ECONNRESET") this.#handlers.onFault(thrown);
    }
    this.#close();
  }

  #read(bytes: Uint8Array): void {
    let rest = Buffer.concat([this.#unread, bytes]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      this.#handle(rest.toString("utf8", 0, end));
      rest = rest.subarray(end + 1);
    }
    this.#unread = rest;
    if (rest.length > LONGEST_LINE_BYTES) throw new Error("a line from the peer is too long");
  }

  #handle(line: string): void {
    try {
      this.#handlers.onLine(line);
    } catch (thrown) {
      this.#handlers.onFault(thrown);
    }
  }

  #close(): void {
    this.#state = "closed";
    clearTimeout(this.#retry);
    closeSync(this.fd);
    if (this.#unread.length > 0) this.#handle(this.#unread.toString("utf8"));
    this.#handlers.onClosed();
  }
}

function readerOf(fd: number) {
  return Bun.file(fd).stream().getReader();
}
