// Which processes belong to a session. One scan of the machine gives a table; the session's
// processes are its leader's group, what carries its id in the environment, and everything that
// descends from either. Never part of it: korun daemons, whatever descends from them, and we.

import { pause } from "./pause.ts";
import type { ProcessIdentity, ScannedProcess } from "./process-info.ts";
import { processSource } from "./source.ts";

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
  readonly #processes: ReadonlyMap<number, ScannedProcess>;
  #children: ReadonlyMap<number, readonly ScannedProcess[]> | undefined;

  constructor(processes: readonly ScannedProcess[]) {
    this.#processes = new Map(processes.map((process) => [process.pid, process]));
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
    return this.#all((process) => process.group === pgid);
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
    return this.#all((process) => process.mark === undefined).length === 0;
  }

  #roots({ sessionId, leader, extra = [] }: TreeTarget): readonly ScannedProcess[] {
    const known = extra
      .map((identity) => this.find(identity))
      .filter((found) => found !== undefined);
    const carriers = this.#all((process) => process.mark?.sessionId === sessionId);
    if (leader === undefined || this.#isReused(leader)) return [...known, ...carriers];
    return [...this.group(leader.pid), ...known, ...carriers];
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

  #all(condition: (process: ScannedProcess) => boolean): readonly ScannedProcess[] {
    return [...this.#processes.values()].filter(condition);
  }
}

/** What belonged to a session at one moment, and everything else. */
export interface SessionTree {
  readonly table: ProcessTable;
  readonly members: readonly ScannedProcess[];
}

/** The live processes of a session, from a scan begun after this call. */
export async function requestTree(target: TreeTarget): Promise<SessionTree> {
  let table = await requestScan();
  for (let scans = 1; scans < MOST_SCANS && !table.isSettled(); scans += 1) {
    await pause(SCAN_PAUSE_MS);
    table = await requestScan();
  }
  return { table, members: table.session(target) };
}

/** Scans now, in about a millisecond on Linux. */
export function scanProcesses(): ProcessTable {
  return new ProcessTable(processSource().scan());
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
