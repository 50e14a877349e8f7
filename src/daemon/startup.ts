// What a starting daemon tells the process that launched it, over a pipe: that it is ready, or why
// it is not. The launcher shows the reason; without this it would only be in a log.

import { messageOf, Problem } from "../domain/problem.ts";
import { passOn } from "../keeper/report.ts";

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

/** Tells the launcher, once: what is said later is not for it. */
export function reportStartup(startup: Startup): void {
  if (reported) return;
  reported = true;
  passOn(JSON.stringify(startup));
}

/** Reads what `reportStartup` wrote; undefined when the daemon ended without a word. */
export function parseStartup(text: string): Startup | undefined {
  if (text === "") return undefined;
  return JSON.parse(text) as Startup;
}
