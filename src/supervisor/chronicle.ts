// The history of a session, derived from its lifecycle: each run with its cause and its end, and
// an event for whatever somebody may wait for. The lifecycle table decides; this only writes down.

import { type Happening, type Run, totalsOf } from "../domain/history.ts";
import {
  endOf,
  type Lifecycle,
  type LifecycleEvent,
  pendingOf,
  type RunEnd,
} from "../domain/lifecycle.ts";
import type { EndCause, OutputCounters, WatchStatus } from "../domain/session.ts";
import type { Transition } from "../domain/transition.ts";
import type { Archive } from "./archive.ts";
import type { Leader } from "./machinery.ts";
import type { Moment } from "./record.ts";

/** What is known of the end of a run that ended while no daemon was there. */
export interface PastEnd {
  /** Epoch ms. */
  readonly endedAt: number | undefined;
  /** Nobody kept what it printed last. */
  readonly cut: boolean;
}

/** One transition, with what was true around it. */
export interface Step {
  readonly before: Lifecycle;
  readonly event: LifecycleEvent | undefined;
  readonly next: Transition;
  /** Epoch ms. */
  readonly now: number;
  /** When the newest run that ended did, by the session's books. */
  readonly endedAt: number | null;
  readonly output: OutputCounters;
  readonly leader: Leader | undefined;
}

export class Chronicle {
  readonly #sessionId: string;
  readonly #archive: Archive;
  #run: Run | undefined;
  /** What began to end the run, before it has ended. */
  #ending: EndCause | undefined;
  /** What is known of an end that was before this daemon. */
  #past: PastEnd | undefined;
  #isWatchDegraded = false;
  /** Written down, and not yet kept. */
  #unwritten: (() => void)[] = [];

  constructor(sessionId: string, archive: Archive) {
    this.#sessionId = sessionId;
    this.#archive = archive;
    this.#run = archive.newestRun(sessionId);
  }

  /** Why the newest run that ended did. */
  get lastEnd(): EndCause | null {
    return this.#run?.end ?? null;
  }

