// What a starting daemon says over its start-up pipe, as far as a keeper must understand it.

import { closeSync, fstatSync, writeSync } from "node:fs";

/** The descriptor on which whoever launched us waits, and a daemon's own for what it says. */
export const STARTUP_FD = 3;

/** How a daemon's start went: it serves, it refuses and says why, or it ended without a word. */
export type Report =
  | { readonly kind: "ready"; readonly text: string }
  | ({ readonly kind: "refused"; readonly text: string } & Refusal)
  | { readonly kind: "silent" };

/** Why a daemon could not start, and the remedy. */
export interface Refusal {
  readonly reason: string;
  readonly hint: string | undefined;
}

export function readReport(text: string): Report {
  if (text === "") return { kind: "silent" };
  try {
    const said = JSON.parse(text) as Record<string, unknown>;
    if (said.ok === true) return { kind: "ready", text };
    const hint = typeof said.hint === "string" ? said.hint : undefined;
    return { kind: "refused", text, reason: String(said.message), hint };
  } catch {
    return { kind: "silent" }; // cut off in the middle
  }
}

/**
 * Hands a report on to whoever launched us, and lets go of the pipe, so that no child inherits it.
 * To be called once: afterwards the number of the descriptor may be anything's.
 */
export function passOn(text: string): void {
  try {
    // Started by hand, the descriptor may be nothing, or something of Bun's own.
    const stats = fstatSync(STARTUP_FD);
    if (!stats.isSocket() && !stats.isFIFO()) return;
    writeSync(STARTUP_FD, text);
    closeSync(STARTUP_FD);
  } catch {
    // Nobody waits, or nobody waits any more: the log has it too.
  }
}

/** The form in which a failure of the keeper's own is reported. */
export function failedReport(message: string): string {
  return JSON.stringify({ ok: false, message });
}
