// The output of a foreground session, whole, from some place on: each stream to our own, byte for
// byte. On one terminal both go through one reader, which keeps them in the order they came in.

import type { Client } from "../../client/client.ts";
import { type FollowedLog, followLog, followText, type TextPiece } from "../../client/follow.ts";
import { startTimeOf } from "../../process/identity.ts";
import type { ProcessIdentity } from "../../process/process-info.ts";
import { gapsOfStdout, withGapTold } from "../logs/gaps.ts";
import { LinePrinter } from "../logs/line-printer.ts";
import { writeAll } from "../show/print.ts";
import { sharesTerminal } from "../show/screen.ts";
import { painter } from "../show/style.ts";

const CARRIAGE_RETURN = 0x0d;

/** Whose output, and from where on; from 0, all there is. */
interface Shown {
  readonly id: string;
  readonly sinceSeq: number;
  /** The command waits for whoever reads, as with a pipe. */
  readonly paced: boolean;
}

type Followed = Omit<FollowedLog, "stream" | "signal">;

/** Shows it until the session is over. Throws EPIPE or EIO when nobody reads it. */
export async function showOutput(client: Client, { paced, ...place }: Shown): Promise<void> {
  const shown: Followed = { ...place, paced: paced ? { process: ourselves() } : undefined };
  const broken = new AbortController();
  const { signal } = broken;
  const shows = (await sharesTerminal())
    ? [showBlended(client, shown, signal)]
    : [
        showStream(client, shown, { stream: "stdout", signal }),
        showStream(client, shown, { stream: "stderr", signal }),
      ];
  try {
    await Promise.all(shows);
  } catch (thrown) {
    broken.abort();
    await Promise.allSettled(shows);
    throw thrown;
  }
}

async function showStream(
  client: Client,
  shown: Followed,
  { stream, signal }: { stream: "stdout" | "stderr"; signal: AbortSignal },
): Promise<void> {
  const fd = stream === "stdout" ? 1 : 2;
  const gaps = fd === 1 ? await gapsOfStdout() : undefined;
  try {
    for await (const piece of followText(client, { ...shown, stream, signal })) {
      await writeAll(fd, withGapTold({ ...piece, text: asWritten(piece) }, gaps));
    }
  } finally {
    gaps?.end();
  }
}

function ourselves(): ProcessIdentity | undefined {
  const startTime = startTimeOf(process.pid);
  return startTime === undefined ? undefined : { pid: process.pid, startTime };
}

/** With the carriage returns that a log leaves out. */
function asWritten({ text, returns }: TextPiece): Uint8Array {
  if (returns.length === 0) return text;
  const whole = new Uint8Array(text.length + returns.length);
  let from = 0;
  for (const [before, place] of returns.entries()) {
    whole.set(text.subarray(from, place), from + before);
    whole[place + before] = CARRIAGE_RETURN;
    from = place;
  }
  whole.set(text.subarray(from), from + returns.length);
  return whole;
}

async function showBlended(client: Client, shown: Followed, signal: AbortSignal): Promise<void> {
  const printer = new LinePrinter({ times: false, streams: false, paint: painter(false) });
  const encoder = new TextEncoder();
  for await (const frames of followLog(client, { ...shown, stream: "blended", signal })) {
    await writeAll(1, encoder.encode(printer.format(frames)));
  }
}
