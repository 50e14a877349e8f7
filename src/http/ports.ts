// What the HTTP layer needs of the rest of the daemon, and no more. The supervisor's registry and
// sessions satisfy these as they are; the tests put plain objects in their place.

import type { HistoryEvent, Run } from "../domain/history.ts";
import type { SessionInput } from "../domain/input.ts";
import type {
  LogStream,
  OutputStream,
  SessionSnapshot,
  SessionSpec,
  SessionState,
} from "../domain/session.ts";
import type { Digest, DigestQuery } from "../logs/digest.ts";
import type { FollowBatch, FollowQuery } from "../logs/follower.ts";
import type { LogPage, PageQuery } from "../logs/page.ts";
import type { RawOutput } from "../logs/raw.ts";
import type { Scanned, ScanStart } from "../logs/scan.ts";
import type { SearchQuery } from "../logs/search.ts";
import type { OpenBytes } from "../logs/session-log.ts";
import type { SiftQuery } from "../logs/sifted-follower.ts";

/** All sessions of the daemon. */
export interface SessionDirectory {
  /**
   * Throws Problems `bad_request` and `conflict` that name the field. With the `id` of a session
   * that there is, it is that one: it was asked for twice.
   */
  create(
    spec: SessionSpec,
    options?: { id?: string | undefined; paced?: boolean },
  ): Promise<SupervisedSession>;
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

/** Where those are who read the output of a session again and again. */
export interface Cursors {
  /** The first entry that this reader has not seen; undefined for one that never looked. */
  find(sessionId: string, name: string): number | undefined;
  move(sessionId: string, cursor: { readonly name: string; readonly seq: number }): void;
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
  /** Undefined for one that cannot be written to. */
  readonly input: SessionInput | undefined;
  /** Settles when the first run runs or could not be started. */
  readonly created: Promise<SessionSnapshot>;
  snapshot(): SessionSnapshot;
  /** At rest, and nothing will start it by itself. */
  isOver(): boolean;
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
  /** Of those that pass a filter. Rejects with the signal's reason when that is aborted. */
  search(query: SearchQuery): Promise<LogPage>;
  /** Rejects with the signal's reason when that is aborted. */
  digest(query: DigestQuery): Promise<Digest>;
  follow(query: FollowQuery): LogFollower;
  /** What the child wrote, as it is. To be closed by who asked. */
  bytes(stream: OutputStream): RawOutput;
  followFiltered(query: SiftQuery): LogFollower;
  /** Lines in progress, if no entry from `seq` on is complete. */
  openLines(stream: LogStream, seq: number): readonly OpenBytes[];
  scan(from: ScanStart, options: { readonly stream: LogStream }): LogScanner;
}

/** Reads a log as text, with the lines in progress. */
export interface LogScanner extends Pulled<Scanned> {
  /** To begin here would give what comes after all that was given. */
  readonly nextSeq: number;
  /** Waits for nothing any more: what is there is still given. */
  finish(): void;
}

/** One reader that stays, and is asked for more when its client can take more. */
export interface Pulled<Batch> {
  /** Undefined when it is over. */
  next(): Promise<Batch | undefined>;
  close(): void;
}

export type LogFollower = Pulled<FollowBatch>;
