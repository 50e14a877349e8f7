// A machine made of dice: it performs the effects of the lifecycle table at random moments and in
// random order, and fails the test as soon as an effect would break what must always hold.

import { expect } from "bun:test";
import {
  type Answer,
  type Effect,
  isSteady,
  type Lifecycle,
  type LifecycleEvent,
  publicState,
  reactsToFiles,
  waitingOf,
} from "../../src/domain/lifecycle.ts";
import type { RestartPolicy } from "../../src/domain/restart-policy.ts";
import type { LeftBehind, StartCause } from "../../src/domain/session.ts";
import { begin, type LifecycleContext, transition } from "../../src/domain/transition.ts";

/** Random numbers in [0, 1) from a seed: the same seed, the same run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Outstanding = Partial<
  Record<"spawn" | "awaitGroup" | "endTree" | "drain" | "schedule", Effect>
>;

/** What is asked of the session that lives in a world. */
export interface Asked {
  readonly watched: boolean;
  readonly restart: RestartPolicy;
}

export class World {
  state: Lifecycle;
  /** What the last accepted command wanted. */
  intent: "run" | "rest" = "run";
  spawns = 0;
  /** Since a run was last asked for, somebody has stopped it, and not only the daemon. */
  isStopped = false;
  /** How many spawns had begun when a run was last asked for. */
  asked = 0;
  readonly #dice: () => number;
  readonly #asked: Asked;
  readonly #past: Answer[] = [];
  #outstanding: Outstanding = {};
  #leader = false;
  #group = false;
  #strangers: readonly LeftBehind[] = [];
  #watching = false;
  #nextPid = 100;
  #attempts = 0;
  #everRan = false;

