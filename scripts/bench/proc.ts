// What Linux tells of processes: who carries a variable, how much memory is theirs, how long they
// were on a processor, how often their threads were switched to.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { pidsWith } from "../../tests/support/environ.ts";

const KIB_PER_MIB = 1_024;
const TICK_MS = 10;

export interface FoundProcess {
  readonly pid: number;
  /** Base name of the program, cut at 15 characters. */
  readonly name: string;
  /** Path of the executable. */
  readonly program: string;
}

/** Living processes with `NAME=value` in their environment. */
export function processesWith(variable: string): FoundProcess[] {
  return pidsWith(variable).flatMap((pid) => {
    try {
      const folder = `/proc/${pid}`;
      const program = readlinkSync(`${folder}/exe`);
      return [{ pid, program, name: readFileSync(`${folder}/comm`, "utf8").trim() }];
    } catch {
      return []; // It ended while it was looked at.
    }
  });
}

/** Proportional set size of some processes together, mapped files included, in MiB. */
export function memoryOf(pids: readonly number[]): number {
  const kib = pids.map((pid) => numberAfter("Pss:", `/proc/${pid}/smaps_rollup`));
  return kib.reduce((sum, one) => sum + one, 0) / KIB_PER_MIB;
}

/** Time on a processor so far of some processes together, all their threads, in ms. */
export function cpuMsOf(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * TICK_MS;
}

/** Context switches so far of every thread of some processes, by thread. */
export function switchesOf(pids: readonly number[]): ReadonlyMap<number, number> {
  const threads = pids.flatMap((pid) =>
    numbersIn(`/proc/${pid}/task`).map(
      (thread) => [thread, `/proc/${pid}/task/${thread}`] as const,
    ),
  );
  return new Map(
    threads.map(([thread, folder]) => [
      thread,
      numberAfter("\nvoluntary_ctxt_switches:", `${folder}/status`) +
        numberAfter("\nnonvoluntary_ctxt_switches:", `${folder}/status`),
    ]),
  );
}

/** Context switches between two looks; a thread that is new counts from 0. */
export function switchesBetween(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number {
  const more = [...after].map(([thread, count]) => count - (before.get(thread) ?? 0));
  return more.reduce((sum, one) => sum + one, 0);
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function numberAfter(label: string, path: string): number {
  const text = `\n${readFileSync(path, "utf8")}`;
  const at = text.indexOf(label);
  if (at < 0) throw new Error(`${path} has no ${label.trim()}`);
  return Number.parseInt(text.slice(at + label.length), 10);
}