  /**
   * When the newest run, whose leader is there now, was started: one moment, wherever it is told,
   * and before anything that it has printed.
   */
  startOf(now: Moment): Moment {
    return { ...now, wall: this.#run?.startedAt ?? now.wall };
  }

  /** Tells that the session came to be. */
  created(facts: { name: string | undefined; command: readonly string[] }, now: number): void {
    this.#tell({ type: "created", name: facts.name ?? null, command: facts.command }, now);
  }

  /** Tells of something that is no transition, at once. */
  tell(happening: Happening, now: number): void {
    this.#tell(happening, now);
    this.keep(() => undefined);
  }

  /** Tells when file changes begin to be seen less well, and when that is over. */
  watches(status: WatchStatus, now: number): void {
    if (status.state === "degraded" && !this.#isWatchDegraded) {
      this.#isWatchDegraded = true;
      this.tell({ type: "watch_degraded", problem: status.problem ?? "" }, now);
    } else if (status.state === "armed" && this.#isWatchDegraded) {
      this.#isWatchDegraded = false;
      this.tell({ type: "watch_restored" }, now);
    }
  }

  /** Writes down what a transition means. */
  note(step: Step): void {
    this.#noteEnding(step);
    this.#noteEnd(step);
    this.#noteStart(step);
    this.#noteAnswer(step);
    this.#noteNext(step);
  }

  /** Keeps what was written down, together with what else `write` keeps, or nothing of both. */
  keep(write: () => void): void {
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    this.#archive.together(() => {
      for (const one of unwritten) one();
      write();
    });
  }

  /** The run was alive when the machine went down. */
  lost(now: number, output: OutputCounters): void {
    this.#finish({ kind: "lost" }, { now, output, end: undefined });
  }

  /** A new daemon found the run alive. */
  adopted(pid: number, now: number): void {
    if (this.#run === undefined) return;
    this.#tell({ type: "adopted", run: this.#run.number, pid }, now);
  }

  /** Takes up an ending that an earlier daemon had begun, or that came after it. */
  resumeEnding(state: Lifecycle, past: PastEnd): void {
    this.#past = past;
    if (state.phase === "ending" || state.phase === "cleared") {
      this.#ending = this.#causeOf(state);
    }
  }

  #noteEnding({ before, next, now }: Step): void {
    this.#noteStop(next.state);
    if (next.state.phase !== "ending" || before.phase === "ending") return;
    if (before.phase === "resting") return;
    this.#ending = this.#causeOf(next.state);
    this.#tell({ type: "stopping", run: next.state.run }, now);
  }

  /** A stop that comes while the run ends in order to start again is why it does not. */
  #noteStop(state: Lifecycle): void {
    if (this.#ending === undefined) return;
    const pending = pendingOf(state);
    // What went over a limit ended for that.
    if (pending?.kind === "rest" && pending.over !== "finish") this.#ending = this.#causeOf(state);
  }

  #noteEnd(step: Step): void {
    const { before, event, now, endedAt, output } = step;
    if (event?.type !== "drained") return;
    const end = endOf(before);
    if (end === undefined) return;
    const cause = before.phase === "cleared" ? this.#ending : undefined;
    const cut = this.#past?.cut === true;
    this.#finish(cause ?? naturalCause(end, cut), { now, endedAt, output, end });
    this.#ending = undefined;
  }

  #noteStart({ next, now, output }: Step): void {
    for (const effect of next.effects) {
      if (effect.type !== "spawn" || effect.run === this.#run?.number) continue;
      this.#save({
        number: effect.run,
        pid: null,
        startTime: null,
        startedAt: now,
        endedAt: null,
        exitCode: null,
        termSignal: null,
        cause: effect.cause,
        end: null,
        outputBefore: totalsOf(output),
        outputAfter: null,
      });
      this.#tell({ type: "starting", run: effect.run, cause: effect.cause }, now);
    }
  }

  #noteAnswer({ event, now, output, leader, before }: Step): void {
    if (this.#run === undefined || before.phase !== "starting") return;
    const { number, cause } = this.#run;
    if (event?.type === "spawned") {
      this.#save({ ...this.#run, pid: event.pid, startTime: leader?.startTime ?? null });
      this.#tell({ type: "running", run: number, pid: event.pid }, now);
      if (number > 1) this.#tell({ type: "restarted", run: number, cause }, now);
    } else if (event?.type === "spawnFailed") {
      const { error } = event;
      this.#finish({ kind: "failed", error }, { now, output, end: { kind: "failed", error } });
    }
  }

  #noteNext({ before, next: { state }, now }: Step): void {
    if (state.phase !== "resting" || before.phase === "resting") return;
    const { run, next } = state;
    if (next?.kind === "waiting") {
      const { attempt, delayMs } = next;
      this.#tell({ type: "restart_scheduled", run, attempt, delayMs }, now);
    } else if (next?.kind === "gaveUp") {
      this.#tell({ type: "gave_up", run, reason: next.reason }, now);
    }
  }

  #finish(
    cause: EndCause,
    facts: {
      now: number;
      endedAt?: number | null;
      output: OutputCounters;
      end: RunEnd | undefined;
    },
  ): void {
    const past = this.#past?.endedAt;
    this.#past = undefined;
    if (this.#run === undefined || this.#run.end !== null) return;
    // The end itself, not the later moment at which its last output was read.
    const known = facts.endedAt ?? facts.now;
    const endedAt = past ?? (known < this.#run.startedAt ? facts.now : known);
    const exit = facts.end?.kind === "exited" ? facts.end.exit : { code: null, signal: null };
    const run = this.#run.number;
    this.#save({
      ...this.#run,
      endedAt,
      exitCode: exit.code,
      termSignal: exit.signal,
      end: cause,
      outputAfter: totalsOf(facts.output),
    });
    if (cause.kind === "failed") {
      this.#tell({ type: "failed", run, error: cause.error }, facts.now);
      return;
    }
    const happening = { exitCode: exit.code, termSignal: exit.signal, end: cause };
    this.#tell({ type: "exited", run, ...happening }, facts.now);
  }

  #causeOf(state: Lifecycle): EndCause {
    const pending = pendingOf(state);
    if (pending?.kind === "finish") return pending.cause;
    if (pending?.kind !== "start") return { kind: pending?.by ?? "stop" };
    const { cause } = pending;
    return cause.kind === "watch" || cause.kind === "health" ? cause : { kind: "restart" };
  }

  #save(run: Run): void {
    this.#run = run;
    this.#unwritten.push(() => this.#archive.saveRun(this.#sessionId, run));
  }

  #tell(happening: Happening, now: number): void {
    const event = { ...happening, time: now, sessionId: this.#sessionId };
    this.#unwritten.push(() => this.#archive.append(event));
  }
}

function naturalCause(end: RunEnd, cut: boolean): EndCause {
  if (end.kind === "failed") return end;
  const { code, signal } = end.exit;
  // Nobody saw it, nor what it printed last.
  if (code === null && signal === null) return { kind: "unknown" };
  return { kind: signal === null ? "exit" : "signal", ...(cut ? { cut } : {}) };
}
