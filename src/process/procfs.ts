// Process facts on Linux, from /proc: one small read a process, and one more for an environment
// that has not been looked at. Everything is synchronous: 80 processes take about a millisecond,
// which is less than a round through the thread pool for each.

import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { systemCode } from "../domain/problem.ts";
import { ProcStat } from "../native/proc-stat.ts";
import { Changes } from "./changes.ts";
import {
  type KorunMark,
  keyOf,
  type ProcessIdentity,
  type ProcessInfo,
  type ProcessMap,
  type ProcessSource,
  type ScannedProcess,
  UNMARKED,
} from "./process-info.ts";
import { stampIn } from "./stamp.ts";
import {
  isKernelThread,
  isZombie,
  memoryLayout,
  parseStat,
  saysTheSame,
  startTimeIn,
} from "./stat-line.ts";

/** Scans after which a process that shows nothing is taken to have nothing to show. */
const MOST_UNTOLD_SCANS = 25;

/** Longer than any stat line, and than most environments. */
const FIRST_READ_BYTES = 65_536;

/** Listings of one scan, on a machine where processes start faster than they can be read. */
const MOST_LISTINGS = 10;

/** Whoever carries the first of these belongs to a check, and not to the session that it is of. */
const OWNER_PREFIXES = ["KORUN_CHECK=", "KORUN_SESSION_ID="];
const RUN_PREFIX = "KORUN_RUN=";
const DAEMON_ENTRY = "KORUN_DAEMON=1";

const GONE = Symbol("gone");
const FORBIDDEN = Symbol("forbidden");

/** What an environment said, and where its process had it. */
interface KnownMark {
  readonly startTime: number;
  readonly layout: string;
  readonly mark: KorunMark;
}

/** Reads /proc. Keeps one buffer, and in mind which processes carry no mark. */
export class Procfs implements ProcessSource {
  #buffer = Buffer.allocUnsafe(FIRST_READ_BYTES);
  /**
   * Start times by pid of processes without a mark. A mark is only ever inherited, so a process
   * that has none never gets one: each environment of the machine is read once, not at each scan.
   */
  #unmarked = new Map<number, number>();
  /** A mark is only lost by becoming another program, which lies elsewhere in memory. */
  #marked = new Map<number, KnownMark>();
  /** Pids of the kernel's own threads: many, and never of interest. Told anew by each scan. */
  readonly #kernels = new Set<number>();
  #stat: ProcStat | undefined;
  /**
   * Lines that say what is known of a process. One that does nothing has the same line each time,
   * and to compare it takes no loop of ours, which would be compiled for it again and again.
   */
  readonly #lines = new WeakMap<ScannedProcess, Buffer>();
  /** The pid that was given last when processes were last listed. */
  #newest = -1;
  /** How many scans in a row a process could not be told, by identity. */
  #untold = new Map<string, number>();

