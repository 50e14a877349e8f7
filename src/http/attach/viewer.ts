// One who watches a terminal: a place in what was written there. It is sent more when its
// connection can take more, and only then is the log read; so one that does not read costs its
// place, and holds up nobody. When it is too far behind it gets the screen as it is now, and goes on
// from there.

import * as v from "valibot";
import { CLOSE, type TerminalMessage, ViewerMessage } from "../../api/terminal.ts";
import type { TerminalDimensions } from "../../domain/session.ts";
import type { RawOutput } from "../../logs/raw.ts";
import type { Shot } from "../../terminal/live-screen.ts";
import { BROKEN_OFF } from "../follow/follow.ts";
import { KeyQueue } from "../keys.ts";
import type { Conversation, Peer } from "./websocket.ts";

/** Bytes that may wait in a connection before more is read for it. */
const QUEUED_BYTES = 262_144;

/** Sent in one message. */
const PIECE_BYTES = 65_536;

/** So far behind, one is shown the screen in place of all that came. */
const BEHIND_BYTES = 4 * 1_048_576;

/** Between two screens that are shown to one who is behind, in ms. */
const SCREEN_PAUSE_MS = 100;

/** Something to say at a place in the output. */
export interface Mark {
  readonly at: number;
  readonly run: number;
  readonly message: TerminalMessage | undefined;
  /** The last thing that is said. */
  readonly closes?: boolean;
}

/** Whose terminal is watched. */
export interface Stage {
  /** A reader for one viewer, which closes it. */
  read(): RawOutput;
  joined(viewer: Viewer): void;
  left(viewer: Viewer): void;
  /** Calls `begin`, with the screen as it is. */
  show(viewer: Viewer): void;
  /** Resolves when the program has them, or will not get them. */
  type(bytes: Uint8Array): Promise<void>;
  /** It has come, typed or become another size: its size is the one that counts. */
  decides(viewer: Viewer): void;
}

/** Where a viewer goes on, and what it is to be told before. */
export interface Beginning {
  readonly position: number;
  readonly message: TerminalMessage;
  readonly run: number;
  readonly shot?: Shot;
}

/** Where somebody wants to go on: after so many bytes, or from the beginning of the run. */
export interface Resumption {
  readonly run: number;
  readonly from: number | undefined;
}

export interface ViewerOptions {
  /** Called once the connection is open. */
  readonly enter: () => Stage;
  /** Of its own terminal, if it has one. */
  readonly size: TerminalDimensions | undefined;
  /** Undefined: with the screen. */
  readonly resumption: Resumption | undefined;
  /** Aborted when the daemon stops serving. */
  readonly stopping: AbortSignal;
}

