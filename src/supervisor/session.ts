// One supervised command. Every command and every happening is an event for the lifecycle table;
// it is taken the moment it comes, in the order they come, and nothing is awaited in between. What
// the table wants done is performed afterwards, and answers with events of its own. So a stop is
// never behind a slow start, and a caller learns at once what its request made of the session.

import {
  type Effect,
  endOf,
  isIdle,
  isOver,
  isSteady,
  type Lifecycle,
  type LifecycleEvent,
  pidOf,
  publicState,
} from "../domain/lifecycle.ts";
import { Problem } from "../domain/problem.ts";
import type {
  OutputCounters,
  SessionSnapshot,
  SessionSpec,
  SessionState,
  WatchStatus,
} from "../domain/session.ts";
import { begin, type Transition, transition } from "../domain/transition.ts";
import type { SessionLog } from "../logs/session-log.ts";
import type { FileChange, FileWatch, Machinery, Output } from "./machinery.ts";
import { Performer } from "./performer.ts";
import { SessionRecord } from "./record.ts";

/** What a command made of a session. */
export interface Outcome {
  /** What to answer at once. */
  readonly state: SessionState;
  /** Resolves when what was asked for, or what replaced it, is reached. Never rejects. */
  readonly done: Promise<SessionSnapshot>;
}

export interface SessionParts {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly machinery: Machinery;
  readonly output: Output;
  /** Undefined when there is nothing to watch. */
  readonly watch: FileWatch | undefined;
  /** Called before a manual restart; throws a Problem when it may not be. */
  beforeRestart(): void;
  /** The session came to rest. */
  onRest(): void;
  /** Takes what went wrong beside the session's own life. */
  report(what: string, cause: unknown): void;
}

type Waiter = (snapshot: SessionSnapshot) => void;

const NOT_WATCHING: WatchStatus = { state: "off", directories: 0, problem: null };

export class Session {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly log: SessionLog;
  /** Resolves when the first run runs, failed to start, or was stopped before. Never rejects. */
  readonly created: Promise<SessionSnapshot>;
  readonly #parts: SessionParts;
  readonly #performer: Performer;
  readonly #record: SessionRecord;
  #state: Lifecycle;
  #toPerform: Effect[] = [];
  #performing = false;
  #waiters: Waiter[] = [];
  /** Why it takes no further start. */
  #retired: Problem | undefined;
  /** The last counts of a log that has been released. */
  #released: OutputCounters | undefined;

  /** Starts the session's first run. */
  constructor(parts: SessionParts) {
    this.id = parts.id;
    this.spec = parts.spec;
    this.log = parts.output.log;
    this.#parts = parts;
    this.#record = new SessionRecord(Date.now());
    this.#performer = new Performer({ ...parts, answer: (event) => this.#take(event) });
    const first = begin({ watched: parts.watch !== undefined });
    this.#state = first.state;
    this.created = this.#settled();
    this.#follow(first);
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

  /** At rest, and a stop would have nothing to end and nothing to disarm. */
  isIdle(): boolean {
    return isIdle(this.#state);
  }

  /** All that can be said of it now. */
  snapshot(): SessionSnapshot {
    const state = this.#state;
    const end = endOf(state);
    return {
      id: this.id,
      spec: this.spec,
      state: publicState(state),
      pid: pidOf(state),
      run: state.run,
      ...this.#record.facts(performance.now()),
      exit: end?.kind === "exited" ? end.exit : null,
      error: end?.kind === "failed" ? end.error : null,
      leftBehind: "leftBehind" in state ? state.leftBehind : [],
      watching: this.#parts.watch?.status() ?? NOT_WATCHING,
      output: this.#released ?? this.log.counters(),
    };
  }

  /**
   * Ends all of its processes and disarms its watch; `force` spares them the rest of the grace.
   * Throws a Problem `conflict` when there is nothing to end and nothing to disarm.
   */
  stop({ force = false }: { force?: boolean } = {}): Outcome {
    this.#take({ type: "stop", force });
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
  async retire(why: Problem, options: { force?: boolean } = {}): Promise<void> {
    this.#retired ??= why;
    if (this.isIdle()) return;
    await this.stop(options).done;
  }

  /** Lets go of its watch and of its output. Only at rest, and once retired. */
  async release(): Promise<void> {
    this.#performer.close();
    this.#released = this.log.counters();
    await this.#parts.output.release();
  }

  #take(event: LifecycleEvent): void {
    const context = { watched: this.#parts.watch !== undefined };
    const next = transition(this.#state, event, context);
    if (next.effects.some(({ type }) => type === "refuse")) throw this.#cannotStop();
    if (next.state === this.#state) return;
    const now = { wall: Date.now(), steady: performance.now() };
    if (event.type === "spawned") this.#record.started(now);
    if (event.type === "groupEmpty" || event.type === "treeEnded") this.#record.ended(now);
    this.#follow(next);
  }

  #follow(next: Transition): void {
    const before = this.#state;
    this.#state = next.state;
    for (const effect of next.effects) {
      if (effect.type === "spawn") this.#record.begun(effect.cause);
    }
    if (isOver(before) !== this.isOver()) this.#parts.output.settle(this.isOver());
    if (isSteady(this.#state)) this.#resolveWaiters();
    if (before.phase !== "resting" && !this.isLive()) this.#parts.onRest();
    this.#perform(next.effects);
  }

  /** In order, even when performing an effect brings the next event at once. */
  #perform(effects: readonly Effect[]): void {
    this.#toPerform.push(...effects);
    if (this.#performing) return;
    this.#performing = true;
    for (let effect = this.#toPerform.shift(); effect; effect = this.#toPerform.shift()) {
      if (effect.type !== "refuse") this.#performer.perform(effect);
    }
    this.#performing = false;
  }

  #settled(): Promise<SessionSnapshot> {
    if (isSteady(this.#state)) return Promise.resolve(this.snapshot());
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #resolveWaiters(): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    const snapshot = this.snapshot();
    for (const resolve of waiters) resolve(snapshot);
  }

  #cannotStop(): Problem {
    const label = this.name ?? this.id;
    return new Problem("conflict", `Cannot stop session ${label}: it is ${this.state} already`, {
      hint: `Start it again with: korun restart ${label}. Forget it with: korun rm ${label}.`,
    });
  }
}
