// Whether a line that a run printed matches a regular expression.

import type { Check } from "../domain/checks.ts";
import { printedProbe } from "./printed.ts";
import { brief, type Probe, type ProbedRun } from "./probe.ts";

export function regexProbe({ pattern }: Extract<Check, { kind: "regex" }>, run: ProbedRun): Probe {
  return printedProbe(`regex /${brief(pattern)}/`, { regex: pattern }, run);
}