  constructor(dice: () => number, asked: Asked) {
    this.#dice = dice;
    this.#asked = asked;
    const first = begin(this.#context());
    this.state = first.state;
    this.#perform(first.effects);
  }

  /** Nothing of the session is alive. */
  get dead(): boolean {
    return !this.#leader && !this.#group && this.#strangers.length === 0;
  }

  /** It left its group, and could have been ended. */
  get helperLives(): boolean {
    return this.#strangers.some(({ name }) => name === "helper");
  }

  get leaderLives(): boolean {
    return this.#leader;
  }

  /** A random command, as people and files give them. */
  command(): void {
    const roll = this.#dice();
    if (roll < 0.35) this.stop(roll < 0.1, this.#dice() < 0.3);
    else if (roll < 0.65) this.restart();
    else if (roll < 0.75) this.#find(roll < 0.7 ? "unwell" : "over its limit");
    else if (this.#watching) this.#changeFile();
    else if (this.#asked.watched) this.#changeFileUnseen();
  }

  stop(force: boolean, byDaemon: boolean): void {
    const waits = this.#outstanding.schedule !== undefined;
    const nothingToDo = this.state.phase === "resting" && !this.#watching && !waits && this.dead;
    const by = byDaemon ? ({ by: "daemon_stop" } as const) : {};
    if (!byDaemon && !nothingToDo) this.isStopped = true;
    expect(this.#take({ type: "stop", force, ...by })).toBe(nothingToDo);
    this.intent = "rest";
  }

  restart(): void {
    this.asked = this.spawns;
    this.isStopped = false;
    this.intent = "run";
    expect(this.#take({ type: "restart", cause: { kind: "manual" } })).toBe(false);
  }

  /** One random happening: an answer that is due, an exit, or an answer that comes far too late. */
  happen({ exits }: { exits: boolean }): boolean {
    const options = this.#happenings(exits);
    const pick = options[Math.floor(this.#dice() * options.length)];
    pick?.();
    return pick !== undefined;
  }

  /** Repeats an answer of an earlier run, which must change nothing. */
  repeatLate(): void {
    const past = this.#past[Math.floor(this.#dice() * this.#past.length)];
    if (past === undefined || past.run === this.state.run) return;
    const before = this.state;
    this.#take(past);
    expect(this.state).toBe(before);
  }

  /** What attendants see means nothing to a run of which something else was asked. */
  #find(what: "unwell" | "over its limit"): void {
    const { state } = this;
    const { run } = state;
    if (what === "unwell") {
      this.#take({ type: "restartRun", run, cause: { kind: "health", reason: "it hangs" } });
    } else {
      const cause = { kind: "limit", limit: "max_rss", reason: "it eats" } as const;
      this.#take({ type: "finishRun", run, cause });
    }
    const mattered = state.phase === "running" || state.phase === "lingering";
    expect(this.state !== state).toBe(mattered);
    if (mattered) this.asked = this.spawns;
  }

  /** A change that was on its way when the watch was disarmed. */
  #changeFileUnseen(): void {
    const { state } = this;
    this.#take({ type: "fileChanged", cause: { kind: "watch", path: "a", event: "modified" } });
    expect(this.state).toBe(state);
  }

  #changeFile(): void {
    expect(this.intent).toBe("run");
    const { state, spawns } = this;
    this.#take({ type: "fileChanged", cause: { kind: "watch", path: "a", event: "modified" } });
    // Unchanged, a restart is pending already: its spawn is still to come, and is enough.
    if (this.state !== state) this.asked = spawns;
  }

  #happenings(exits: boolean): (() => void)[] {
    const { spawn, awaitGroup, endTree, drain, schedule } = this.#outstanding;
    const options: (() => void)[] = [];
    if (spawn?.type === "spawn") options.push(() => this.#answerSpawn(spawn.run));
    if (this.#leader && exits) options.push(() => this.#exit());
    if (this.#group && !this.#leader) options.push(() => this.#emptyGroup());
    if (awaitGroup?.type === "awaitGroup" && !this.#group && !this.#leader) {
      options.push(() => this.#answer("awaitGroup", { type: "groupEmpty", run: awaitGroup.run }));
    }
    if (endTree?.type === "endTree") options.push(() => this.#answerEndTree(endTree.run));
    if (drain?.type === "drain") {
      const leftBehind = drain.look ? this.#strangers : [];
      options.push(() => this.#answer("drain", { type: "drained", run: drain.run, leftBehind }));
    }
    if (schedule?.type === "schedule" && exits) {
      options.push(() => this.#answer("schedule", { type: "due", run: schedule.run }));
    }
    return options;
  }

  #answerSpawn(run: number): void {
    if (this.#dice() < 0.2) {
      this.#answer("spawn", { type: "spawnFailed", run, error: "ENOENT: x" });
      return;
    }
    this.#leader = true;
    this.#everRan = true;
    this.#group = this.#dice() < 0.3;
    this.#nextPid += 1;
    this.#answer("spawn", { type: "spawned", run, pid: this.#nextPid });
  }

  #exit(): void {
    this.#leader = false;
    this.#tell({ type: "leaderExited", run: this.state.run, exit: { code: 1, signal: null } });
  }

  #emptyGroup(): void {
    this.#group = false;
    if (this.#dice() < 0.3) this.#strangers = [{ pid: this.#nextPid + 1, name: "helper" }];
  }

  #answerEndTree(run: number): void {
    const told = this.#dice() < 0.95;
    if (this.#leader && told) this.#exit();
    this.#leader = false;
    this.#group = false;
    if (this.#dice() < 0.95) this.#strangers = [];
    else this.#strangers = [{ pid: this.#nextPid, name: "immortal" }];
    this.#answer("endTree", { type: "treeEnded", run, survivors: this.#strangers });
  }

  #answer(to: keyof Outstanding, event: Answer): void {
    delete this.#outstanding[to];
    this.#tell(event);
  }

  #tell(event: Answer): void {
    this.#past.push(event);
    this.#take(event);
  }

  /** True when it is refused. */
  #take(event: LifecycleEvent): boolean {
    const before = this.state;
    const next = transition(before, event, this.#context());
    this.state = next.state;
    const refused = next.effects.some(({ type }) => type === "refuse");
    if (refused) expect(next).toEqual({ state: before, effects: [{ type: "refuse" }] });
    else this.#perform(next.effects);
    this.#check();
    return refused;
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "spawn":
          // The one that matters: a child is started only when nothing else of the session lives.
          expect(this.dead).toBe(true);
          expect(this.#outstanding).toEqual({});
          // The other one: what was stopped is started by a command only.
          expect(this.intent).toBe("run");
          this.#count(effect.cause);
          this.spawns += 1;
          expect(effect.run).toBe(this.spawns);
          this.#outstanding.spawn = effect;
          break;
        case "endTree":
          expect(this.#outstanding.endTree).toBeUndefined();
          // Whatever waited for the group to empty by itself is now answered too late.
          this.#outstanding = { endTree: effect };
          break;
        case "kill":
          expect(this.#outstanding.endTree).toMatchObject({ force: false });
          break;
        case "unschedule":
          expect(this.#outstanding.schedule).toBeDefined();
          delete this.#outstanding.schedule;
          break;
        case "awaitGroup":
        case "drain":
        case "schedule":
          expect(this.#outstanding[effect.type]).toBeUndefined();
          this.#outstanding[effect.type] = effect;
          break;
        case "arm":
        case "disarm":
          expect(this.#watching).toBe(effect.type === "disarm");
          this.#watching = effect.type === "arm";
          break;
        case "observe":
          expect(effect.leftBehind).toEqual(this.#strangers);
          break;
        default:
          expect(effect.type).toBe("refuse");
      }
    }
  }

  #context(): LifecycleContext {
    const { watched, restart } = this.#asked;
    const lastRunMs = this.#dice() < 0.2 ? 70_000 : 10;
    const past = { attempts: this.#attempts, everRan: this.#everRan, lastRunMs };
    return { watched, policy: { restart, ...past, now: 0 } };
  }

  #count(cause: StartCause): void {
    if (cause.kind === "health") return;
    if (cause.kind === "policy") expect(this.#asked.restart.kind).not.toBe("never");
    this.#attempts = cause.kind === "policy" ? cause.attempt : 0;
  }

  #check(): void {
    const { state } = this;
    expect(this.#watching).toBe(this.#asked.watched && reactsToFiles(state));
    expect(this.#outstanding.schedule !== undefined).toBe(waitingOf(state) !== undefined);
    const waits = Object.keys(this.#outstanding).length > 0 || this.#leader || this.#group;
    if (!isSteady(state)) expect(waits).toBe(true);
    if (state.phase === "resting" && state.calledOff !== undefined) {
      // What somebody stopped is nothing that the daemon has taken from them, nor the other way.
      expect(state.calledOff).toBe(this.isStopped ? "stop" : "daemon_stop");
    }
    if (state.phase === "resting") expect(this.#leader || this.#group).toBe(false);
    if (this.#leader) expect(["starting", "running", "stopping"]).toContain(publicState(state));
  }
}
