// Children whose output is known: each writes its numbered lines to a file of its own as well, and
// ends by itself with a code of its own. What the store has is compared to that file.

/** How a child writes. */
export type Mode = "paced" | "flood";

export interface Writer {
  readonly name: string;
  readonly mode: Mode;
  readonly lines: number;
  readonly exitCode: number;
  /** The child's own record of its stdout. */
  readonly record: string;
  readonly command: readonly string[];
}

/** Lines are numbered and as long as their number says, so that a torn or mixed one shows. */
const PROGRAM = `BEGIN {
  pad = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789";
  for (i = 1; i <= lines; i++) {
    line = name " " i " " substr(pad, 1, i % 70);
    print line; print line > record;
    if (pause != "" && i % burst == 0) { fflush(); system(pause) }
  }
  exit code
}`;

/** A child of this mode; in `paced` it stays within the limits of a ring and takes its time. */
export function makeWriter(
  name: string,
  facts: { mode: Mode; lines: number; exitCode: number; record: string },
): Writer {
  const { mode, lines, exitCode, record } = facts;
  const variables = { name, lines, code: exitCode, record, burst: 50 };
  // A pause costs two processes: at more than ten a second, those of twenty children take all of a
  // small machine, and what is measured is how long the daemon waits for a processor.
  const pause = mode === "paced" ? ["-v", "pause=sleep 0.1"] : [];
  const settings = Object.entries(variables).flatMap(([key, value]) => ["-v", `${key}=${value}`]);
  return { name, ...facts, command: ["awk", ...settings, ...pause, PROGRAM] };
}
