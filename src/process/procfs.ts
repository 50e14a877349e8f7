// Process facts on Linux, from /proc: one small read a process, and one more for an environment
// that has to be looked at. Everything is synchronous: 80 processes take about a millisecond,
// which is less than a round through the thread pool for each.

import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { systemCode } from "../domain/problem.ts";
import {
  type KorunMark,
  keyOf,
  type ProcessInfo,
  type ProcessSource,
  type ScannedProcess,
  UNMARKED,
} from "./process-info.ts";

/** Scans after which a process that shows nothing is taken to have nothing to show. */
const MOST_UNTOLD_SCANS = 25;

/** Longer than any stat line, and than most environments. */
const FIRST_READ_BYTES = 65_536;

/** Listings of one scan, on a machine where processes start faster than they can be read. */
const MOST_LISTINGS = 10;

const SESSION_PREFIX = "KORUN_SESSION_ID=";
const DAEMON_ENTRY = "KORUN_DAEMON=1";

/** The kernel's flag (PF_KTHREAD) of its own threads, which have no program and no environment. */
const KERNEL_THREAD = 0x20_0000;

const GONE = Symbol("gone");
const FORBIDDEN = Symbol("forbidden");

/** Reads /proc. Keeps one buffer, and in mind which processes carry no mark. */
export class Procfs implements ProcessSource {
  #buffer = Buffer.allocUnsafe(FIRST_READ_BYTES);
  /**
   * Start times by pid of processes without a mark. A mark is only ever inherited, so a process
   * that has none never gets one: each environment of the machine is read once, not at each scan.
   */
  #unmarked = new Map<number, number>();
  /** How many scans in a row a process could not be told, by identity. */
  #untold = new Map<string, number>();

  scan(): readonly ScannedProcess[] {
    const processes: ScannedProcess[] = [];
    const seen = new Set<string>();
    // A process may start its successor and end between the listing and its own reading. Once a
    // listing names nobody new, whoever lived at that moment has been read.
    for (let round = 0; round < MOST_LISTINGS; round += 1) {
      const fresh = listPids().filter((pid) => !seen.has(pid));
      if (fresh.length === 0) break;
      for (const pid of fresh) {
        seen.add(pid);
        const info = this.look(Number(pid));
        if (info !== undefined) processes.push({ ...info, mark: this.#markOf(info) });
      }
    }
    this.#remember(processes);
    return processes.map((process) => (this.#isHopeless(process) ? withoutMark(process) : process));
  }

  look(pid: number): ProcessInfo | undefined {
    const line = this.#read(`/proc/${pid}/stat`);
    return typeof line === "string" ? parseStat(line) : undefined;
  }

  #markOf({ pid, startTime }: ProcessInfo): KorunMark | undefined {
    if (this.#unmarked.get(pid) === startTime) return UNMARKED;
    const environ = this.#readEnviron(pid);
    if (environ === FORBIDDEN) return UNMARKED;
    return environ === GONE ? undefined : parseMark(environ);
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

/**
 * The living process that a line of `/proc/<pid>/stat` describes, read as latin1; undefined for one
 * that has ended, for a thread of the kernel's, and for a line of another form.
 */
export function parseStat(line: string): ProcessInfo | undefined {
  // The name may hold blanks, brackets and line breaks: only the last bracket ends it.
  const nameStart = line.indexOf("(");
  const nameEnd = line.lastIndexOf(")");
  if (nameStart < 0 || nameEnd < nameStart) return undefined;
  const fields = line.slice(nameEnd + 2).split(" ", 20);
  const state = fields[0] ?? "";
  if (hasEnded(state, Number(fields[17]))) return undefined;
  if ((Number(fields[6]) & KERNEL_THREAD) !== 0) return undefined;
  return {
    pid: Number.parseInt(line, 10),
    parent: Number(fields[1]),
    group: Number(fields[2]),
    startTime: Number(fields[19]),
    stopped: state === "T",
    name: decodeName(line.slice(nameStart + 1, nameEnd)),
  };
}

/** The mark in the content of `/proc/<pid>/environ`: entries that each end with NUL. */
export function parseMark(environ: string): KorunMark {
  const entries = `\0${environ}\0`;
  const start = entries.indexOf(`\0${SESSION_PREFIX}`);
  const daemon = entries.includes(`\0${DAEMON_ENTRY}\0`);
  if (start < 0) return daemon ? { sessionId: undefined, daemon } : UNMARKED;
  const from = start + 1 + SESSION_PREFIX.length;
  return { sessionId: entries.slice(from, entries.indexOf("\0", from)), daemon };
}

/**
 * A first thread that has ended reads as a zombie while others of its process still run and hold
 * its files and ports: only the last thread's end is the end of the process.
 */
function hasEnded(state: string, threads: number): boolean {
  if (state === "X" || state === "x") return true;
  return state === "Z" && threads <= 1;
}

function decodeName(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  return Buffer.from(latin1, "latin1").toString("utf8");
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
