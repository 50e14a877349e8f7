// A machine that does nothing by itself: each test says when a spawn succeeds, a process ends or a
// pipe is drained, so every race is played in the order the test wants.

import {
  type ExitStatus,
  type LeftBehind,
  NOTHING_MORE,
  type SessionSpec,
} from "../../src/domain/session.ts";
import { F64, type RingLimits, ringBytes } from "../../src/logs/layout.ts";
import { RingReader } from "../../src/logs/ring-reader.ts";
import { SessionLog } from "../../src/logs/session-log.ts";
import type {
  EndOptions,
  FileChange,
  FileWatch,
  LaunchRequest,
  Leader,
  LedRun,
  Machinery,
  Output,
  PastExit,
  PastRun,
  TreeTarget,
  WatchRequest,
} from "../../src/supervisor/machinery.ts";

/** Lets everything that is ready happen. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A session's request, with defaults. */
export function specOf(facts: Partial<SessionSpec> = {}): SessionSpec {
  return {
    ...NOTHING_MORE,
    command: ["server"],
    cwd: "/",
    name: undefined,
    watch: [],
    ignore: [],
    env: {},
    inherited: undefined,
    graceMs: 2_000,
    debounceMs: 250,
    ...facts,
  };
}

export class FakeMachinery implements Machinery {
  /** What was asked of the machine, in order. */
  readonly calls: string[] = [];
  readonly outputs: FakeOutput[] = [];
  readonly watches: FakeWatch[] = [];
  readonly spawns: FakeSpawn[] = [];
  readonly endings: FakeEnding[] = [];
  readonly groups: FakeGroup[] = [];
  /** What the next look for processes left behind finds. */
  left: readonly LeftBehind[] = [];
  readonly #gone = new Map<number, () => void>();
  /** Holds watches back until resolved. */
  watchGate: Promise<void> = Promise.resolve();

  /** The newest of each, which must exist. */
  get spawned(): FakeSpawn {
    return newest(this.spawns);
  }
  get ending(): FakeEnding {
    return newest(this.endings);
  }
  get group(): FakeGroup {
    return newest(this.groups);
  }
  get output(): FakeOutput {
    return newest(this.outputs);
  }
  get fileWatch(): FakeWatch {
    return newest(this.watches);
  }

  readonly bootId = "this boot";
  /** Leaders that live, though this machine did not start them. */
  readonly living = new Map<number, PromiseWithResolvers<ExitStatus>>();
  /** Leaders that have ended, while others of their group live. */
  readonly survived = new Set<number>();
  known: PastExit | undefined;
  guarded = true;
  unrecorded: Leader | undefined;

  adoptFailure: Error | undefined;

  adoptOutput(): Output {
    if (this.adoptFailure !== undefined) throw this.adoptFailure;
    return this.openOutput();
  }

  isAlive({ pid }: Leader): boolean {
    return this.living.has(pid);
  }

  ageMs(): number {
    return 5_000;
  }

  async findLeader(): Promise<Leader | undefined> {
    return this.unrecorded;
  }

  async pastOf(): Promise<PastRun> {
    return { exit: this.known, guarded: this.guarded };
  }

  letGo(): void {}

  exitOf({ leader }: LedRun): Promise<ExitStatus> {
    return this.living.get(leader.pid)?.promise ?? Promise.resolve({ code: null, signal: null });
  }

  openOutput(): Output {
    const output = new FakeOutput(this.calls);
    this.outputs.push(output);
    return output;
  }

  async watch(request: WatchRequest): Promise<FileWatch> {
    await this.watchGate;
    const watch = new FakeWatch(request, this.calls);
    this.watches.push(watch);
    return watch;
  }

  spawn(request: LaunchRequest): Promise<Leader> {
    this.calls.push("spawn");
    const spawn = new FakeSpawn(request, 100 + this.spawns.length);
    this.spawns.push(spawn);
    return spawn.leader.promise;
  }

  async groupLives({ leader }: Pick<LedRun, "leader">): Promise<boolean> {
    return this.survived.has(leader.pid);
  }

  groupEmpty(leader: Leader): Promise<void> {
    this.calls.push("groupEmpty");
    const group = new FakeGroup(leader);
    this.groups.push(group);
    return group.emptied.promise;
  }

  endTree(target: TreeTarget, options: EndOptions): Promise<readonly LeftBehind[]> {
    this.calls.push(options.force.aborted ? "kill" : "endTree");
    const ending = new FakeEnding(target, options);
    this.endings.push(ending);
    return ending.ended.promise;
  }

  async leftBehind(): Promise<readonly LeftBehind[]> {
    this.calls.push("leftBehind");
    return this.left;
  }

