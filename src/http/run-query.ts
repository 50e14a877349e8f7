// The query parameter that names a run of a session.

import { Problem } from "../domain/problem.ts";
import type { SupervisedSession } from "./ports.ts";

/**
 * The number of the run that `wanted` names, a number or `last`; undefined for all of them. Throws
 * Problem `not_found` for a run that there is not.
 */
export function runIn(wanted: string | undefined, session: SupervisedSession): number | undefined {
  if (wanted === undefined) return undefined;
  const { run: newest } = session.snapshot();
  const run = wanted === "last" ? newest : Number(wanted);
  if (run >= 1 && run <= newest) return run;
  const isOne = newest === 1;
  const known = isOne ? "there is only run 1" : `the newest is ${newest}`;
  throw new Problem("not_found", `There is no run ${run}: ${known}`, {
    field: "run",
    expected: isOne ? "1 or last" : `a number from 1 to ${newest}, or last`,
  });
}
