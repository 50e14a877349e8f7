// Performs the effects of the lifecycle table for one session, and answers each with its event.
// Nothing here decides anything: whatever fails is reported and answered all the same, since a
// session whose answer never comes could not be stopped.

import type { Answer, Effect } from "../domain/lifecycle.ts";
import { messageOf } from "../domain/problem.ts";
import { UNKNOWN_EXIT } from "../domain/resume.ts";
import type { ExitStatus, LeftBehind, SessionSpec } from "../domain/session.ts";
import { TOO_LATE, within } from "../process/within.ts";
import type { FileWatch, Leader, Machinery, Output } from "./machinery.ts";

/** Longest wait for the leader's exit status once its processes are gone, in ms. */
const EXIT_REPORT_MS = 2_000;

export interface PerformerParts {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly machinery: Machinery;
  readonly output: Output;
  readonly watch: FileWatch | undefined;
  answer(event: Answer): void;
  /** Takes what went wrong beside the session's own life, for the daemon's log. */
  report(what: string, cause: unknown): void;
}

/** An effect that touches the world; a refusal does not. */
type Action = Exclude<Effect, { type: "refuse" }>;

export class Performer {
  readonly #parts: PerformerParts;
  /** Until its process group is known to be empty. */
  #leader: Leader | undefined;
  #exit: Promise<ExitStatus> | undefined;
  #force = new AbortController();
  #observing = new AbortController();
  #due: ReturnType<typeof setTimeout> | undefined;
  #toPerform: Effect[] = [];
  #performing = false;

  constructor(parts: PerformerParts) {
    this.#parts = parts;
  }

  /** The newest run's leader, until its process group is known to be empty. */
  get leader(): Leader | undefined {
    return this.#leader;
  }

