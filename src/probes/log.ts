// Whether a run has printed a text.

import type { Check } from "../domain/checks.ts";
import { printedProbe } from "./printed.ts";
import { brief, type Probe, type ProbedRun } from "./probe.ts";

export function logProbe({ text }: Extract<Check, { kind: "log" }>, run: ProbedRun): Probe {
  return printedProbe(`log ${JSON.stringify(brief(text))}`, { text }, run);
}
