// After a daemon that could not write its store (a full disk) and was killed over it, the store is
// behind: runs that were started meanwhile are not in it, but they may well be alive. They are
// found by what their processes carry in their environment, and taken up. A store may also
// have been lost without a trace: then there is output of sessions that it does not know.

import { readdirSync } from "node:fs";
import { NO_NOTES, type Run, type SavedSession } from "../domain/history.ts";
import type { StartCause } from "../domain/session.ts";
import { ageMs, findLivingSessions, type LivingSession } from "../process/adopt.ts";
import { bootId } from "../process/identity.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import type { Store } from "../store/store.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { clearUnknownSessions } from "./heal.ts";

export interface CatchUpOptions {
  /** The folder in which each session has one of its own. */
  readonly sessions: string;
  readonly log: DaemonLog;
}

/**
 * The sessions of a store, with the runs that it has missed and that live. What it has lost is told
 * in its `problem`: sessions that live, and all that it once knew. Where it has lost nothing, what is
 * kept of unknown sessions is removed.
 */
export async function catchUp(
  store: Store,
  { sessions, log }: CatchUpOptions,
): Promise<readonly SavedSession[]> {
  const known = new Set(store.sessions.ids());
  const unknown = readdirSync(sessions).filter((id) => !known.has(id));
  const isSound = store.isComplete && store.problem === null;
  if (isSound && unknown.length === 0) return store.sessions.all();
  const living = await findLivingSessions();
  const strangers = living.filter(({ sessionId }) => unknown.includes(sessionId));
  for (const stranger of strangers) store.notice(describeStranger(stranger));
  const isLost = isSound && store.events.last === 0;
  if (isLost) store.notice(describeLoss(sessions, unknown));
  const wereCutShort = store.isComplete && !isLost && strangers.length === 0;
  if (wereCutShort) clearUnknownSessions(sessions, { unknown, log });
  return store.sessions.all().map((session) => {
    const found = living.find(({ sessionId }) => sessionId === session.id);
    if (found?.leader === undefined || found.run <= session.state.run) return session;
    log.warn(`run ${found.run} of session ${session.id} was not known: pid ${found.leader.pid}`);
    return goOnWith(store, { session, run: found.run, leader: found.leader });
  });
}

function describeStranger({ sessionId, pids }: LivingSession): string {
  return (
    `Session ${sessionId} is not known any more: it was started while the store could not be ` +
    `written, or was lost with it. Its processes run on (pid ${pids.join(", ")}): end them yourself.`
  );
}

function describeLoss(sessions: string, unknown: readonly string[]): string {
  const count = unknown.length === 1 ? "a session" : `${unknown.length} sessions`;
  return (
    `The store was empty, but there is output of ${count} in ${sessions}: what was known of that ` +
    "is lost. Copy what you want to keep of it; the next daemon removes it."
  );
}

function goOnWith(
  store: Store,
  found: { session: SavedSession; run: number; leader: ProcessIdentity },
): SavedSession {
  const { session, run, leader } = found;
  const startedAt = Date.now() - ageMs(leader);
  const before = store.runs.of(session.id, 1)[0];
  const next = missedRun(before, { number: run, leader, startedAt });
  store.together(() => {
    if (before?.end === null) {
      store.runs.save(session.id, { ...before, endedAt: startedAt, end: { kind: "unknown" } });
    }
    store.runs.save(session.id, next);
  });
  return {
    ...session,
    state: { phase: "running", run, pid: leader.pid },
    leader: { pid: leader.pid, startTime: leader.startTime },
    books: {
      ...session.books,
      lastStartedAt: startedAt,
      lastRestartCause: next.cause,
      notes: NO_NOTES,
    },
    bootId: bootId(),
  };
}

/** Somebody has restarted it, most likely. */
const CAUSE: StartCause = { kind: "manual" };

const NOTHING_PRINTED = { stdoutBytes: 0, stdoutLines: 0, stderrBytes: 0, stderrLines: 0 };

function missedRun(
  before: Run | undefined,
  facts: { number: number; leader: ProcessIdentity; startedAt: number },
): Run {
  const { number, leader, startedAt } = facts;
  return {
    ...{ number, pid: leader.pid, startTime: leader.startTime, startedAt, cause: CAUSE },
    ...{ endedAt: null, exitCode: null, termSignal: null, end: null, outputAfter: null },
    outputBefore: before?.outputAfter ?? before?.outputBefore ?? NOTHING_PRINTED,
  };
}
