// What supervising needs of the machine, and no more: the process, capture and watch folders as
// one narrow interface. machine.ts binds the real ones; tests of the mailbox hand in their own.

import type { ChildEnds } from "../capture/child-ends.ts";
import type { SavedSession } from "../domain/history.ts";
import type { SessionInput } from "../domain/input.ts";
import type {
  ExitStatus,
  FileEvent,
  LeftBehind,
  SessionSpec,
  TerminalStatus,
  WatchStatus,
} from "../domain/session.ts";
import type { SessionLog } from "../logs/session-log.ts";

/** Everything a session does to the world goes through here. */
export interface Machinery {
  /** Names this boot of the machine: pids of another name nobody. */
  readonly bootId: string;
  /** Opens the store of a session's output. Throws a Problem. */
  openOutput(id: string, spec: SessionSpec): Output;
  /** Takes over the store of a session's output, and what its newest run has open. Throws. */
  adoptOutput(saved: SavedSession): Output;
  /** Looks at the watch list and waits to be armed. Throws a Problem that names the entry. */
  watch(request: WatchRequest): Promise<FileWatch>;
  /** Starts a run's leader. Throws a Problem whose message opens with the system's code. */
  spawn(request: LaunchRequest): Promise<Leader>;
  /** Resolves when nothing of the leader's process group lives. */
  groupEmpty(leader: Leader): Promise<void>;
  /**
   * Whether processes of the session live in the group of a leader that has ended. Its pid alone
   * would not tell: while nobody looked, it may have become another's.
   */
  groupLives(of: Pick<LedRun, "sessionId" | "leader">): Promise<boolean>;
  /**
   * Ends every process of a session: SIGTERM, the grace, SIGKILL. Resolves when none is left, and
   * with those that could not be ended after a bounded time.
   */
  endTree(target: TreeTarget, options: EndOptions): Promise<readonly LeftBehind[]>;
  /** The living processes of a session, whatever their group. */
  leftBehind(sessionId: string): Promise<readonly LeftBehind[]>;
  /** Whether this very process lives. */
  isAlive(leader: Leader): boolean;
  /** How long it has lived, in ms by a clock that never jumps. */
  ageMs(leader: Leader): number;
  /** The leader that was started for a run, though nobody has recorded it; it may have ended. */
  findLeader(run: { sessionId: string; run: number }): Promise<Leader | undefined>;
  /** What became of a run while no daemon was there. Asks for it to be guarded again. */
  pastOf(run: LedRun): Promise<PastRun>;
  /** Resolves when a leader that another daemon started is gone: with its end, as far as known. */
  exitOf(run: LedRun): Promise<ExitStatus>;
  /** The run is over and all it printed is in the log: nothing of it need outlive the daemon. */
  letGo(run: { readonly sessionId: string; readonly run: number }): void;
  /** Resolves when a process is gone; undefined where the system cannot tell without asking. */
  whenGone(pid: number): Promise<void> | undefined;
}

/** What became of a run while no daemon was there. */
export interface PastRun {
  /** How its leader ended, and when if the run ended with it; undefined where nobody saw it. */
  readonly exit: PastExit | undefined;
  /** What it printed was kept by somebody all the while. */
  readonly guarded: boolean;
}

/** An end that was noted. */
export interface PastExit extends ExitStatus {
  /** Epoch ms. */
  readonly at?: number | undefined;
}

/** A run and who leads it. */
export interface LedRun {
  readonly sessionId: string;
  readonly run: number;
  readonly leader: Leader;
}

/** A process that leads a run. */
export interface Leader {
  readonly pid: number;
  /** In the kernel's ticks: with the pid, an identity that is never given twice. */
  readonly startTime: number;
}

export interface LaunchRequest {
  readonly id: string;
  /** The run that is to be led. */
  readonly run: number;
  readonly spec: SessionSpec;
  /** For the child; whoever asks closes what is to be closed afterwards. */
  readonly output: ChildEnds;
  /** Called once, when a started leader has ended; the spawn may still be about to resolve. */
  onExit(exit: ExitStatus): void;
}

export interface TreeTarget {
  readonly sessionId: string;
  /** Undefined once its process group is known to be empty. */
  readonly leader: Leader | undefined;
}

export interface EndOptions {
  readonly graceMs: number;
  /** Aborted: what is left of the grace is over, SIGKILL now. May be aborted from the start. */
  readonly force: AbortSignal;
  /** Another daemon had begun: whom it asked is not asked again, and the grace is not granted anew. */
  readonly again: boolean;
}

/** Where a session's output goes, and where its input comes from. */
export interface Output {
  readonly log: SessionLog;
  /** Undefined for a session that cannot be written to. */
  readonly input: SessionInput | undefined;
  /** Of the newest run; null for a session that runs in none. */
  terminal(): TerminalStatus | null;
  /** Makes the pipes or the terminal of a run. Throws a Problem. */
  begin(run: number): ChildEnds;
  /** The child has its descriptors, or will never have them. */
  started(): void;
  /**
   * The run is over. Resolves when all that was written is in the log, or after a bound for a pipe
   * held open.
   */
  drain(): Promise<void>;
  /** Says whether followers that have read all end, or stay for what may come. */
  settle(over: boolean): void;
  /** Ends followers and removes what is kept; with `keep`, leaves it to the next daemon. */
  release(options?: { keep?: boolean }): Promise<void>;
}

export interface WatchRequest {
  readonly id: string;
  /**
   * Set for the session of an earlier daemon. One that `reacts` is told of what changed since, and
   * is armed; for any other, what changed since never counts. Entries may be gone by now.
   */
  readonly resumed: { readonly reacts: boolean } | undefined;
  readonly spec: SessionSpec;
  /** Every effective change, at once. */
  onChange(change: FileChange): void;
  /** One restart is due. */
  onTrigger(change: FileChange): void;
  /** It is seen in another way than before, or not at all. */
  onStatus(status: WatchStatus): void;
}

export interface FileChange {
  /** As the entry that caught it was given. */
  readonly path: string;
  readonly event: FileEvent;
  /** Epoch ms. */
  readonly time: number;
}

/** The watcher of a session, armed unless it is a resumed one that does not react. */
export interface FileWatch {
  arm(): void;
  disarm(): void;
  status(): WatchStatus;
  close(): void;
}
