// What korun knows of a process, whichever platform tells it.

/** One process, for good: a pid alone is used again, with its start time it is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In a unit of the platform's (kernel ticks since boot on Linux); only good for comparing. */
  readonly startTime: number;
}

/** What a process has used so far, and what it holds. */
export interface ProcessUse {
  /** Time on a processor, in user mode and in the kernel, in ms. */
  readonly cpuMs: number;
  /** The same of its children that have ended, and of theirs; 0 where that is not told (macOS). */
  readonly reapedCpuMs: number;
  /** Resident memory, in bytes, within some pages; what it shares counts in full. */
  readonly rssBytes: number;
}

/** A process that lives. One that has ended and waits to be reaped is none. */
export interface ProcessInfo extends ProcessIdentity, ProcessUse {
  readonly parent: number;
  readonly group: number;
  /** Stopped by SIGSTOP or the like: it sees no signal but SIGKILL until SIGCONT. */
  readonly stopped: boolean;
  /** The kernel's short name of it. */
  readonly name: string;
}

/** What a process says about korun: by its environment, or if that is silent by its stamp. */
export interface KorunMark {
  /** The session it was started in. */
  readonly sessionId: string | undefined;
  /** The run of that session that it was started in. */
  readonly run: number | undefined;
  /** It was launched as a korun daemon, and is nobody's descendant. */
  readonly daemon: boolean;
  /** The stamp of the session it was started in, where nothing else tells. */
  readonly stamp?: bigint;
}

/** A process as a scan found it. */
export interface ScannedProcess extends ProcessInfo {
  /**
   * Undefined when it could not be told: the process was in the middle of an exec or of its exit,
   * and perhaps of starting its successor. Another user's process counts as having no mark.
   */
  readonly mark: KorunMark | undefined;
}

/** Processes by pid. */
export type ProcessMap = ReadonlyMap<number, ScannedProcess>;

/** Where a platform's process facts come from. */
export interface ProcessSource {
  /** Every process that lives now. */
  scan(): readonly ScannedProcess[];
  /**
   * The same for less: of those that lived `before`, only some are looked at again. The same map
   * when nothing has changed.
   */
  rescan(before: ProcessMap, again: readonly ScannedProcess[]): ProcessMap;
  /** One process, or undefined when it does not live. */
  look(pid: number): ProcessInfo | undefined;
  /** When it was started, be it that it has ended and waits to be reaped (not on macOS). */
  startTime(pid: number): number | undefined;
  /** Whether it has ended and waits to be reaped; never where children's time is not told. */
  isUnreaped(identity: ProcessIdentity): boolean;
}

export const UNMARKED: KorunMark = { sessionId: undefined, run: undefined, daemon: false };

/** An identity as a key of maps and sets. */
export function keyOf({ pid, startTime }: ProcessIdentity): string {
  return `${pid}@${startTime}`;
}