export class Viewer implements Conversation {
  readonly resumption: Resumption | undefined;
  readonly #enter: () => Stage;
  readonly #stopping: AbortSignal;
  readonly #leave = () => this.#sendAway();
  readonly #keys: KeyQueue;
  #size: TerminalDimensions | undefined;
  /** It was sent away, though the connection is still there. */
  #isLeaving = false;
  #open: { readonly peer: Peer; readonly stage: Stage; readonly output: RawOutput } | undefined;
  /** The next byte to send; undefined while a screen is being made for it. */
  #position: number | undefined;
  #marks: Mark[] = [];
  /** What is left of a screen. */
  #drawing = new Uint8Array();
  #shownAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor({ enter, size, resumption, stopping }: ViewerOptions) {
    this.#enter = enter;
    this.#stopping = stopping;
    this.#size = size;
    this.resumption = resumption;
    this.#keys = new KeyQueue({
      type: async (bytes) => await this.#open?.stage.type(bytes),
      onFull: (isFull) => (isFull ? this.#open?.peer.pause() : this.#open?.peer.resume()),
    });
  }

  /** Of its own terminal, if it has one that is still there. */
  get size(): TerminalDimensions | undefined {
    return this.#isLeaving ? undefined : this.#size;
  }

  opened(peer: Peer): void {
    const stage = this.#enter();
    this.#open = { peer, stage, output: stage.read() };
    this.#stopping.addEventListener("abort", this.#leave);
    stage.joined(this);
    if (this.#stopping.aborted) this.#leave();
  }

  received(message: string | Uint8Array): void {
    if (typeof message === "string") {
      const size = sizeIn(message);
      if (typeof size !== "string") this.#size = size;
      else this.close(CLOSE.badMessage, size);
    }
    // It follows whoever resized or typed last, and is there before what the key leads to.
    this.#open?.stage.decides(this);
    if (typeof message !== "string") this.#keys.push(message);
  }

  drained(): void {
    this.pump();
  }

  closed(): void {
    clearTimeout(this.#timer);
    this.#stopping.removeEventListener("abort", this.#leave);
    this.#keys.clear();
    this.#open?.output.close();
    this.#open?.stage.left(this);
    this.#open = undefined;
  }

  close(code: number, reason: string): void {
    this.#isLeaving = true;
    this.#open?.peer.close(code, reason);
  }

  /** Goes on from a place, perhaps with a screen. */
  begin({ position, message, run, shot }: Beginning): void {
    const isShown = shot !== undefined;
    for (const mark of this.#marks) {
      // What came before this run is said first; that it began or grew is said by the screen.
      if (mark.run < run && mark.message?.type === "exit") this.#say(mark.message);
    }
    this.#marks = this.#marks.filter(
      (mark) => mark.run > run || (mark.run === run && (!isShown || isLasting(mark))),
    );
    this.#say(message);
    this.#drawing = new Uint8Array(shot?.text ?? []);
    this.#shownAt = isShown ? performance.now() : this.#shownAt;
    this.#position = position;
    this.pump();
  }

  /** Says something once it has been sent all that was written before. */
  mark(mark: Mark): void {
    // Of many sizes, one after the other, only the last one counts.
    const isResized = mark.message?.type === "resized";
    if (isResized && this.#marks.at(-1)?.message?.type === "resized") this.#marks.pop();
    this.#marks.push(mark);
    this.pump();
  }

  /** Sends what there is, as far as the connection takes it. */
  pump(): void {
    while (this.#open !== undefined && this.#position !== undefined) {
      const { peer, output } = this.#open;
      if (peer.queued >= QUEUED_BYTES) return;
      if (!this.#sendNext(peer, { output, from: this.#position })) return;
    }
  }

  /** False when there is nothing to send now. */
  #sendNext(peer: Peer, { output, from }: { output: RawOutput; from: number }): boolean {
    if (this.#drawing.length > 0) {
      peer.send(this.#drawing.subarray(0, PIECE_BYTES));
      this.#drawing = this.#drawing.subarray(PIECE_BYTES);
      return true;
    }
    const [mark] = this.#marks;
    const { head } = output;
    const end = Math.min(head, mark?.at ?? head);
    if (from >= end) {
      if (mark === undefined) return false;
      this.#marks.shift();
      if (mark.message !== undefined) this.#say(mark.message);
      if (mark.closes) this.close(1000, "over");
      return !mark.closes;
    }
    if (head - from > BEHIND_BYTES) return this.#fallBack();
    const { position, bytes } = output.read(from, Math.min(PIECE_BYTES, end - from));
    if (position !== from) return this.#fallBack();
    if (bytes.length === 0) return false;
    peer.send(bytes);
    this.#position = from + bytes.length;
    return true;
  }

  #fallBack(): false {
    this.#position = undefined;
    const wait = Math.max(0, this.#shownAt + SCREEN_PAUSE_MS - performance.now());
    this.#timer = setTimeout(() => this.#open?.stage.show(this), wait);
    return false;
  }

  #sendAway(): void {
    const goesOn = this.#stopping.reason === BROKEN_OFF;
    if (goesOn) this.close(CLOSE.restarting, "another daemon goes on");
    else this.close(CLOSE.goingAway, "the daemon stops");
  }

  #say(message: TerminalMessage): void {
    this.#open?.peer.send(JSON.stringify(message));
  }
}

/** That a run has ended, or that all is over, is no matter of the screen. */
function isLasting({ message }: Mark): boolean {
  return message === undefined || message.type === "exit";
}

/** The size that a message asks for; else what is wrong with it, short enough for a close frame. */
function sizeIn(message: string): TerminalDimensions | string {
  const result = v.safeParse(ViewerMessage, parse(message), { abortEarly: true });
  if (result.success) return { cols: result.output.cols, rows: result.output.rows };
  const [place] = result.issues[0].path ?? [];
  const what = place === undefined ? "the message" : String(place.key).slice(0, 20);
  return `${what} is wrong: wanted {type: "resize", cols, rows}, 1 to 1000; keys go as binary`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
