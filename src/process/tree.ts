// Which processes belong to a session. One scan of the machine gives a table; the session's
// processes are its leader's group, what carries its id in the environment or its stamp, and
// everything that descends from them. Never part of it: korun daemons, whatever descends from them,
// and we.

import { pause } from "./pause.ts";
import type { ProcessIdentity, ProcessMap, ScannedProcess } from "./process-info.ts";
import { processSource } from "./source.ts";
import { stampOf } from "./stamp.ts";

/** How many scans, and how many ms apart, until every process could be told in one of them. */
const MOST_SCANS = 100;
const SCAN_PAUSE_MS = 1;

/** Whose processes to look for. */
export interface TreeTarget {
  readonly sessionId: string;
  /** The newest run's leader, dead or alive; its group is the run's group. */
  readonly leader: ProcessIdentity | undefined;
  /** Processes known to belong to the session that nothing above would find. */
  readonly extra?: readonly ProcessIdentity[] | undefined;
}

/** Every live process at one moment. */
export class ProcessTable {
  readonly #processes: ProcessMap;
  // Each is made once somebody asks: one pass over all, whatever the number of sessions.
  #children: ReadonlyMap<number, readonly ScannedProcess[]> | undefined;
  #groups: ReadonlyMap<number, readonly ScannedProcess[]> | undefined;
  #carriers: ReadonlyMap<string | undefined, readonly ScannedProcess[]> | undefined;
  #stamped: ReadonlyMap<bigint | undefined, readonly ScannedProcess[]> | undefined;

  constructor(processes: ProcessMap) {
    this.#processes = processes;
  }

  static of(processes: readonly ScannedProcess[]): ProcessTable {
    return new ProcessTable(new Map(processes.map((process) => [process.pid, process])));
  }

  /** The table after a change of its processes; this one if there was none. */
  later(change: (processes: ProcessMap) => ProcessMap): ProcessTable {
    const changed = change(this.#processes);
    return changed === this.#processes ? this : new ProcessTable(changed);
  }

  /** Every live process. */
  all(): readonly ScannedProcess[] {
    return [...this.#processes.values()];
  }

  /** The live process with this pid. */
  get(pid: number): ScannedProcess | undefined {
    return this.#processes.get(pid);
  }

  /** The live process that is meant, if it lives. */
  find(identity: ProcessIdentity): ScannedProcess | undefined {
    const process = this.#processes.get(identity.pid);
    return process?.startTime === identity.startTime ? process : undefined;
  }

  /** Live members of a process group. */
  group(pgid: number): readonly ScannedProcess[] {
    this.#groups ??= Map.groupBy(this.#processes.values(), (process) => process.group);
    return this.#groups.get(pgid) ?? [];
  }

  /** Live processes of a session: its group, its carriers, all their descendants. */
  session(target: TreeTarget): readonly ScannedProcess[] {
    const members = new Set<ScannedProcess>();
    for (const root of this.#roots(target)) {
      if (!this.#isApart(root, target.leader)) members.add(root);
    }
    // A set is walked in insertion order and to the end, so children added here get their turn.
    for (const member of members) {
      for (const child of this.#childrenOf(member.pid)) {
        if (!this.#isApart(child, target.leader)) members.add(child);
      }
    }
    return [...members];
  }

  /** Whether every process could be told: none was just becoming another program, or ending. */
  isSettled(): boolean {
    for (const process of this.#processes.values()) if (process.mark === undefined) return false;
    return true;
  }

  #roots({ sessionId, leader, extra = [] }: TreeTarget): readonly ScannedProcess[] {
    const known = extra
      .map((identity) => this.find(identity))
      .filter((found) => found !== undefined);
    this.#carriers ??= Map.groupBy(this.#processes.values(), ({ mark }) => mark?.sessionId);
    const carriers = [...(this.#carriers.get(sessionId) ?? []), ...this.#stampedBy(sessionId)];
    if (leader === undefined || this.#isReused(leader)) return [...known, ...carriers];
    return [...this.group(leader.pid), ...known, ...carriers];
  }

  #stampedBy(sessionId: string): readonly ScannedProcess[] {
    this.#stamped ??= Map.groupBy(
      this.#processes.values().filter(({ mark }) => mark?.stamp !== undefined),
      ({ mark }) => mark?.stamp,
    );
    return this.#stamped.size === 0 ? [] : (this.#stamped.get(stampOf(sessionId)) ?? []);
  }

  /** The leader's pid, and so its group's number, has become another process's. */
  #isReused(leader: ProcessIdentity): boolean {
    return this.#processes.has(leader.pid) && this.find(leader) === undefined;
  }

  /** The leader is ours whatever its program wrote into its environment. */
  #isApart(candidate: ScannedProcess, leader: ProcessIdentity | undefined): boolean {
    if (candidate.pid === process.pid) return true;
    return candidate.pid !== leader?.pid && candidate.mark?.daemon === true;
  }

  #childrenOf(pid: number): readonly ScannedProcess[] {
    this.#children ??= Map.groupBy(this.#processes.values(), (process) => process.parent);
    return this.#children.get(pid) ?? [];
  }
}

/** What belonged to a session at one moment, and everything else. */
export interface SessionTree {
  readonly table: ProcessTable;
  readonly members: readonly ScannedProcess[];
}

/** The live processes of a session, from a scan begun after this call. */
export async function requestTree(target: TreeTarget): Promise<SessionTree> {
  const table = await requestSettledScan();
  return { table, members: table.session(target) };
}

/** A scan begun after this call, and again while a process is just becoming another program. */
export async function requestSettledScan(): Promise<ProcessTable> {
  let table = await requestScan();
  for (let scans = 1; scans < MOST_SCANS && !table.isSettled(); scans += 1) {
    await pause(SCAN_PAUSE_MS);
    table = await requestScan();
  }
  return table;
}

/** Scans now, in about a millisecond on Linux. */
export function scanProcesses(): ProcessTable {
  return ProcessTable.of(processSource().scan());
}

/**
 * A later table for less: these and those that have come since are looked at; all others are as they
 * were `before`, perhaps ended. A stranger never becomes one of a session, so for knowing what
 * sessions use this is as good, but for a pid that is used again in between. The same table when
 * nothing has changed.
 */
export function rescanProcesses(
  before: ProcessTable,
  again: readonly ScannedProcess[],
): ProcessTable {
  return before.later((processes) => processSource().rescan(processes, again));
}

let requested: Promise<ProcessTable> | undefined;

/** A scan begun after this call, shared with everyone who asks before it begins. */
export function requestScan(): Promise<ProcessTable> {
  requested ??= new Promise((resolve, reject) => {
    setImmediate(() => {
      requested = undefined;
      try {
        resolve(scanProcesses());
      } catch (thrown) {
        reject(thrown);
      }
    });
  });
  return requested;
}
