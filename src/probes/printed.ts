// Looking for something in what a run prints: from its first line that is still held, lines without
// a newline included, and then as it comes. Nothing is asked again and again.

import { compilePattern, type Pattern, type PatternText } from "../logs/pattern.ts";
import type { Scanned } from "../logs/scan.ts";
import { isSliceOver, nextSlice } from "../logs/turn.ts";
import { MET, type Probe, type ProbedRun, unmet } from "./probe.ts";

const OUTSET = "not printed yet";

/** A probe for a pattern. One that is no pattern is never met, and says why. */
export function printedProbe(what: string, wanted: PatternText, run: ProbedRun): Probe {
  return {
    what,
    outset: OUTSET,
    mostMs: undefined,
    async look(signal) {
      const pattern = await compilePattern(wanted);
      const scan = run.log.scan({ run: run.number });
      const close = () => scan.close();
      signal.addEventListener("abort", close, { once: true });
      if (signal.aborted) close();
      try {
        for (let found = await scan.next(); found !== undefined; found = await scan.next()) {
          if (await isIn(found, { pattern, run, signal })) return MET;
        }
        return unmet(OUTSET);
      } finally {
        signal.removeEventListener("abort", close);
        close();
      }
    },
  };
}

interface Sought {
  readonly pattern: Pattern;
  readonly run: ProbedRun;
  readonly signal: AbortSignal;
}

/** Some lines of a large expression keep the daemon for long: everyone else gets their turn. */
async function isIn({ lines, open }: Scanned, { pattern, run, signal }: Sought): Promise<boolean> {
  for (const { text } of [...lines.filter((line) => line.run === run.number), ...open]) {
    if (isSliceOver()) await nextSlice();
    if (signal.aborted) return false;
    if (pattern.test(text)) return true;
  }
  return false;
}
