// Writing to stdout and stderr, whole. `process.stdout` is never written to: touching it costs a
// third of a command's time, and it makes the pipe non-blocking for everyone who shares it.

import { fstatSync, write, writeSync } from "node:fs";
import { messageOf, Problem, systemCode } from "../../domain/problem.ts";

/** Pause before writing again to a pipe that another process made non-blocking, in ms. */
const FULL_PIPE_PAUSE_MS = 5;

/** Our output cannot be written, though its reader may well be there: the disk is full, say. */
export class Unwritable extends Problem {
  constructor(cause: unknown, hint?: string) {
    super("internal", `cannot write the output: ${inWords(cause)}`, { cause, hint });
  }
}

/** Writes to stdout and returns when all is written. Throws EPIPE, EIO, or Unwritable. */
export function printOut(text: string | Uint8Array): void {
  writeAllSync(1, text);
}

let newline = "\n";

/** What ends a line on stderr if that is a terminal: one that is raw returns no carriage by itself. */
export function setNewlines(wanted: "\n" | "\r\n"): void {
  newline = wanted;
}

/** Writes to stderr. That nobody reads it is no reason to fail. */
export function printErr(text: string): void {
  try {
    const isPlain = newline === "\n" || !fstatSync(2).isCharacterDevice();
    writeAllSync(2, isPlain ? text : text.replaceAll("\n", newline));
  } catch {
    // There is no other place to say it.
  }
}

/**
 * Writes bytes to a descriptor without holding up signals and timers while its reader is slow.
 * Throws EPIPE, EIO, or Unwritable. Never call it again for a descriptor before it is done.
 */
export async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0; ) {
    const written = await writeSome(fd, rest);
    if (written === 0) await Bun.sleep(FULL_PIPE_PAUSE_MS);
    rest = rest.subarray(written);
  }
}

/** Whether something was thrown because the reader of our output has left. */
export function isBrokenPipe(thrown: unknown): boolean {
  // EIO: the terminal has been closed.
  return systemCode(thrown) === "EPIPE" || systemCode(thrown) === "EIO";
}

function faultOf(thrown: unknown): unknown {
  return isBrokenPipe(thrown) ? thrown : new Unwritable(thrown);
}

/** `ENOSPC: no space left on device, write` without its code and its call. */
function inWords(cause: unknown): string {
  const message = messageOf(cause);
  return /^E[A-Z0-9]+: (.+), \w+$/.exec(message)?.[1] ?? message;
}

function writeSome(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, (failure, written) => {
      if (failure === null) resolve(written);
      else if (systemCode(failure) === "EAGAIN") resolve(0);
      else reject(faultOf(failure));
    });
  });
}

function writeAllSync(fd: number, text: string | Uint8Array): void {
  let rest = typeof text === "string" ? new TextEncoder().encode(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (thrown) {
      if (systemCode(thrown) !== "EAGAIN") throw faultOf(thrown);
      Bun.sleepSync(FULL_PIPE_PAUSE_MS);
    }
  }
}
