// The terminal of a session on our own: its screen on stdout, our keys to it, our size its size. It
// outlives the daemon's death, and ends with the session, with the detach key, or when we are told
// to leave.

import type { ExitMessage, TerminalMessage } from "../../api/terminal.ts";
import { Attachment, type AttachQuery } from "../../client/attachment.ts";
import type { Client } from "../../client/client.ts";
import { Problem } from "../../domain/problem.ts";
import type { TerminalDimensions } from "../../domain/session.ts";
import { terminalSize } from "../../native/terminal-size.ts";
import { DetachKey } from "./detach-key.ts";
import { Display } from "./display.ts";
import { Keyboard } from "./keyboard.ts";
import { TypedAhead } from "./typed-ahead.ts";

/** Pause before another connection is tried when one broke, in ms. */
const RETRY_MS = 50;

/** How long a terminal keeps the size that makes its program draw again, in ms. */
const NUDGE_MS = 100;

/** In any form: the program that ended may have asked for sequences. */
const INTERRUPT = new DetachKey("ctrl-c");

/** As many columns and rows as the API takes. */
const MOST_CELLS = 1_000;

export interface AttachOptions {
  readonly id: string;
  /** From the first byte of this run, as if it ran here; else from the screen as it is. */
  readonly run?: number;
  /** Whether keys are sent, if stdin is a terminal. */
  readonly input: boolean;
  readonly detachKey?: DetachKey;
  /** Aborted to leave. */
  readonly leaving?: AbortSignal;
  /** Called when another daemon was found; throws a Problem for a terminal that came to nothing. */
  readonly check?: () => Promise<void>;
  /** Told that a run has ended and another may follow. */
  readonly onEnd?: (exit: ExitMessage) => void;
}

/** How it came to an end. */
export type Parting =
  | { readonly kind: "ended"; readonly exit: ExitMessage }
  | { readonly kind: "detached" }
  /** We were told to leave, or the daemon has stopped. */
  | { readonly kind: "left" };

/** Shows the terminal until the end. Throws a Problem, and EPIPE or EIO when nobody reads it. */
export async function attachSession(client: Client, options: AttachOptions): Promise<Parting> {
  const rows = (await terminalSize(1))?.rows;
  const attached = new AttachedTerminal(client, options, { rows, here: await sizeHere() });
  try {
    return await attached.follow();
  } finally {
    attached.close();
  }
}

/** Undefined where there is no terminal. */
interface Sizes {
  /** Of stdout; 0 where it does not say. */
  readonly rows: number | undefined;
  /** Of stdout, or else of stdin; undefined also where it does not say. */
  readonly here: TerminalDimensions | undefined;
}

async function sizeHere(): Promise<TerminalDimensions | undefined> {
  return (await sizeAt(1)) ?? (await sizeAt(0));
}

async function sizeAt(fd: number): Promise<TerminalDimensions | undefined> {
  const size = await terminalSize(fd);
  if (size === undefined || size.columns === 0 || size.rows === 0) return undefined;
  return { cols: Math.min(size.columns, MOST_CELLS), rows: Math.min(size.rows, MOST_CELLS) };
}

class AttachedTerminal {
  readonly #client: Client;
  readonly #options: AttachOptions;
  readonly #display: Display;
  readonly #keyboard: Keyboard | undefined;
  readonly #ahead = new TypedAhead();
  readonly #leaving = new AbortController();
  readonly #onResize = () => void this.#resize();
  readonly #onContinue = () => this.#redraw();
  readonly #onLeave = () => this.#part({ kind: "left" });
  /** What the session's terminal is to have. */
  #size: TerminalDimensions | undefined;
  #attachment: Attachment | undefined;
  readonly #place: Place;
  #exit: ExitMessage | undefined;
  /** No program is there to take keys. */
  #isIdle = true;
  #parting: Parting | undefined;
  #isBack = false;
  #nudging: Timer | undefined;

