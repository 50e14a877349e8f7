// A directory of sessions without processes: what the HTTP layer is tested against. Its log holds
// entries in an array and can drop the oldest.

import { randomUUID } from "node:crypto";
import { NOT_READY } from "../../../src/domain/checks.ts";
import type { SessionInput } from "../../../src/domain/input.ts";
import { Problem } from "../../../src/domain/problem.ts";
import type {
  OutputStream,
  SessionSnapshot,
  SessionSpec,
  SessionState,
} from "../../../src/domain/session.ts";
import type {
  ActionOutcome,
  LogFollower,
  LogScanner,
  Pruning,
  ReadableLog,
  SessionDirectory,
  SupervisedSession,
} from "../../../src/http/ports.ts";
import type { Digest } from "../../../src/logs/digest.ts";
import type { Entry } from "../../../src/logs/entry.ts";
import type { FollowBatch, FollowQuery } from "../../../src/logs/follower.ts";
import type { LogPage, PageQuery } from "../../../src/logs/page.ts";
import type { RawOutput } from "../../../src/logs/raw.ts";
import type { OpenBytes } from "../../../src/logs/session-log.ts";
import { FakeOutput } from "../../terminal/output.ts";

export class FakeDirectory implements SessionDirectory {
  readonly sessions: FakeSession[] = [];
  /** Thrown by the next create. */
  refusal: unknown;
  removed: string[] = [];
  /** Sessions of a test's own making. */
  readonly others: SupervisedSession[] = [];

  /** The ids under which sessions were asked for, if under any. */
  readonly asked: (string | undefined)[] = [];

  async create(spec: SessionSpec, options: { id?: string | undefined } = {}): Promise<FakeSession> {
    this.asked.push(options.id);
    if (this.refusal !== undefined) throw this.refusal;
    const session = new FakeSession(spec);
    this.sessions.push(session);
    return session;
  }

  list(): readonly FakeSession[] {
    return this.sessions;
  }

  find(reference: string): SupervisedSession {
    const found =
      this.sessions.find(({ id, spec }) => id === reference || spec.name === reference) ??
      this.others.find(({ id }) => id === reference);
    if (found === undefined) throw new Problem("not_found", "session not found");
    return found;
  }

  /** What prune was asked for. */
  pruning: Pruning | undefined;

  async prune(which: Pruning): Promise<readonly FakeSession[]> {
    this.pruning = which;
    return this.sessions.splice(0, 1);
  }

  async remove(session: SupervisedSession): Promise<void> {
    if (session.snapshot().state === "running") throw new Problem("conflict", "it is running");
    this.removed.push(session.id);
  }
}

export class FakeSession implements SupervisedSession {
  readonly id: string = randomUUID();
  readonly spec: SessionSpec;
  readonly log = new FakeLog();
  input: SessionInput | undefined;
  readonly #created = Promise.withResolvers<SessionSnapshot>();
  readonly created = this.#created.promise;
  readonly done = Promise.withResolvers<SessionSnapshot>();
  /** What the next snapshot says differently. */
  facts: Partial<SessionSnapshot> = {};
  /** Thrown by stop and restart. */
  refusal: unknown;
  forced: boolean | undefined;

  constructor(spec: SessionSpec) {
    this.spec = spec;
  }

  snapshot(): SessionSnapshot {
    return { ...snapshotOf(this.id, this.spec), ...this.facts };
  }

  isOver(): boolean {
    const { state, nextRestartAt, watching } = this.snapshot();
    const isAtRest = state === "exited" || state === "failed";
    return isAtRest && nextRestartAt === null && watching.state !== "armed";
  }

  settle(facts: Partial<SessionSnapshot>): void {
    this.facts = { ...this.facts, ...facts };
    this.#created.resolve(this.snapshot());
    this.done.resolve(this.snapshot());
  }

  stop({ force }: { readonly force: boolean }): ActionOutcome {
    this.forced = force;
    return this.#outcome("stopping");
  }

  restart(): ActionOutcome {
    return this.#outcome("starting");
  }

  #outcome(state: SessionState): ActionOutcome {
    if (this.refusal !== undefined) throw this.refusal;
    this.facts = { ...this.facts, state };
    return { state, done: this.done.promise };
  }
}

/** Time of the entry with seq 0; each later one is a second younger. */
export const LOG_START = Date.UTC(2026, 2, 16, 12, 0, 0, 0);

export class FakeLog implements ReadableLog {
  entries: Entry[] = [];
  /** Followers that were not closed yet. */
  readonly open = new Set<LogFollower>();
  /** How often a follower was asked for more. */
  asked = 0;
  #seq = 1;
  #dropped = 0;
  #over = false;
  #changed = Promise.withResolvers<void>();

