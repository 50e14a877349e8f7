// A run that was started and that no store knows, as it is kept once it is found.

import { NO_NOTES, type Run } from "../domain/history.ts";
import type { StartCause } from "../domain/session.ts";
import type { ProcessIdentity } from "../process/process-info.ts";

/** Somebody has restarted it, most likely. */
const CAUSE: StartCause = { kind: "manual" };

const NOTHING_PRINTED = { stdoutBytes: 0, stdoutLines: 0, stderrBytes: 0, stderrLines: 0 };

export interface MissedRun {
  readonly number: number;
  readonly leader: ProcessIdentity | null;
  readonly startedAt: number;
}

/** `before`: the newest run that is known. */
export function missedRun({ number, leader, startedAt }: MissedRun, before?: Run): Run {
  return {
    ...{ number, pid: leader?.pid ?? null, startTime: leader?.startTime ?? null, startedAt },
    cause: number === 1 ? { kind: "create" } : CAUSE,
    ...{ endedAt: null, exitCode: null, termSignal: null, end: null, outputAfter: null },
    outputBefore: before?.outputAfter ?? before?.outputBefore ?? NOTHING_PRINTED,
  };
}

/** What the books of its session say of it. */
export function booksOfMissed({ number, startedAt }: MissedRun) {
  const lastRestartCause = number === 1 ? null : CAUSE;
  return { lastStartedAt: startedAt, lastRestartCause, notes: NO_NOTES };
}
