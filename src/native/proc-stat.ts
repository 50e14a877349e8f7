// Reading /proc/<pid>/stat again and again without leaving a trace in memory: who looks at quiet
// processes every few seconds would otherwise wake the garbage collector each time. Linux only.

import { openLibc } from "./libc.ts";

/** Longer than any stat line. */
const LINE_BYTES = 4_096;

const SYMBOLS = {
  open: { args: ["ptr", "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
} as const;

const FOLDER = new TextEncoder().encode("/proc/");
const STAT = new TextEncoder().encode("/stat\0");
const LOAD = new TextEncoder().encode("/proc/loadavg\0");

const O_RDONLY_CLOEXEC = 0o2000000;
const BLANK = 0x20;
const ZERO = 0x30;

export class ProcStat {
  /** What was read last. */
  readonly bytes = new Uint8Array(LINE_BYTES);
  readonly #libc = openLibc(SYMBOLS);
  readonly #path = new Uint8Array(32);

  constructor() {
    this.#path.set(FOLDER);
  }

  /** Leaves a process's line in `bytes`, and gives its length; -1 when there is none to read. */
  read(pid: number): number {
    let end = FOLDER.length;
    for (let rest = pid; rest > 0; rest = Math.floor(rest / 10)) end += 1;
    this.#path.set(STAT, end);
    for (let rest = pid, at = end - 1; rest > 0; rest = Math.floor(rest / 10), at -= 1) {
      this.#path[at] = ZERO + (rest % 10);
    }
    return this.#read(this.#path);
  }

  /**
   * The pid that was given last: as long as it is the same, no process has come. -1 where the
   * system does not say.
   */
  newestPid(): number {
    const length = this.#read(LOAD);
    let pid = 0;
    // It is the last word of the line.
    const start = this.bytes.lastIndexOf(BLANK, length - 1) + 1;
    for (let at = start; at < length - 1; at += 1) pid = pid * 10 + (this.bytes[at] ?? 0) - ZERO;
    return length > 0 && start > 0 ? pid : -1;
  }

  #read(path: Uint8Array): number {
    const file = this.#libc.open(path, O_RDONLY_CLOEXEC);
    if (file < 0) return -1;
    const length = this.#libc.read(file, this.bytes, LINE_BYTES);
    this.#libc.close(file);
    return length;
  }
}