  whenGone(pid: number): Promise<void> {
    return new Promise((resolve) => this.#gone.set(pid, resolve));
  }

  /** Ends a process left behind. */
  end(pid: number): void {
    this.left = this.left.filter((process) => process.pid !== pid);
    this.reportGone(pid);
  }

  /** Says that a process has gone, true or not. */
  reportGone(pid: number): void {
    this.#gone.get(pid)?.();
  }

  /** Starts what is being started, and lets the session hear of it. */
  async start(): Promise<FakeSpawn> {
    const spawn = this.spawned;
    spawn.succeed();
    await turn();
    return spawn;
  }

  /** Ends a run as endTree does: the leader by SIGTERM, then everything. */
  async endAll(): Promise<void> {
    this.spawned.request.onExit({ code: null, signal: "SIGTERM" });
    this.ending.ended.resolve([]);
    await turn();
  }

  /** Ends a run by itself: its leader, then its group. */
  async exit(exit: ExitStatus = { code: 0, signal: null }): Promise<void> {
    this.spawned.request.onExit(exit);
    await turn();
    this.group.emptied.resolve();
    await turn();
  }
}

export class FakeSpawn {
  readonly request: LaunchRequest;
  readonly pid: number;
  readonly leader = Promise.withResolvers<Leader>();

  constructor(request: LaunchRequest, pid: number) {
    this.request = request;
    this.pid = pid;
  }

  succeed(): void {
    this.leader.resolve({ pid: this.pid, startTime: this.pid * 10 });
  }
}

export class FakeEnding {
  readonly target: TreeTarget;
  readonly options: EndOptions;
  readonly ended = Promise.withResolvers<readonly LeftBehind[]>();

  constructor(target: TreeTarget, options: EndOptions) {
    this.target = target;
    this.options = options;
  }
}

export class FakeGroup {
  readonly leader: Leader;
  readonly emptied = Promise.withResolvers<void>();

  constructor(leader: Leader) {
    this.leader = leader;
  }
}

const LIMITS: RingLimits = { entries: 8, bytes: 4_096 };

export class FakeOutput implements Output {
  readonly log: SessionLog;
  readonly input = undefined;
  readonly #calls: string[];
  readonly #rings = {
    stdout: new ArrayBuffer(ringBytes(LIMITS)),
    stderr: new ArrayBuffer(ringBytes(LIMITS)),
  };
  /** The runs whose pipes were made. */
  readonly runs: number[] = [];
  /** What settle was told, in order. */
  readonly settled: boolean[] = [];
  released = false;
  /** Holds drains back until resolved. */
  drainGate: Promise<void> = Promise.resolve();
  beginFailure: Error | undefined;

  constructor(calls: string[]) {
    this.#calls = calls;
    this.log = new SessionLog({
      stdout: new RingReader(this.#rings.stdout, { stream: "stdout", limits: LIMITS }),
      stderr: new RingReader(this.#rings.stderr, { stream: "stderr", limits: LIMITS }),
    });
  }

  terminal(): null {
    return null;
  }

  begin(run: number): { stdout: number; stderr: number } {
    if (this.beginFailure !== undefined) throw this.beginFailure;
    this.#calls.push(`begin ${run}`);
    this.runs.push(run);
    return { stdout: 1, stderr: 2 };
  }

  started(): void {
    this.#calls.push("started");
  }

  async drain(): Promise<void> {
    this.#calls.push("drain");
    await this.drainGate;
  }

  settle(over: boolean): void {
    this.settled.push(over);
  }

  async release(): Promise<void> {
    this.#calls.push("release");
    this.log.close();
    this.released = true;
  }

  /** Counts bytes of stdout as written. */
  count(bytes: number): void {
    new Float64Array(this.#rings.stdout, 0, F64.bytes + 1)[F64.bytes] = bytes;
  }
}

export class FakeWatch implements FileWatch {
  readonly request: WatchRequest;
  readonly #calls: string[];
  armed: boolean;
  closed = false;

  constructor(request: WatchRequest, calls: string[]) {
    this.request = request;
    this.#calls = calls;
    this.armed = request.resumed?.reacts ?? false;
  }

  arm(): void {
    this.#calls.push("arm");
    this.armed = true;
  }

  disarm(): void {
    this.#calls.push("disarm");
    this.armed = false;
  }

  status() {
    return { state: this.armed ? "armed" : "disarmed", directories: 1, problem: null } as const;
  }

  close(): void {
    this.closed = true;
  }

  /** A saved file: seen, then due after the debounce. */
  save(path = "src/a.ts"): FileChange {
    const change: FileChange = { path, event: "modified", time: 1_700_000_000_000 };
    this.request.onChange(change);
    this.request.onTrigger(change);
    return change;
  }
}

function newest<T>(things: readonly T[]): T {
  const thing = things.at(-1);
  if (thing === undefined) throw new Error("the machine was not asked for that");
  return thing;
}
