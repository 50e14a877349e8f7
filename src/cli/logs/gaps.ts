// What a follower has missed is told in its place where somebody reads along, and else on stderr: what
// is piped or kept in a file is the command's output and nothing more.

import type { TextPiece } from "../../client/follow.ts";
import { missedLine } from "../../logs/text.ts";
import { printErr } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";

/** Takes what is said of a gap in what goes to stdout; undefined: it is said in its place. */
export type TellGap = ((line: string) => void) | undefined;

/** How gaps in what goes to stdout are told. */
export async function gapsOfStdout(): Promise<TellGap> {
  return (await screenOf(1)).isTerminal ? undefined : printErr;
}

/** A piece of text for stdout. */
export function withGapTold({ text, missed }: TextPiece, tell: TellGap): Uint8Array {
  if (missed === 0 || tell === undefined) return text;
  const line = missedLine(missed);
  tell(line);
  // What came before may have left a line open, which the piece ends first.
  const start = text[0] === 0x0a ? 1 : 0;
  return Buffer.concat([text.subarray(0, start), text.subarray(start + line.length)]);
}
