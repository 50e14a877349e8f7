// The screen of a run that goes on. It is made from the raw bytes that the log still holds, when
// somebody first wants to see it, and follows lazily: what is wanted next is read when it is wanted,
// unless too much comes together. All reading is in slices, since others use this thread too; a
// flood that is faster than the emulator is not read but jumped over.

import type { TerminalDimensions } from "../domain/session.ts";
import type { RawOutput } from "../logs/raw.ts";
import { turn } from "../logs/turn.ts";
import { beginningIn } from "./beginning.ts";
import type { Screen } from "./screen.ts";

/** Most of a run that is read to make its screen. */
const REPLAY_BYTES = 8 * 1_048_576;

/** Read at a stretch: some milliseconds. */
const SLICE_BYTES = 32_768;

/** So much may wait until somebody wants to see it. */
const DEBT_BYTES = 1_048_576;

/** What is read of a flood. */
const FLOOD_BYTES = 65_536;

/** A screen at one place in the output. */
export interface Shot {
  /** Bytes from here on are not on it, and it is whole without them. */
  readonly position: number;
  /** What makes an empty terminal of this size show the same. */
  readonly text: Uint8Array;
  readonly size: TerminalDimensions;
  /** Made without all that this run wrote: it may not be what the program means. */
  readonly lost: boolean;
}

export interface LiveScreenOptions {
  /** A reader of its own, which it closes. */
  readonly output: RawOutput;
  /** Where the run begins. */
  readonly start: number;
  readonly size: TerminalDimensions;
  /** It may have had any size before this place in the output. By default it never had another. */
  readonly sizedFrom?: number;
}

/** A new size, and where in the output it came. */
interface Resizing {
  readonly at: number;
  readonly size: TerminalDimensions;
}

export class LiveScreen {
  readonly #output: RawOutput;
  readonly #screen: Screen;
  /** One thing at a time: the last that was begun. */
  #last: Promise<unknown> = Promise.resolve();
  #resizings: Resizing[] = [];
  /** Up to where it has been read. */
  #position: number;
  #lost = false;
  #isFlooded = false;
  #isKeepingUp = false;
  /** How many wait for a shot. */
  #wanted = 0;

  private constructor(screen: Screen, options: LiveScreenOptions) {
    const { output, start, size, sizedFrom = start } = options;
    this.#screen = screen;
    this.#output = output;
    this.#position = start;
    if (sizedFrom <= start) return;
    // What was drawn for another size is not what its program means.
    this.#lost = true;
    this.resize(size, sizedFrom);
  }

  /** Loads the emulator; nothing is read before it is wanted. */
  static async open(options: LiveScreenOptions): Promise<LiveScreen> {
    const { Screen } = await import("./screen.ts");
    return new LiveScreen(new Screen(options.size), options);
  }

  /** The screen as it is now, or was a moment ago. */
  async shoot(): Promise<Shot> {
    this.#wanted += 1;
    try {
      return await this.#inTurn(async () => {
        const { head } = this.#output;
        const debt = head - this.#position;
        if (this.#isFlooded && debt > DEBT_BYTES) await this.#jump(head - FLOOD_BYTES);
        await this.#readTo(head);
        await this.#settleFlood();
        return this.#shot();
      });
    } finally {
      this.#wanted -= 1;
    }
  }

  /** The terminal has another size from this place in the output on. */
  resize(size: TerminalDimensions, at: number): void {
    this.#resizings.push({ at, size });
  }

  /** Reads on when much has come, so that nothing of it is gone once it is wanted. */
  keepUp(): void {
    if (this.#isKeepingUp || this.#output.head - this.#position < DEBT_BYTES) return;
    this.#isKeepingUp = true;
    void this.#inTurn(async () => {
      await this.#readTo(this.#output.head);
      await this.#settleFlood();
      this.#isKeepingUp = false;
    });
  }

  /** Lets go of it, whatever is under way. */
  close(): void {
    this.#output.close();
    void this.#inTurn(async () => this.#screen.close());
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #shot(): Shot {
    const text = new TextEncoder().encode(this.#screen.draw());
    const position = this.#position - this.#screen.pending;
    return { position, text, size: this.#screen.size, lost: this.#lost };
  }

  async #readTo(target: number): Promise<void> {
    const earliest = Math.max(this.#output.oldest, target - REPLAY_BYTES);
    if (this.#position < earliest) await this.#jump(earliest);
    for (;;) {
      this.#applySizes();
      const end = Math.min(target, this.#position + SLICE_BYTES, this.#resizings[0]?.at ?? target);
      if (this.#position >= end || this.#output.closed) return;
      const begun = performance.now();
      const { position, bytes } = this.#output.read(this.#position, end - this.#position);
      // Overtaken by what is written meanwhile.
      if (position > this.#position) {
        await this.#jump(position);
        continue;
      }
      if (bytes.length === 0) return;
      await this.#screen.write(bytes);
      this.#position = position + bytes.length;
      // With nobody waiting, others have as much of the time.
      if (this.#wanted === 0) await Bun.sleep(performance.now() - begun);
      else await turn();
    }
  }

  /** When it has not come close to the end by reading, it will not: then only the end is read. */
  async #settleFlood(): Promise<void> {
    const { head } = this.#output;
    this.#isFlooded = head - this.#position > DEBT_BYTES;
    if (!this.#isFlooded) return;
    await this.#jump(head - FLOOD_BYTES);
    await this.#readTo(head);
  }

  /** Goes on from there on, or a little later, where something begins. */
  async #jump(to: number): Promise<void> {
    this.#lost = true;
    await this.#screen.skip();
    const { position, bytes } = this.#output.read(to, SLICE_BYTES);
    this.#position = position + beginningIn(bytes);
  }

  #applySizes(): void {
    for (let [next] = this.#resizings; next !== undefined; [next] = this.#resizings) {
      if (next.at > this.#position) return;
      this.#screen.resize(next.size);
      this.#resizings.shift();
    }
  }
}
