// A line of /proc/<pid>/stat: the process that it describes, and whether it still says of one what it
// said before. That is read from its bytes, without a trace in memory: most processes do nothing most
// of the time, and are looked at often.

import { pageSize } from "../native/page-size.ts";
import type { ProcessInfo } from "./process-info.ts";

/** Milliseconds of one tick of the kernel's clock, the same on every Linux platform. */
const TICK_MS = 10;

/** Fields of the line, counted from the one after the name. */
const FIELD = {
  state: 0,
  parent: 1,
  group: 2,
  flags: 6,
  userTicks: 11,
  systemTicks: 12,
  reapedUserTicks: 13,
  reapedSystemTicks: 14,
  threads: 17,
  startTime: 19,
  rssPages: 21,
} as const satisfies Record<string, number>;

/** The kernel's flag (PF_KTHREAD) of its own threads, which have no program and no environment. */
const KERNEL_THREAD = 0x20_0000;

const NAME_END = 0x29;
const BLANK = 0x20;
const ZERO = 0x30;
const STOPPED = 0x54;

/**
 * The living process that a line of `/proc/<pid>/stat` describes, read as latin1; undefined for one
 * that has ended, for a thread of the kernel's, and for a line of another form.
 */
export function parseStat(line: string): ProcessInfo | undefined {
  // The name may hold blanks, brackets and line breaks: only the last bracket ends it.
  const nameStart = line.indexOf("(");
  const nameEnd = line.lastIndexOf(")");
  if (nameStart < 0 || nameEnd < nameStart) return undefined;
  const fields = line.slice(nameEnd + 2).split(" ", FIELD.rssPages + 1);
  const numberAt = (field: number) => Number(fields[field]);
  const state = fields[FIELD.state] ?? "";
  if (hasEnded(state, numberAt(FIELD.threads))) return undefined;
  if (isKernels(numberAt(FIELD.flags))) return undefined;
  const reapedTicks = numberAt(FIELD.reapedUserTicks) + numberAt(FIELD.reapedSystemTicks);
  return {
    pid: Number.parseInt(line, 10),
    parent: numberAt(FIELD.parent),
    group: numberAt(FIELD.group),
    startTime: numberAt(FIELD.startTime),
    stopped: state === "T",
    name: decodeName(line.slice(nameStart + 1, nameEnd)),
    cpuMs: (numberAt(FIELD.userTicks) + numberAt(FIELD.systemTicks)) * TICK_MS,
    reapedCpuMs: reapedTicks * TICK_MS,
    rssBytes: numberAt(FIELD.rssPages) * pageSize(),
  };
}

/** When the process that it describes was started, be it that it has ended. */
export function startTimeIn(line: string): number | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ", FIELD.startTime + 1);
  const ticks = Number(fields[FIELD.startTime] ?? Number.NaN);
  return Number.isNaN(ticks) ? undefined : ticks;
}

/** Whether it describes a process that was started then, has ended, and was not reaped. */
export function isZombie(line: string, startTime: number): boolean {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ", FIELD.startTime + 1);
  return fields[FIELD.state] === "Z" && Number(fields[FIELD.startTime]) === startTime;
}

/** Whether it describes a thread of the kernel's, which never becomes a process. */
export function isKernelThread(line: string): boolean {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ", FIELD.flags + 1);
  return isKernels(Number(fields[FIELD.flags]));
}

/**
 * Where a program has its arguments and its environment, the last fields of the line but one. Each
 * exec lays them out anew, at a place taken by chance and by the length of both; undefined while it
 * does, and of a process that this user may not look into.
 */
export function memoryLayout(line: string): string | undefined {
  const end = line.lastIndexOf(" ");
  let start = end;
  for (let field = 0; field < 4; field += 1) start = line.lastIndexOf(" ", start - 1);
  const layout = line.slice(start, end);
  return layout.startsWith(" 0 ") || start < 0 ? undefined : layout;
}

/** False for another process too, and for one that has ended. */
export function saysTheSame(bytes: Uint8Array, length: number, process: ProcessInfo): boolean {
  let at = bytes.lastIndexOf(NAME_END, length - 1) + 2;
  const state = bytes[at] ?? 0;
  if (at < 2 || isEnd(state) || (state === STOPPED) !== process.stopped) return false;
  at += 2;
  let [cpuTicks, reapedTicks] = [0, 0];
  for (let field: number = FIELD.parent; field <= FIELD.rssPages; field += 1) {
    let value = 0;
    for (let byte = bytes[at] ?? BLANK; byte !== BLANK; byte = bytes[at] ?? BLANK) {
      value = value * 10 + byte - ZERO;
      at += 1;
      if (at >= length) return false;
    }
    at += 1;
    if (field === FIELD.parent && value !== process.parent) return false;
    if (field === FIELD.group && value !== process.group) return false;
    if (field === FIELD.userTicks || field === FIELD.systemTicks) cpuTicks += value;
    if (field === FIELD.reapedUserTicks || field === FIELD.reapedSystemTicks) reapedTicks += value;
    if (field === FIELD.startTime && value !== process.startTime) return false;
    if (field === FIELD.rssPages && value * pageSize() !== process.rssBytes) return false;
  }
  return cpuTicks * TICK_MS === process.cpuMs && reapedTicks * TICK_MS === process.reapedCpuMs;
}

/** Z, X, x: it has ended, though other threads of it may live. */
function isEnd(state: number): boolean {
  return state === 0x5a || state === 0x58 || state === 0x78;
}

/**
 * A first thread that has ended reads as a zombie while others of its process still run and hold
 * its files and ports: only the last thread's end is the end of the process.
 */
function hasEnded(state: string, threads: number): boolean {
  if (state === "X" || state === "x") return true;
  return state === "Z" && threads <= 1;
}

function isKernels(flags: number): boolean {
  return (flags & KERNEL_THREAD) !== 0;
}

function decodeName(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  return Buffer.from(latin1, "latin1").toString("utf8");
}
