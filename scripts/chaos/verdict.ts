// What the store has of a child, held against the child's own record.

import { readFileSync } from "node:fs";
import type { SessionReply } from "../../src/api/replies.ts";
import type { Writer } from "./writers.ts";

/** Faults of one session; none when all is as the child wrote it. */
export interface Verdict {
  /** Lines that the store neither has nor counts as dropped. */
  readonly lost: number;
  /** Lines that the store has or counts more often than they were written. */
  readonly repeated: number;
  /** Held output that is not the end of what the child wrote. */
  readonly torn: number;
  readonly wrongExit: number;
  /** Paced children stay within the limits: nothing of theirs may be dropped. */
  readonly dropped: number;
}

/** `text` is the session's stdout as `format=text` gives it. */
export function judge(
  writer: Writer,
  of: { readonly session: SessionReply; readonly text: Buffer },
): Verdict {
  const { session, text } = of;
  const record = readFileSync(writer.record);
  const missing = writer.lines - (session.stdout_lines + session.stdout_dropped_lines);
  const isTail = record.subarray(record.length - text.length).equals(text);
  return {
    lost: Math.max(0, missing),
    repeated: Math.max(0, -missing),
    torn: isTail && session.stdout_bytes === record.length ? 0 : 1,
    wrongExit: session.exit_code === writer.exitCode ? 0 : 1,
    dropped: writer.mode === "paced" ? session.stdout_dropped_lines : 0,
  };
}

/** The sum of many. */
export function total(verdicts: readonly Verdict[]): Verdict {
  const sum = { lost: 0, repeated: 0, torn: 0, wrongExit: 0, dropped: 0 };
  for (const verdict of verdicts) {
    sum.lost += verdict.lost;
    sum.repeated += verdict.repeated;
    sum.torn += verdict.torn;
    sum.wrongExit += verdict.wrongExit;
    sum.dropped += verdict.dropped;
  }
  return sum;
}
