// The WebSocket of a session's terminal, over the daemon's Unix socket: messages as they come, read
// no faster than they are used.

import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { sessionPath } from "../api/paths.ts";
import { CLOSE, type TerminalMessage, type ViewerMessage } from "../api/terminal.ts";
import { Problem } from "../domain/problem.ts";
import type { TerminalDimensions } from "../domain/session.ts";
import type { Client } from "./client.ts";
import { brokenExchange, problemOf } from "./failure.ts";

/** Bytes that may have come before they are used; then no more are read. */
const MOST_BYTES = 1_048_576;

/** Keys are sent in messages of at most so many bytes. */
const KEY_BYTES = 65_536;

/** Longest wait for the other half of a closing handshake, in ms. */
const PARTING_MS = 500;

/** How to attach. */
export interface AttachQuery {
  /** Of the terminal here; undefined to leave the session's as it is. */
  readonly size?: TerminalDimensions | undefined;
  /** Goes on after so many bytes of a run, or from its beginning. Undefined: with the screen. */
  readonly resume?: { readonly run: number; readonly from?: number | undefined } | undefined;
}

/** What comes: a message, or what the terminal was sent. */
export type Arrival = TerminalMessage | Uint8Array;

export class Attachment {
  readonly #socket: WebSocket;
  #waiting: Arrival[] = [];
  #bytes = 0;
  #isLeft = false;
  #parting: Timer | undefined;
  #closed: { readonly code: number; readonly reason: string } | undefined;
  #changed = Promise.withResolvers<void>();

  /** Throws the Problem that the daemon answered, or `unavailable` when none answers. */
  static async open(client: Client, id: string, query: AttachQuery): Promise<Attachment> {
    const path = `${sessionPath(id, "attach")}${queryString(query)}`;
    const door = doorTo(client.socket);
    try {
      const attachment = new Attachment(`ws+unix://${door.path}:${path}`);
      if (await attachment.#isOpen()) return attachment;
    } finally {
      door.close();
    }
    throw await refusalOf(client.socket, path);
  }

  private constructor(url: string) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.binaryType = "nodebuffer";
    this.#socket.addEventListener("message", ({ data }) => this.#take(data as string | Buffer));
    this.#socket.addEventListener("open", () => this.#wake());
    this.#socket.addEventListener("close", ({ code, reason }) => {
      clearTimeout(this.#parting);
      this.#closed ??= { code, reason };
      this.#wake();
    });
  }

  /**
   * All that comes, until the connection is closed in order: because the session is over, the
   * daemon stops, or we left. Throws Problem `unavailable` when it breaks.
   */
  async *arrivals(): AsyncGenerator<Arrival> {
    for (;;) {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#bytes = 0;
      if (this.#socket.isPaused) this.#socket.resume();
      for (const arrival of waiting) {
        if (this.#isLeft) break;
        yield arrival;
      }
      if (this.#waiting.length > 0 && !this.#isLeft) continue;
      if (this.#closed !== undefined) return checkEnd(this.#closed);
      await this.#changed.promise;
    }
  }

  /** False when there is no connection to send them by. */
  type(keys: Uint8Array): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    for (let at = 0; at < keys.length; at += KEY_BYTES) {
      this.#socket.send(keys.subarray(at, at + KEY_BYTES));
    }
    return true;
  }

  resize({ cols, rows }: TerminalDimensions): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: "resize", cols, rows } satisfies ViewerMessage));
  }

  /** Leaves in order, after the last key; what has come and was not used is let go. */
  close(): void {
    this.#leave(1000);
  }

  /** As if the connection broke. */
  drop(): void {
    this.#leave(1006);
  }

  #leave(code: number): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#closed ??= { code, reason: "" };
    this.#wake();
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.resume();
    this.#socket.close(1000);
    // A daemon that does not answer is not waited for.
    this.#parting = setTimeout(() => this.#socket.terminate(), PARTING_MS);
  }

  #take(data: string | Buffer): void {
    if (this.#isLeft) return;
    this.#waiting.push(typeof data === "string" ? (JSON.parse(data) as TerminalMessage) : data);
    this.#bytes += data.length;
    if (this.#bytes > MOST_BYTES) this.#socket.pause();
    this.#wake();
  }

  async #isOpen(): Promise<boolean> {
    while (this.#socket.readyState === WebSocket.CONNECTING) await this.#changed.promise;
    return this.#socket.readyState === WebSocket.OPEN || this.#waiting.length > 0;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Why a WebSocket was not opened: what the daemon says to the same request without one. */
async function refusalOf(socket: string, path: string): Promise<unknown> {
  try {
    const response = await fetch(`http://localhost${path}`, { unix: socket });
    const problem = problemOf(response.status, await response.text());
    if (problem.field !== "upgrade") return problem;
    return new Problem("unavailable", "the daemon closed the connection to the terminal");
  } catch (thrown) {
    return brokenExchange(thrown);
  }
}

function checkEnd({ code, reason }: { code: number; reason: string }): void {
  if (code === 1000 || code === CLOSE.goingAway) return;
  if (code === CLOSE.badMessage || code === 1011) {
    throw new Problem("internal", `the daemon closed the connection: ${reason}`, {
      hint: "See what `korun daemon logs` says, and report it.",
    });
  }
  throw new Problem("unavailable", "the daemon went away");
}

function queryString({ size, resume }: AttachQuery): string {
  const parts: string[] = [];
  if (size !== undefined) parts.push(`cols=${size.cols}`, `rows=${size.rows}`);
  if (resume !== undefined) parts.push(`run=${resume.run}`);
  if (resume?.from !== undefined) parts.push(`from=${resume.from}`);
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/**
 * A path to the socket that can stand in a URL as it is: Bun takes a `:` for the end of it, and does
 * not decode what a URL must encode.
 */
function doorTo(socket: string): { readonly path: string; close(): void } {
  if (/^[\w/.~@+=,-]+$/.test(socket)) return { path: socket, close: () => undefined };
  const folder = mkdtempSync("/tmp/korun-");
  const path = join(folder, "socket");
  symlinkSync(socket, path);
  return { path, close: () => rmSync(folder, { recursive: true }) };
}
