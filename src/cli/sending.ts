// Input on its way to a session, in as many requests as it takes. Should one fail, what is told is
// how much of all of it was written, so that what is left can be sent without sending anything twice.

import { fstatSync, readFileSync } from "node:fs";
import type { SendInputBody } from "../api/input.ts";
import type { Client } from "../client/client.ts";
import { isDeath } from "../client/failure.ts";
import { writtenInWords } from "../domain/input.ts";
import { Problem } from "../domain/problem.ts";
import { printOut } from "./show/print.ts";

/** What is sent in one request, in bytes. */
const PIECE_BYTES = 65_536;

export interface Target {
  readonly client: Client;
  readonly reference: string;
  readonly patience: Pick<SendInputBody, "timeout">;
  readonly json: boolean;
}

/** Sends it in one request; the daemon's answer is all there is to say. Throws a Problem. */
export async function sendOne(target: Target, body: SendInputBody): Promise<void> {
  try {
    await sendPiece(target, body);
  } catch (thrown) {
    throw isCutOff(thrown) ? unsure(thrown, target, "it may have been written already") : thrown;
  }
}

/** Sends our stdin, each piece as it comes, and then `last`. Throws a Problem. */
export async function sendStdin(target: Target, last: SendInputBody): Promise<void> {
  const size = sizeOfStdin();
  let written = 0;
  let isAnySent = false;
  const sendNext = async (body: SendInputBody) => {
    try {
      written += await sendPiece(target, body);
      isAnySent = true;
    } catch (thrown) {
      throw inAll(thrown, { target, written, size, isAnySent });
    }
  };
  for await (const chunk of Bun.stdin.stream()) {
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      const piece = chunk.subarray(from, from + PIECE_BYTES);
      await sendNext({ base64: Buffer.from(piece).toString("base64") });
    }
  }
  // Nothing is sent too, so that a session that takes no input is an error then as well.
  const isMore = last.enter || last.eof;
  if (isMore || !isAnySent) await sendNext(isMore ? last : { text: "" });
}

/** How many bytes were written. */
async function sendPiece(target: Target, body: SendInputBody): Promise<number> {
  const { client, reference, patience, json } = target;
  const { text, body: reply } = await client.send(reference, { ...body, ...patience });
  if (json) printOut(text);
  return reply.written;
}

interface Sent {
  readonly target: Target;
  /** By the requests before the one that failed. */
  readonly written: number;
  /** Of all there is to send, if that is known. */
  readonly size: number | undefined;
  readonly isAnySent: boolean;
}

/** What failed, with the bytes of all requests in place of those of the last one. */
function inAll(thrown: unknown, { target, written: before, size, isAnySent }: Sent): unknown {
  if (!(thrown instanceof Problem)) return thrown;
  const { code, message, hint, expected, written } = thrown;
  const total = before + (written ?? 0);
  const words =
    size === undefined ? `${total} bytes in all were written` : writtenInWords(total, size);
  if (isCutOff(thrown)) return unsure(thrown, target, `${words}, and perhaps some of what follows`);
  if (written === undefined && !isAnySent) return thrown;
  const [, told = ""] = /(\d+ of \d+ bytes were written)/.exec(message) ?? [];
  const more = told === "" ? `${message}: ${words}` : message.replace(told, words);
  return new Problem(code, more, { hint, expected });
}

/** The daemon died over a request that writes: nobody knows how far it came. */
function isCutOff(thrown: unknown): thrown is Problem {
  return thrown instanceof Problem && isDeath(thrown.cause);
}

function unsure({ code, message, cause }: Problem, { reference }: Target, words: string): Problem {
  return new Problem(code, `${message}: ${words}`, {
    hint: `Look at what came of it before you send it again: korun tail ${reference}`,
    cause,
  });
}

/** Of what is left of it, where it is a file; undefined for a pipe. */
function sizeOfStdin(): number | undefined {
  const stat = fstatSync(0);
  if (!stat.isFile()) return undefined;
  try {
    const [, position] = /^pos:\s*(\d+)/.exec(readFileSync("/proc/self/fdinfo/0", "utf8")) ?? [];
    return position === undefined ? undefined : stat.size - Number(position);
  } catch {
    return undefined; // Not on Linux.
  }
}
