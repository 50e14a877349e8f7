// Looking for something in what a run prints: from its first line that is still held, lines without
// a newline included, and then as it comes. Nothing is asked again and again.

import { compilePattern, type PatternText } from "../logs/pattern.ts";
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
          const lines = found.lines.filter((line) => line.run === run.number);
          if ([...lines, ...found.open].some(({ text }) => pattern.test(text))) return MET;
        }
        return unmet(OUTSET);
      } finally {
        signal.removeEventListener("abort", close);
        close();
      }
    },
  };
}
