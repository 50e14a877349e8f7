// Whether a file exists, of whatever kind. One that was there before the run counts as well.

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Check } from "../domain/checks.ts";
import { messageOf, systemCode } from "../domain/problem.ts";
import { untilAborted } from "./aborted.ts";
import { brief, MET, type Probe, type ProbedRun, type Sight, unmet } from "./probe.ts";

/** A network file system may hang. */
const MOST_MS = 2_000;

const MISSING = ["ENOENT", "ENOTDIR"];

export function fileProbe({ path }: Extract<Check, { kind: "file" }>, run: ProbedRun): Probe {
  const file = resolve(run.spec.cwd, path);
  return {
    what: `file ${brief(path)}`,
    outset: "not looked at yet",
    mostMs: MOST_MS,
    async look(signal) {
      const reason = () => "cannot be looked at";
      return await untilAborted(signal, { look: lookAt(file), reason });
    },
  };
}

async function lookAt(file: string): Promise<Sight> {
  try {
    await stat(file);
    return MET;
  } catch (thrown) {
    const code = systemCode(thrown) ?? "";
    return unmet(MISSING.includes(code) ? "does not exist" : messageOf(thrown));
  }
}
