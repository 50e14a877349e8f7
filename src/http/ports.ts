// What the HTTP layer needs of the rest of the daemon, and no more. The supervisor's registry and
// sessions satisfy these as they are; the tests put plain objects in their place.

import type { HistoryEvent, Run } from "../domain/history.ts";
import type { LogStream, SessionSnapshot, SessionSpec, SessionState } from "../domain/session.ts";
import type { FollowBatch, FollowQuery } from "../logs/follower.ts";
import type { LogPage, PageQuery } from "../logs/session-log.ts";

/** All sessions of the daemon. */
export interface SessionDirectory {
  /** Throws Problems `bad_request` and `conflict` that name the field. */
  create(spec: SessionSpec): Promise<SupervisedSession>;
  /** In creation order. */
  list(): readonly SupervisedSession[];
  /** By UUID, unique prefix or name. Throws Problems `not_found` and `conflict`. */
  find(reference: string): SupervisedSession;
  /** Throws Problem `conflict` when it is alive. */
  remove(session: SupervisedSession): Promise<void>;
  /** Forgets those at rest that are older than `olderThanMs`, if given, but for the newest `keep`. */
  prune(which: Pruning): Promise<readonly SupervisedSession[]>;
}

/** Which sessions at rest to forget. */
export interface Pruning {
  /** At rest for at least so long. */
  readonly olderThanMs: number;
  /** The newest so many stay, whatever their age. */
  readonly keep: number;
}

/** What is remembered of runs, and of what happened. */
export interface History {
  /** The runs of a session that are kept, the oldest first. */
  runs(sessionId: string): readonly Run[];
  /** The first `limit` events from `seq` on, inclusive. */
  since(seq: number, limit: number): EventPage;
  /** The last `limit` events. */
  newest(limit: number): EventPage;
  /** Follows from `seq` on. */
  follow(seq: number): Pulled<readonly HistoryEvent[]>;
  /** A reader of a log was too slow, and begins to miss entries. */
  lagged(sessionId: string, facts: { stream: LogStream; missed: number }): void;
}

/** Events in order, and where to ask on. */
export interface EventPage {
  readonly events: readonly HistoryEvent[];
  readonly nextSeq: number;
}

/** One session. */
export interface SupervisedSession {
  readonly id: string;
  readonly log: ReadableLog;
  /** Settles when the first run runs or could not be started. */
  readonly created: Promise<SessionSnapshot>;
  snapshot(): SessionSnapshot;
  /** `force` spares it the grace. Throws Problem `conflict` when there is nothing to stop. */
  stop(options: { readonly force: boolean }): ActionOutcome;
  /** Throws Problems when it may not start again. */
  restart(): ActionOutcome;
}

/** What became of a stop or restart. */
export interface ActionOutcome {
  /** What to answer at once. */
  readonly state: SessionState;
  /** Settles when the intent is reached, or replaced by a later one. */
  readonly done: Promise<SessionSnapshot>;
}

/** The entries of one session. */
export interface ReadableLog {
  page(query: PageQuery): LogPage;
  follow(query: FollowQuery): LogFollower;
}

/** One reader that stays, and is asked for more when its client can take more. */
export interface Pulled<Batch> {
  /** Undefined when it is over. */
  next(): Promise<Batch | undefined>;
  close(): void;
}

export type LogFollower = Pulled<FollowBatch>;
