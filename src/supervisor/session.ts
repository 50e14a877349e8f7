// One supervised command. Every command and every happening is an event for the lifecycle table;
// it is taken the moment it comes, in the order they come, and nothing is awaited in between. What
// the table wants done is performed afterwards, and answers with events of its own. So a stop is
// never behind a slow start, and a caller learns at once what its request made of the session.

import type { SessionInput } from "../domain/input.ts";
import {
  isIdle,
  isOver,
  isSteady,
  type Lifecycle,
  type LifecycleEvent,
  pendingOf,
  publicState,
  waitingOf,
} from "../domain/lifecycle.ts";
import { Problem } from "../domain/problem.ts";
import { type Resumption, resume, wasLost } from "../domain/resume.ts";
import type {
  OutputCounters,
  SessionSnapshot,
  SessionSpec,
  SessionState,
  WatchStatus,
} from "../domain/session.ts";
import { begin, type LifecycleContext, type Transition, transition } from "../domain/transition.ts";
import type { SessionLog } from "../logs/session-log.ts";
import type { AttendedRun } from "./attendants/attendant.ts";
import { Attendants } from "./attendants/attendants.ts";
import { Chronicle } from "./chronicle.ts";
import { reopenBooks } from "./legacy.ts";
import type { FileChange } from "./machinery.ts";
import { Performer } from "./performer.ts";
import { SessionRecord } from "./record.ts";
import type { Legacy, Outcome, SessionParts } from "./session-parts.ts";
import { snapshotOf } from "./snapshot.ts";
import { Waiters } from "./waiters.ts";

const NOT_WATCHING: WatchStatus = { state: "off", directories: 0, problem: null };

export class Session {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly log: SessionLog;
  /** Undefined for a session that cannot be written to. */
  readonly input: SessionInput | undefined;
  /** Resolves when the first run runs, failed to start, or was stopped before. Never rejects. */
  readonly created: Promise<SessionSnapshot>;
  readonly #parts: SessionParts;
  readonly #performer: Performer;
  readonly #record: SessionRecord;
  readonly #chronicle: Chronicle;
  readonly #attendants: Attendants;
  #state: Lifecycle;
  readonly #waiters = new Waiters();
  /** Why it takes no further start. */
  #retired: Problem | undefined;
  /** The last counts of a log that has been released. */
  #released: OutputCounters | undefined;

  /** Starts the session's first run, or goes on with what an earlier daemon left. */
  constructor(parts: SessionParts) {
    this.id = parts.id;
    this.spec = parts.spec;
    this.log = parts.output.log;
    this.input = parts.output.input;
    this.#parts = parts;
    this.#performer = new Performer({ ...parts, answer: (event) => this.#take(event) });
    this.#chronicle = new Chronicle(parts.id, parts.archive);
    const { legacy } = parts;
    this.#record = legacy === undefined ? new SessionRecord(Date.now()) : reopenBooks(legacy);
    this.#attendants = this.#attend();
    const context = this.#context();
    if (legacy === undefined) {
      const first = begin(context);
      this.#state = first.state;
      this.created = this.#settled();
      this.#chronicle.created(parts.spec, Date.now());
      this.#follow(first, undefined);
    } else {
      const resumption = resume(legacy.saved.state, legacy.findings, context);
      this.#state = resumption.state;
      this.created = this.#settled();
      this.#goOn(legacy, resumption);
    }
  }

  get name(): string | undefined {
    return this.spec.name;
  }

