// What a follower has missed is told in its place where somebody reads along, and else on stderr: what
// is piped or kept in a file is the command's output and nothing more. There it need not be told of
// each gap: those of a reader that stays too slow for a flood come by the thousand.

import type { TextPiece } from "../../client/follow.ts";
import { missedLine } from "../../logs/text.ts";
import { printErr } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";

/** After one gap is told, the next ones are added up for so long, in ms. */
const TOLD_EVERY_MS = 1_000;

/** Tells of gaps in what goes to stdout beside it. */
export class GapTeller {
  readonly #print: (line: string) => void;
  /** How many entries, by the label of their session. */
  readonly #untold = new Map<string, number>();
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(print: (line: string) => void = printErr) {
    this.#print = print;
  }

  /** `label` begins the line that is told of them. */
  add(missed: number, label = ""): void {
    this.#untold.set(label, (this.#untold.get(label) ?? 0) + missed);
    if (this.#pause === undefined) this.#tell();
  }

  /** Tells what has not been told. */
  end(): void {
    clearTimeout(this.#pause);
    this.#tell();
    clearTimeout(this.#pause);
  }

  #tell(): void {
    this.#pause = undefined;
    if (this.#untold.size === 0) return;
    for (const [label, missed] of this.#untold) this.#print(`${label}${missedLine(missed)}`);
    this.#untold.clear();
    this.#pause = setTimeout(() => this.#tell(), TOLD_EVERY_MS);
  }
}

/** Who tells of gaps in what goes to stdout; undefined: they are told in their place. */
export async function gapsOfStdout(): Promise<GapTeller | undefined> {
  return (await screenOf(1)).isTerminal ? undefined : new GapTeller();
}

/** A piece of text for stdout. */
export function withGapTold({ text, missed }: TextPiece, gaps: GapTeller | undefined): Uint8Array {
  if (missed === 0 || gaps === undefined) return text;
  gaps.add(missed);
  // What came before may have left a line open, which the piece ends first.
  const start = text[0] === 0x0a ? 1 : 0;
  return Buffer.concat([text.subarray(0, start), text.subarray(start + missedLine(missed).length)]);
}