  /** Takes over a run that another daemon started: tells when its leader has ended. */
  adopt(run: number, leader: Leader): void {
    this.#leader = leader;
    const exit = this.#try("waiting for an adopted process", () =>
      this.#parts.machinery.exitOf({ sessionId: this.#parts.id, run, leader }),
    );
    this.#exit = exit.then((known) => known ?? UNKNOWN_EXIT);
    void this.#tellExit(run);
  }

  /** The same for a run whose leader has ended while others of its group live. */
  adoptGroup(leader: Leader): void {
    this.#leader = leader;
  }

  /**
   * Begins what effects ask for, in order, even where one brings the next event at once. Never
   * throws, never waits.
   */
  perform(effects: readonly Effect[]): void {
    this.#toPerform.push(...effects);
    if (this.#performing) return;
    this.#performing = true;
    for (let effect = this.#toPerform.shift(); effect; effect = this.#toPerform.shift()) {
      if (effect.type !== "refuse") this.#perform(effect);
    }
    this.#performing = false;
  }

  /** Lets go of what outlasts a run. */
  close(): void {
    this.#observing.abort();
    clearTimeout(this.#due);
    this.#parts.watch?.close();
  }

  #perform(effect: Action): void {
    switch (effect.type) {
      case "spawn":
        void this.#spawn(effect.run);
        return;
      case "awaitGroup":
        void this.#awaitGroup(effect.run);
        return;
      case "endTree":
        void this.#endTree(effect);
        return;
      case "kill":
        this.#force.abort();
        return;
      case "drain":
        void this.#drain(effect.run, effect.look);
        return;
      case "observe":
        void this.#observe(effect.run, effect.leftBehind);
        return;
      case "schedule":
        this.#schedule(effect.run, effect.delayMs);
        return;
      case "unschedule":
        clearTimeout(this.#due);
        return;
      case "arm":
      case "disarm":
        this.#switchWatch(effect.type);
        return;
      default:
        effect satisfies never;
    }
  }

  async #spawn(run: number): Promise<void> {
    this.#observing.abort();
    const exit = Promise.withResolvers<ExitStatus>();
    const launched = await this.#launch(run, exit.resolve);
    if ("error" in launched) {
      await this.#try("reading what a failed start left", () => this.#parts.output.drain());
      this.#parts.answer({ type: "spawnFailed", run, error: launched.error });
      return;
    }
    this.#leader = launched;
    this.#exit = exit.promise;
    this.#parts.answer({ type: "spawned", run, pid: launched.pid });
    // Awaited only now, so that an early exit is never told before the start.
    await this.#tellExit(run);
  }

  async #tellExit(run: number): Promise<void> {
    if (this.#exit === undefined) return;
    this.#parts.answer({ type: "leaderExited", run, exit: await this.#exit });
  }

  async #launch(
    run: number,
    onExit: (exit: ExitStatus) => void,
  ): Promise<Leader | { error: string }> {
    const { id, spec, machinery, output } = this.#parts;
    try {
      const descriptors = output.begin(run);
      try {
        return await machinery.spawn({ id, run, spec, output: descriptors, onExit });
      } finally {
        output.started();
      }
    } catch (thrown) {
      return { error: messageOf(thrown) };
    }
  }

  async #awaitGroup(run: number): Promise<void> {
    const leader = this.#leader;
    if (leader !== undefined) {
      const { machinery } = this.#parts;
      await this.#try("waiting for a process group", () => machinery.groupEmpty(leader));
    }
    // A stop may have been quicker, and the next run may have its own.
    if (this.#leader === leader) this.#leader = undefined;
    this.#parts.answer({ type: "groupEmpty", run });
  }

  async #endTree({ run, force, again }: Effect & { type: "endTree" }): Promise<void> {
    this.#observing.abort();
    this.#force = new AbortController();
    if (force) this.#force.abort();
    const { id, spec, machinery } = this.#parts;
    const target = { sessionId: id, leader: this.#leader };
    const options = { graceMs: spec.graceMs, force: this.#force.signal, again: again === true };
    const survivors = await this.#try("ending processes", () => machinery.endTree(target, options));
    const reported = await this.#exitReported();
    const left = survivors ?? (await this.#findSurvivors(reported));
    this.#leader = undefined;
    this.#parts.answer({ type: "treeEnded", run, survivors: left });
  }

  /** False for a leader whose end has not been told within a bound. */
  async #exitReported(): Promise<boolean> {
    if (this.#exit === undefined) return true;
    return (await within(EXIT_REPORT_MS, this.#exit)) !== TOO_LATE;
  }

  /** A machine that cannot tell what lives must not make us believe that nothing does. */
  async #findSurvivors(leaderExited: boolean): Promise<readonly LeftBehind[]> {
    const found = await this.#lookForLeftBehind();
    if (found.length > 0 || leaderExited || this.#leader === undefined) return found;
    return [{ pid: this.#leader.pid, name: this.#parts.spec.command[0] }];
  }

  async #drain(run: number, look: boolean): Promise<void> {
    await this.#try("reading the last output", () => this.#parts.output.drain());
    this.#parts.machinery.letGo({ sessionId: this.#parts.id, run });
    const leftBehind = look ? await this.#lookForLeftBehind() : [];
    this.#parts.answer({ type: "drained", run, leftBehind });
  }

  async #observe(run: number, leftBehind: readonly LeftBehind[]): Promise<void> {
    this.#observing.abort();
    this.#observing = new AbortController();
    const { signal } = this.#observing;
    let known = leftBehind;
    while (known.length > 0) {
      const gone = known.flatMap(({ pid }) => this.#parts.machinery.whenGone(pid) ?? []);
      if (gone.length === 0) return;
      await this.#try("waiting for a process left behind", () => Promise.race(gone));
      if (signal.aborted) return;
      const found = await this.#lookForLeftBehind();
      if (signal.aborted || samePids(found, known)) return;
      known = found;
      this.#parts.answer({ type: "leftBehindChanged", run, leftBehind: known });
    }
  }

  async #lookForLeftBehind(): Promise<readonly LeftBehind[]> {
    const { id, machinery } = this.#parts;
    const look = () => machinery.leftBehind(id);
    return (await this.#try("looking for processes left behind", look)) ?? [];
  }

  #schedule(run: number, delayMs: number): void {
    clearTimeout(this.#due);
    this.#due = setTimeout(() => this.#parts.answer({ type: "due", run }), delayMs);
  }

  #switchWatch(to: "arm" | "disarm"): void {
    try {
      this.#parts.watch?.[to]();
    } catch (thrown) {
      this.#parts.report(`${to}ing the file watch`, thrown);
    }
  }

  /** Undefined for what failed, which is reported. */
  async #try<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (thrown) {
      this.#parts.report(what, thrown);
      return undefined;
    }
  }
}

function samePids(some: readonly LeftBehind[], others: readonly LeftBehind[]): boolean {
  const pids = new Set(others.map(({ pid }) => pid));
  return some.length === others.length && some.every(({ pid }) => pids.has(pid));
}