  get state(): SessionState {
    return publicState(this.#state);
  }

  /** A run is under way, or processes are being started or ended. */
  isLive(): boolean {
    return this.#state.phase !== "resting";
  }

  /** At rest, and nothing can start it again by itself. */
  isOver(): boolean {
    return isOver(this.#state);
  }

  /** It lives, or is about to: nobody else may have its name. */
  holdsName(): boolean {
    return this.isLive() || waitingOf(this.#state) !== undefined;
  }

  /** It is being stopped, and not in order to start again. */
  isLeaving(): boolean {
    return pendingOf(this.#state)?.kind === "rest";
  }

  /** At rest, and a stop would have nothing to end and nothing to disarm. */
  isIdle(): boolean {
    return isIdle(this.#state);
  }

  /** All that can be said of it now. */
  snapshot(): SessionSnapshot {
    return snapshotOf({
      id: this.id,
      spec: this.spec,
      state: this.#state,
      facts: this.#record.facts(performance.now()),
      lastEnd: this.#chronicle.lastEnd,
      watching: this.#parts.watch?.status() ?? NOT_WATCHING,
      output: this.#released ?? this.log.counters(),
      terminal: this.#parts.output.terminal(),
      attendants: this.#attendants.status(),
    });
  }

  /**
   * Ends all of its processes and disarms its watch; `force` spares them the rest of the grace.
   * Throws a Problem `conflict` when there is nothing to end and nothing to disarm.
   */
  stop({ force = false, byDaemon = false }: { force?: boolean; byDaemon?: boolean } = {}): Outcome {
    this.#take({ type: "stop", force, ...(byDaemon ? { by: "daemon_stop" } : {}) });
    return { state: this.state, done: this.#settled() };
  }

  /**
   * Ends what runs and starts anew, arming the watch again. Throws a Problem when the session is
   * being removed, the daemon shuts down, or a living session has its name.
   */
  restart(): Outcome {
    if (this.#retired !== undefined) throw this.#retired;
    this.#parts.beforeRestart();
    this.#take({ type: "restart", cause: { kind: "manual" } });
    return { state: "starting", done: this.#settled() };
  }

  /** Counts an effective file change. */
  noteChange(change: FileChange): void {
    this.#record.changed(change);
    this.#save();
  }

  /** File changes are seen in another way than before. */
  watchChanged(status: WatchStatus): void {
    this.#chronicle.watches(status, Date.now());
  }

  /** A file change asks for a restart. */
  fileChanged({ path, event }: FileChange): void {
    this.#take({ type: "fileChanged", cause: { kind: "watch", path, event } });
  }

  /** At rest, lets no file change start it again: another session has taken its place. */
  giveWay(): void {
    this.#take({ type: "giveUpWatch" });
  }

  /**
   * Takes no start from now on, with `why` for who asks, and stops. Resolves at rest, with no
   * process left that can be ended. Called again with `force`, it kills.
   */
  async retire(
    why: Problem,
    { force = false, byDaemon = false }: { force?: boolean; byDaemon?: boolean } = {},
  ): Promise<void> {
    this.#retired ??= why;
    if (this.isIdle()) return;
    await this.stop({ force, byDaemon }).done;
  }

  /**
   * Lets go of its watch and of its output, only at rest and once retired. Nothing of it is left,
   * unless it is to be kept for the next daemon.
   */
  async release({ keep = false }: { keep?: boolean } = {}): Promise<void> {
    this.#performer.close();
    this.#attendants.close();
    // What still happens is found by whoever takes it over.
    this.#released = this.log.counters();
    if (!keep) {
      this.#parts.archive.removeSession(this.id);
      this.#chronicle.tell({ type: "removed" }, Date.now());
    }
    await this.#parts.output.release({ keep });
  }

  /** In the middle of a life: what was under way is taken up, then what happened meanwhile. */
  #goOn(legacy: Legacy, { effects, answers }: Resumption): void {
    const { saved, findings, leader, survived } = legacy;
    const now = Date.now();
    this.#chronicle.resumeEnding(this.#state, legacy);
    if (wasLost(saved.state, findings)) this.#chronicle.lost(now, this.log.counters());
    if (leader !== undefined) {
      this.#performer.adopt(this.#state.run, leader);
      if (saved.state.phase !== "starting") this.#chronicle.adopted(leader.pid, now);
    }
    if (survived !== undefined) this.#performer.adoptGroup(survived);
    this.#parts.output.settle(this.isOver());
    this.#chronicle.keep(() => this.#save());
    this.#performer.perform(effects);
    for (const answer of answers) this.#take(answer);
    this.#attendants.follow(this.#state, () => this.#runUnderWay());
  }

  #take(event: LifecycleEvent): void {
    if (this.#released !== undefined) return;
    const next = transition(this.#state, event, this.#context());
    if (next.effects.some(({ type }) => type === "refuse")) throw this.#cannotStop();
    if (next.state === this.#state) return;
    const now = { wall: Date.now(), steady: performance.now() };
    if (event.type === "spawned") this.#record.started(this.#chronicle.startOf(now));
    if (event.type === "groupEmpty" || event.type === "treeEnded") this.#record.ended(now);
    this.#follow(next, event);
  }

  #context(): LifecycleContext {
    const policy = { restart: this.spec.restart, ...this.#record.past(), now: Date.now() };
    return { watched: this.#parts.watch !== undefined, policy };
  }

  #follow(next: Transition, event: LifecycleEvent | undefined): void {
    const before = this.#state;
    this.#state = next.state;
    for (const effect of next.effects) {
      if (effect.type === "spawn") this.#record.begun(effect.cause, this.spec.restart);
    }
    // Kept before anything of it is done, so that the next daemon knows what was meant.
    const { leader } = this.#performer;
    const output = this.log.counters();
    const { lastEndedAt: endedAt } = this.#record;
    this.#chronicle.note({ before, event, next, now: Date.now(), endedAt, output, leader });
    this.#chronicle.keep(() => this.#save());
    if (isOver(before) !== this.isOver()) this.#parts.output.settle(this.isOver());
    if (isSteady(this.#state)) this.#waiters.resolve(() => this.snapshot());
    if (before.phase !== "resting" && !this.isLive()) this.#parts.onRest();
    this.#performer.perform(next.effects);
    this.#attendants.follow(this.#state, () => this.#runUnderWay());
  }

  #attend(): Attendants {
    const { id, spec, log, attendants: make, report } = { ...this.#parts, log: this.log };
    return new Attendants({
      ...{ id, spec, log, make, report },
      record: this.#record,
      save: () => this.#save(),
      tell: (happening) => this.#chronicle.tell(happening, Date.now()),
      take: (event) => this.#take(event),
    });
  }

  #runUnderWay(): Omit<AttendedRun, "number"> | undefined {
    const { leader } = this.#performer;
    const { uptimeMs } = this.#record.facts(performance.now());
    return leader && { leader, startedAgoMs: uptimeMs ?? 0 };
  }

  #save(): void {
    const { pid, startTime } = this.#performer.leader ?? {};
    this.#parts.archive.saveSession({
      id: this.id,
      spec: this.spec,
      state: this.#state,
      books: this.#record.books(),
      leader: pid === undefined || startTime === undefined ? null : { pid, startTime },
      bootId: this.#parts.machinery.bootId,
      updatedAt: Date.now(),
    });
  }

  #settled(): Promise<SessionSnapshot> {
    return isSteady(this.#state) ? Promise.resolve(this.snapshot()) : this.#waiters.join();
  }

  #cannotStop(): Problem {
    const label = this.name ?? this.id;
    return new Problem("conflict", `Cannot stop session ${label}: it is ${this.state} already`, {
      hint: `Start it again with: korun restart ${label}. Forget it with: korun rm ${label}.`,
    });
  }
}
