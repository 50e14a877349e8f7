// What a session's whole tree uses: how many processes, how much memory, how much time on a
// processor. Each process is compared with itself, by pid and start time, so one that ends or a pid
// that is used again never makes the sum go back or leap.
//
// A process takes its time with it when it ends, and hands it to the parent that reaps it. What was
// counted while it lived must not be counted again then; what it used since is new.

import type { ProcessIdentity, ScannedProcess } from "./process-info.ts";
import type { SessionTree } from "./tree.ts";

/** What a tree uses at one moment. */
export interface TreeUsage {
  readonly processes: number;
  /** The sum over its processes: memory that they share counts for each. */
  readonly rssBytes: number;
  /** Since its run began, in ms; never less than the last time. */
  readonly cpuMs: number;
}

export interface UsageOptions {
  /** Processors of the machine: nothing uses more of them than there are. */
  readonly processors: number;
  /** Whether a process has ended, and its parent has not taken note of it yet. */
  isUnreaped(identity: ProcessIdentity): boolean;
}

/** A process that has ended: what it was counted with, until its parent has been. */
interface Departed {
  readonly identity: ProcessIdentity;
  readonly isReaped: boolean;
  readonly countedMs: number;
}

/** Keeps count for one run of a session. */
export class UsageMeter {
  readonly #options: UsageOptions;
  #before: SessionTree | undefined;
  #departed: readonly Departed[] = [];
  #cpuMs = 0;
  #usage: TreeUsage = { processes: 0, rssBytes: 0, cpuMs: 0 };

  constructor(options: UsageOptions) {
    this.#options = options;
  }

  /** Takes a later sight of the tree, `elapsedMs` after the last one or after the run's start. */
  take(tree: SessionTree, elapsedMs: number): TreeUsage {
    if (tree.table === this.#before?.table && this.#departed.length === 0) return this.#usage;
    const most = elapsedMs * this.#options.processors;
    this.#cpuMs += Math.min(this.#usedSince(tree), most);
    // Not held on to at rest: it is every process of the machine.
    this.#before = tree.members.length === 0 ? undefined : tree;
    let rssBytes = 0;
    for (const member of tree.members) rssBytes += member.rssBytes;
    this.#usage = { processes: tree.members.length, rssBytes, cpuMs: this.#cpuMs };
    return this.#usage;
  }

  #usedSince(tree: SessionTree): number {
    let own = 0;
    let reaped = 0;
    for (const member of tree.members) {
      const before = this.#before?.table.find(member);
      own += Math.max(0, member.cpuMs - (before?.cpuMs ?? 0));
      reaped += Math.max(0, member.reapedCpuMs - (before?.reapedCpuMs ?? 0));
    }
    return own + this.#newlyReaped(reaped, this.#leaving(tree));
  }

  /** Those that have ended, earlier and now, and that a parent within the tree was to reap. */
  #leaving(tree: SessionTree): readonly Departed[] {
    const members = this.#before?.members ?? [];
    const parents = new Set(members.map(({ pid }) => pid));
    const gone = members.filter(({ parent, pid, startTime }) => {
      return parents.has(parent) && tree.table.find({ pid, startTime }) === undefined;
    });
    return [...this.#departed, ...gone.map(departed)];
  }

  /** What of the time that parents took over was not counted while their children lived. */
  #newlyReaped(takenOverMs: number, leaving: readonly Departed[]): number {
    let left = takenOverMs;
    const open: Departed[] = [];
    for (const one of leaving) {
      const settled = Math.min(left, one.countedMs);
      left -= settled;
      // It may be reaped right after its parent was read: then the next sight settles it, and what
      // is open after that nobody took over.
      if (settled === one.countedMs || one.isReaped) continue;
      const isReaped = !this.#options.isUnreaped(one.identity);
      open.push({ ...one, countedMs: one.countedMs - settled, isReaped });
    }
    this.#departed = open;
    return left;
  }
}

function departed({ pid, startTime, cpuMs, reapedCpuMs }: ScannedProcess): Departed {
  return { identity: { pid, startTime }, isReaped: false, countedMs: cpuMs + reapedCpuMs };
}

/** The share of one processor, in per cent; above 100 where several were busy. */
export function percentOf(cpuMs: number, elapsedMs: number): number {
  return elapsedMs <= 0 ? 0 : Math.round((cpuMs / elapsedMs) * 1_000) / 10;
}