  print(stream: OutputStream, line: string | Uint8Array, more: Partial<Entry> = {}): void {
    const bytes = typeof line === "string" ? new TextEncoder().encode(line) : line;
    const seq = this.#seq++;
    const time = LOG_START + seq * 1_000;
    const end = { partial: false, unterminated: false };
    this.entries.push({ seq, time, stream, run: 1, bytes, ...end, ...more });
    this.#wake();
  }

  dropOldest(count: number): void {
    this.entries.splice(0, count);
    this.#dropped += count;
  }

  /** Nothing more will come. */
  end(): void {
    this.#over = true;
    this.#wake();
  }

  page({ stream, limit, from, run }: PageQuery): LogPage {
    const held = this.#held(stream).filter((entry) => run === undefined || entry.run === run);
    if (typeof from === "object") {
      const entries = held.filter(({ seq }) => seq >= from.sinceSeq).slice(0, limit);
      const nextSeq = (entries.at(-1)?.seq ?? from.sinceSeq - 1) + 1;
      return { entries, nextSeq, dropped: Math.max(0, this.#dropped + 1 - from.sinceSeq) };
    }
    const start = from === "newest" ? Math.max(0, held.length - limit) : 0;
    const entries = held.slice(start, start + limit);
    return { entries, nextSeq: (entries.at(-1)?.seq ?? this.#seq - 1) + 1, dropped: undefined };
  }

  /** Nothing here is filtered: what is, is tested with a log of its own. */
  async search(query: PageQuery): Promise<LogPage> {
    return this.page(query);
  }

  followFiltered(query: FollowQuery): LogFollower {
    return this.follow(query);
  }

  digest(): Promise<Digest> {
    return Promise.reject(new Error("this log is not summed up"));
  }

  openLines(): readonly OpenBytes[] {
    return [];
  }

  /** What `bytes` reads; lines that are printed are not in it. */
  readonly raw = new FakeOutput();

  bytes(): RawOutput {
    return this.raw.reader();
  }

  scan(): LogScanner {
    return {
      nextSeq: 1,
      next: async () => undefined,
      finish: () => undefined,
      close: () => undefined,
    };
  }

  follow(query: FollowQuery): LogFollower {
    const { stream, from, limit } = query;
    const first = this.page({ stream, limit, from }).entries[0]?.seq ?? this.#seq;
    let next = typeof from === "object" ? Math.max(1, from.sinceSeq) : first;
    let closed = false;
    const look = (): FollowBatch | undefined => {
      const missed = Math.max(0, this.#dropped + 1 - next);
      const entries = this.#held(stream).filter(({ seq }) => seq >= next);
      if (missed === 0 && entries.length === 0) return undefined;
      next = (entries.at(-1)?.seq ?? this.#dropped) + 1;
      return { missed, nextSeq: next, entries };
    };
    const follower: LogFollower = {
      next: async () => {
        this.asked += 1;
        for (;;) {
          if (closed) return undefined;
          const batch = look();
          if (batch !== undefined) return batch;
          if (this.#over) return undefined;
          await this.#changed.promise;
        }
      },
      close: () => {
        closed = true;
        this.open.delete(follower);
        this.#wake();
      },
    };
    this.open.add(follower);
    return follower;
  }

  #held(stream: PageQuery["stream"]): Entry[] {
    return this.entries.filter((entry) => stream === "blended" || entry.stream === stream);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function snapshotOf(id: string, spec: SessionSpec): SessionSnapshot {
  return {
    id,
    spec,
    state: "starting",
    pid: null,
    run: 1,
    createdAt: LOG_START,
    firstStartedAt: null,
    lastStartedAt: null,
    lastEndedAt: null,
    uptimeMs: null,
    manualRestarts: 0,
    watchRestarts: 0,
    lastRestartCause: null,
    fileChanges: 0,
    lastChangeAt: null,
    lastChangePath: null,
    exit: null,
    lastEnd: null,
    error: null,
    leftBehind: [],
    watching: { state: "off", directories: 0, problem: null },
    policyRestarts: 0,
    healthRestarts: 0,
    nextRestartAt: null,
    gaveUp: null,
    calledOff: null,
    lost: false,
    terminal: null,
    readiness: NOT_READY,
    health: null,
    output: {
      stdoutLines: 0,
      stderrLines: 0,
      blendedLines: 0,
      stdoutDropped: 0,
      stderrDropped: 0,
      blendedDropped: 0,
      stdoutBytes: 0,
      stderrBytes: 0,
    },
  };
}
