// Patterns of a request are compiled before anything is made of it, so that a bad one is told at
// once, by the name of its field.

import type { CreateSessionBody } from "../api/requests.ts";
import { compilePattern } from "../logs/pattern.ts";

/** Throws Problem `bad_request` for the first readiness check that can look for nothing. */
export async function requirePatterns(ready: CreateSessionBody["ready"]): Promise<void> {
  if (ready === undefined) return;
  const isList = Array.isArray(ready);
  for (const [place, { log, regex }] of (isList ? ready : [ready]).entries()) {
    const at = isList ? `ready[${place}]` : "ready";
    if (log !== undefined) await compilePattern({ text: log }, { field: `${at}.log` });
    if (regex !== undefined) await compilePattern({ regex }, { field: `${at}.regex` });
  }
}