  scan(): readonly ScannedProcess[] {
    const processes: ScannedProcess[] = [];
    this.#kernels.clear();
    const seen = new Set<string>();
    // A process may start its successor and end between the listing and its own reading. Once a
    // listing names nobody new, whoever lived at that moment has been read.
    for (let round = 0; round < MOST_LISTINGS; round += 1) {
      const fresh = listPids().filter((pid) => !seen.has(pid));
      if (fresh.length === 0) break;
      for (const pid of fresh) {
        seen.add(pid);
        const process = this.#scanOne(pid);
        if (process !== undefined) processes.push(process);
      }
    }
    this.#remember(processes);
    this.#newest = -1;
    return processes.map((process) => (this.#isHopeless(process) ? withoutMark(process) : process));
  }

  rescan(before: ProcessMap, again: readonly ScannedProcess[]): ProcessMap {
    this.#stat ??= new ProcStat();
    const newest = this.#stat.newestPid();
    const isComplete = newest >= 0 && newest === this.#newest;
    this.#newest = newest;
    const after = isComplete ? new Changes(before) : this.#listAgain(before);
    for (const process of again) {
      const length = this.#stat.read(process.pid);
      if (length > 0 && this.#isAsBefore(process, this.#stat.bytes, length)) continue;
      after.set(process.pid, this.#scanOne(String(process.pid)));
    }
    return after.result;
  }

  /** Adds who has come, and drops who has ended. */
  #listAgain(before: ProcessMap): Changes {
    const changes = new Changes(before);
    const listed = new Set<number>();
    let highest = 0;
    for (const entry of listPids()) {
      const pid = Number(entry);
      listed.add(pid);
      highest = Math.max(highest, pid);
      // One that could not be told was in the middle of becoming another program: asked for again.
      if (before.get(pid)?.mark !== undefined || this.#kernels.has(pid)) continue;
      const process = this.#scanOne(entry);
      if (process?.mark === undefined) this.#newest = -1;
      changes.set(pid, process);
    }
    // A sandbox may say anything; and where pids begin anew, it is as well to list them once more.
    if (this.#newest < highest) this.#newest = -1;
    for (const pid of before.keys()) if (!listed.has(pid)) changes.set(pid, undefined);
    return changes;
  }

  #isAsBefore(process: ScannedProcess, bytes: Uint8Array, length: number): boolean {
    if (this.#lines.get(process)?.compare(bytes, 0, length) === 0) return true;
    if (!saysTheSame(bytes, length, process)) return false;
    this.#lines.set(process, Buffer.from(bytes.subarray(0, length)));
    return true;
  }

  look(pid: number): ProcessInfo | undefined {
    const line = this.#read(`/proc/${pid}/stat`);
    return typeof line === "string" ? parseStat(line) : undefined;
  }

  startTime(pid: number): number | undefined {
    const line = this.#read(`/proc/${pid}/stat`);
    return typeof line === "string" ? startTimeIn(line) : undefined;
  }

  isUnreaped({ pid, startTime }: ProcessIdentity): boolean {
    const line = this.#read(`/proc/${pid}/stat`);
    return typeof line === "string" && isZombie(line, startTime);
  }

  #scanOne(pid: string): ScannedProcess | undefined {
    const line = this.#read(`/proc/${pid}/stat`);
    if (typeof line !== "string") return undefined;
    const info = parseStat(line);
    if (info !== undefined) return { ...info, mark: this.#markOf(info, line) };
    if (isKernelThread(line)) this.#kernels.add(Number(pid));
    return undefined;
  }

  #markOf({ pid, startTime }: ProcessInfo, line: string): KorunMark | undefined {
    if (this.#unmarked.get(pid) === startTime) return UNMARKED;
    const known = this.#marked.get(pid);
    const layout = memoryLayout(line);
    if (known?.startTime === startTime && known.layout === layout) return known.mark;
    const environ = this.#readEnviron(pid);
    if (environ === FORBIDDEN) return UNMARKED;
    if (environ === GONE) return undefined;
    const told = parseMark(environ);
    const mark = told === UNMARKED ? this.#stampedMark(pid) : told;
    if (mark === UNMARKED) this.#unmarked.set(pid, startTime);
    // Read before the environment: what became another program since has another layout already.
    if (layout !== undefined && mark !== UNMARKED)
      this.#marked.set(pid, { startTime, layout, mark });
    return mark;
  }

  /** Of one whose environment says nothing. */
  #stampedMark(pid: number): KorunMark {
    const limits = this.#read(`/proc/${pid}/limits`);
    const stamp = typeof limits === "string" ? stampIn(limits) : undefined;
    return stamp === undefined ? UNMARKED : { ...UNMARKED, stamp };
  }

  /**
   * An exec lays out a process's memory step by step: first there is neither command line nor
   * environment, which counts as gone, then a command line only, and then both. So an environment
   * is empty if it still is after the command line has been seen.
   */
  #readEnviron(pid: number): string | typeof GONE | typeof FORBIDDEN {
    const environ = this.#read(`/proc/${pid}/environ`);
    if (environ !== "") return environ;
    if (this.#read(`/proc/${pid}/cmdline`) === "") return GONE;
    return this.#read(`/proc/${pid}/environ`);
  }

  #remember(processes: readonly ScannedProcess[]): void {
    const unmarked = processes.filter(({ mark }) => mark === UNMARKED);
    this.#unmarked = new Map(unmarked.map(({ pid, startTime }) => [pid, startTime]));
    const living = new Map(processes.map(({ pid, startTime }) => [pid, startTime]));
    for (const [pid, { startTime }] of this.#marked) {
      if (living.get(pid) !== startTime) this.#marked.delete(pid);
    }
    const untold = processes.filter(({ mark }) => mark === undefined).map(keyOf);
    this.#untold = new Map(untold.map((key) => [key, (this.#untold.get(key) ?? 0) + 1]));
  }

  /** Such as a process whose first thread has ended, and its memory with it. */
  #isHopeless(process: ScannedProcess): boolean {
    return (this.#untold.get(keyOf(process)) ?? 0) >= MOST_UNTOLD_SCANS;
  }

  /** A file as latin1, unless the process is gone or another user's. */
  #read(path: string): string | typeof GONE | typeof FORBIDDEN {
    let file: number | undefined;
    try {
      file = openSync(path, "r");
      let length = readSync(file, this.#buffer, 0, this.#buffer.length, null);
      while (length === this.#buffer.length) {
        this.#buffer = Buffer.concat([this.#buffer], length * 2);
        length += readSync(file, this.#buffer, length, length, null);
      }
      return this.#buffer.toString("latin1", 0, length);
    } catch (thrown) {
      return unreadable(thrown);
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}

/** The mark in the content of `/proc/<pid>/environ`: entries that each end with NUL. */
export function parseMark(environ: string): KorunMark {
  const entries = `\0${environ}\0`;
  const daemon = entries.includes(`\0${DAEMON_ENTRY}\0`);
  const owner = OWNER_PREFIXES.find((prefix) => entries.includes(`\0${prefix}`));
  if (owner === undefined) return daemon ? { ...UNMARKED, daemon } : UNMARKED;
  const run = Number.parseInt(valueIn(entries, RUN_PREFIX) ?? "", 10);
  return { sessionId: valueIn(entries, owner), run: run > 0 ? run : undefined, daemon };
}

function valueIn(entries: string, prefix: string): string | undefined {
  const at = entries.indexOf(`\0${prefix}`);
  if (at === -1) return undefined;
  const from = at + 1 + prefix.length;
  return entries.slice(from, entries.indexOf("\0", from));
}

function withoutMark(process: ScannedProcess): ScannedProcess {
  return { ...process, mark: UNMARKED };
}

function listPids(): readonly string[] {
  return readdirSync("/proc").filter((entry) => isDigit(entry.charCodeAt(0)));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function unreadable(thrown: unknown): typeof GONE | typeof FORBIDDEN {
  const code = systemCode(thrown);
  if (code === "ENOENT" || code === "ESRCH") return GONE;
  if (code === "EACCES" || code === "EPERM") return FORBIDDEN;
  throw thrown;
}