  constructor(client: Client, options: AttachOptions, { rows, here }: Sizes) {
    this.#client = client;
    this.#options = options;
    this.#place = new Place(options.run);
    this.#display = new Display({ rows });
    this.#keyboard = options.input ? Keyboard.open((keys) => this.#type(keys)) : undefined;
    // One who only watches does not change what others see.
    this.#size = this.#keyboard === undefined ? undefined : here;
    process.on("SIGWINCH", this.#onResize);
    process.on("SIGCONT", this.#onContinue);
    options.leaving?.addEventListener("abort", this.#onLeave);
    if (options.leaving?.aborted) this.#onLeave();
  }

  async follow(): Promise<Parting> {
    while (this.#parting === undefined) {
      try {
        await this.#followOnce();
        this.#parting ??= this.#exit === undefined ? { kind: "left" } : ended(this.#exit);
      } catch (thrown) {
        if (!(thrown instanceof Problem) || thrown.code !== "unavailable") throw thrown;
        await this.#outlive(thrown);
      }
    }
    return this.#parting;
  }

  close(): void {
    clearTimeout(this.#nudging);
    process.off("SIGWINCH", this.#onResize);
    process.off("SIGCONT", this.#onContinue);
    this.#options.leaving?.removeEventListener("abort", this.#onLeave);
    this.#attachment?.close();
    this.#display.close({ apart: this.#options.run === undefined });
    this.#keyboard?.close();
  }

  async #followOnce(): Promise<void> {
    const query = { size: this.#size, resume: this.#place.resumption };
    this.#isIdle = true;
    if (this.#isBack) await this.#options.check?.();
    const attachment = await Attachment.open(this.#client, this.#options.id, query);
    this.#attachment = attachment;
    this.#isIdle = false;
    if (this.#parting !== undefined) attachment.close();
    for (const keys of this.#ahead.take()) attachment.type(keys);
    for await (const arrival of attachment.arrivals()) {
      if (arrival instanceof Uint8Array) {
        await this.#display.write(arrival);
        this.#place.wrote(arrival.length);
      } else await this.#heed(arrival);
    }
  }

  async #outlive(broken: Problem): Promise<void> {
    this.#isIdle = true;
    await Bun.sleep(RETRY_MS);
    try {
      await this.#client.outlive(broken, this.#leaving.signal);
      this.#isBack = true;
    } catch (thrown) {
      if (this.#parting === undefined) throw thrown;
    }
  }

  async #heed(message: TerminalMessage): Promise<void> {
    switch (message.type) {
      case "screen":
        await this.#display.clear();
        this.#place.set(message, message.bytes);
        if (message.lost) this.#nudge();
        return;
      case "output":
        if (message.run !== this.#place.run) await this.#display.freshen();
        this.#place.set(message, 0);
        this.#isIdle = false;
        return;
      case "exit":
        this.#exit = message;
        this.#isIdle = true;
        if (!message.over) this.#options.onEnd?.(message);
        return;
      case "resized":
        return;
      default:
        message satisfies never;
    }
  }

  #type(keys: Uint8Array): void {
    // With no program to take it, Ctrl-C is for us, as it is where nothing is raw.
    if (this.#isIdle && INTERRUPT.before(keys) !== undefined) {
      process.kill(process.pid, "SIGINT");
      return;
    }
    const before = this.#options.detachKey?.before(keys);
    if (!this.#attachment?.type(before ?? keys)) this.#ahead.add(keys);
    if (before !== undefined) this.#part({ kind: "detached" });
  }

  async #resize(): Promise<void> {
    if (this.#size === undefined) return;
    this.#size = (await sizeHere()) ?? this.#size;
    this.#attachment?.resize(this.#size);
  }

  /** Makes a program whose screen is not whole draw it again, as most do at a new size. */
  #nudge(): void {
    if (this.#size === undefined || this.#size.rows < 2) return;
    this.#attachment?.resize({ ...this.#size, rows: this.#size.rows - 1 });
    clearTimeout(this.#nudging);
    this.#nudging = setTimeout(() => void this.#resize(), NUDGE_MS);
  }

  /** Somebody else had our terminal, while we were stopped. */
  #redraw(): void {
    this.#keyboard?.again();
    this.#place.forget();
    this.#display.makeRoom();
    this.#attachment?.drop();
  }

  #part(parting: Parting): void {
    this.#parting ??= parting;
    this.#leaving.abort();
    this.#attachment?.close();
  }
}

/** Up to where the output has been shown. */
class Place {
  run: number | undefined;
  #position: number | undefined;
  /** Bytes of a screen that are yet to come. */
  #drawing = 0;

  /** At the beginning of a run; undefined: nowhere. */
  constructor(run: number | undefined) {
    this.run = run;
  }

  /** Where to go on; undefined: with the screen. */
  get resumption(): AttachQuery["resume"] {
    if (this.run === undefined || this.#drawing > 0) return undefined;
    return { run: this.run, from: this.#position };
  }

  set({ run, position }: { run: number; position: number }, drawing: number): void {
    this.run = run;
    this.#position = position;
    this.#drawing = drawing;
  }

  wrote(bytes: number): void {
    const drawn = Math.min(bytes, this.#drawing);
    this.#drawing -= drawn;
    this.#position = (this.#position ?? 0) + bytes - drawn;
  }

  forget(): void {
    this.run = undefined;
  }
}

function ended(exit: ExitMessage): Parting {
  return { kind: "ended", exit };
}
