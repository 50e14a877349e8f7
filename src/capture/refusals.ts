// What both kinds of input do when there is nobody to write to.

import type { SessionInput } from "../domain/input.ts";
import { Problem } from "../domain/problem.ts";

/** For an end of input that nobody waits for, in ms. */
const END_TIMEOUT_MS = 5_000;

/** Why a session takes no input between its runs. */
export function notRunning(): Problem {
  return new Problem("conflict", "It does not run, and so takes no input", {
    hint: "Start it with: korun restart",
  });
}

/** Why a daemon that another one follows writes no more of what waits. */
export function replaced(): Problem {
  return new Problem("unavailable", "The daemon was replaced", {
    hint: "The session lives. Send what is left again: the next daemon takes it.",
  });
}

/** Sends the end of input, with nobody to tell should it come too late. */
export function endQuietly(input: SessionInput): void {
  void input.write(new Uint8Array(), { timeoutMs: END_TIMEOUT_MS, end: true }).catch(() => {});
}
