// After a daemon that could not write its store (a full disk) and was killed over it, the store is
// behind: runs that were started meanwhile are not in it, but they may well be alive. They are
// found by what their processes carry in their environment, and taken up. A store may also have been
// damaged, or lost without a trace: what lives is taken up then too, and the output of sessions that
// it does not know is kept.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { SavedSession } from "../domain/history.ts";
import { ageMs, findLivingSessions, type LivingSession } from "../process/adopt.ts";
import { bootId } from "../process/identity.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import type { Store } from "../store/store.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { booksOfMissed, missedRun } from "./missed-run.ts";
import { describeRediscovered, isOfAnotherHome, rediscover } from "./rediscovery.ts";
import { clearUnknown, keepUnknown } from "./unknown-output.ts";

export interface CatchUpOptions {
  /** The folder in which each session has one of its own. */
  readonly sessions: string;
  readonly log: DaemonLog;
}

/**
 * The sessions of a store, with the runs and the sessions that it has missed and that live; of the
 * latter it tells in its `problem`. The output of those it does not know is kept if it has lost
 * anything, and removed where it is sound.
 */
export async function catchUp(
  store: Store,
  { sessions, log }: CatchUpOptions,
): Promise<readonly SavedSession[]> {
  const known = new Set(store.sessions.ids());
  const unknown = readdirSync(sessions).filter((id) => !known.has(id));
  const isSound = store.isComplete && store.problem === null;
  if (isSound && unknown.length === 0) return store.sessions.all();
  const living = await findLivingSessions(unknown);
  const strangers = living.filter(({ sessionId }) => unknown.includes(sessionId));
  const ours = strangers.filter(
    (one) => !isOfAnotherHome(one, { folder: join(sessions, one.sessionId) }),
  );
  const others = unknown.filter((id) => !ours.some(({ sessionId }) => sessionId === id));
  const hasLost = !store.isComplete || store.events.last === 0 || store.hasDamagedFile;
  const isWhole = !hasLost && strangers.length === 0;
  (isWhole ? clearUnknown : keepUnknown)({ sessions, unknown: others, log });
  const saved = store.sessions.all().map((session) => {
    const found = living.find(({ sessionId }) => sessionId === session.id);
    if (found?.leader === undefined || found.run <= session.state.run) return session;
    log.warn(`run ${found.run} of session ${session.id} was not known: pid ${found.leader.pid}`);
    return goOnWith(store, { session, run: found.run, leader: found.leader });
  });
  return [...saved, ...takeUp(store, { strangers: ours, sessions, saved })];
}

/** Sessions that the store does not know, the oldest first; from now on it does. */
function takeUp(
  store: Store,
  found: {
    strangers: readonly LivingSession[];
    sessions: string;
    saved: readonly SavedSession[];
  },
): readonly SavedSession[] {
  const { strangers, sessions, saved } = found;
  if (strangers.length === 0) return [];
  const names = new Set(saved.flatMap(({ spec }) => spec.name ?? []));
  const order = ({ processes: [oldest] }: LivingSession) => oldest.startTime;
  const taken = strangers
    .toSorted((one, other) => order(one) - order(other))
    .map((living) => {
      const folder = join(sessions, living.sessionId);
      const one = rediscover(living, { folder, names });
      if (one.session.spec.name !== undefined) names.add(one.session.spec.name);
      return one;
    });
  store.together(() => {
    for (const { session, run } of taken) {
      store.sessions.save(session);
      store.runs.save(session.id, run);
    }
  });
  const all = taken.map(({ session }) => session);
  store.notice(describeRediscovered(all));
  return all;
}

function goOnWith(
  store: Store,
  found: { session: SavedSession; run: number; leader: ProcessIdentity },
): SavedSession {
  const { session, run, leader } = found;
  const startedAt = Date.now() - ageMs(leader);
  const before = store.runs.of(session.id, 1)[0];
  const missed = { number: run, leader, startedAt };
  store.together(() => {
    if (before?.end === null) {
      store.runs.save(session.id, { ...before, endedAt: startedAt, end: { kind: "unknown" } });
    }
    store.runs.save(session.id, missedRun(missed, before));
  });
  return {
    ...session,
    state: { phase: "running", run, pid: leader.pid },
    leader: { pid: leader.pid, startTime: leader.startTime },
    books: { ...session.books, ...booksOfMissed(missed) },
    bootId: bootId(),
  };
}
