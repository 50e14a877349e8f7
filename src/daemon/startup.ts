// What a starting daemon tells the process that launched it, over a pipe: that it is ready, or why
// it is not. The launcher shows the reason; without this it would only be in a log.

import { closeSync, fstatSync, writeSync } from "node:fs";
import { messageOf, Problem } from "../domain/problem.ts";

/** The descriptor of a launched daemon on which its launcher waits. */
export const STARTUP_FD = 3;

/** How a start went. */
export type Startup =
  | { readonly ok: true; readonly socket: string; readonly port: number }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** The form in which a failure travels. */
export function failedStartup(thrown: unknown): Startup {
  const hint = thrown instanceof Problem ? thrown.hint : undefined;
  const message = messageOf(thrown);
  return hint === undefined ? { ok: false, message } : { ok: false, message, hint };
}

let reported = false;

/**
 * Tells the launcher and lets go of the pipe, so that no child inherits it. Only the first call
 * does: afterwards the descriptor's number may be anything's.
 */
export function reportStartup(startup: Startup): void {
  if (reported) return;
  reported = true;
  try {
    // Started by hand, the descriptor may be nothing, or something of Bun's own.
    const stats = fstatSync(STARTUP_FD);
    if (!stats.isSocket() && !stats.isFIFO()) return;
    writeSync(STARTUP_FD, JSON.stringify(startup));
    closeSync(STARTUP_FD);
  } catch {
    // The launcher is gone, or there never was one: the log has it too.
  }
}

/** Reads what `reportStartup` wrote; undefined when the daemon ended without a word. */
export function parseStartup(text: string): Startup | undefined {
  if (text === "") return undefined;
  return JSON.parse(text) as Startup;
}
