// Ending everything a session runs: SIGTERM to the group and to whatever left it, a grace, SIGKILL
// until nothing is alive. Each round works from a fresh scan, so what was forked meanwhile is in
// it, and counts only verified identities, so that a pid used again is never signalled.

import { Ending } from "./ending.ts";
import { isAlive } from "./identity.ts";
import { pause } from "./pause.ts";
import { keyOf, type ProcessIdentity, type ProcessInfo } from "./process-info.ts";
import { type EndingSignal, signalGroup, signalProcess } from "./signal.ts";
import { type ProcessTable, requestTree, type TreeTarget } from "./tree.ts";

/** How long SIGKILL may take, in ms: a process in an uninterruptible wait does not die of it. */
const KILL_BOUND_MS = 5_000;
/** First and longest pause between two looks at processes that are to go, in ms. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 5;
/** First and longest wait after SIGKILL before looking for processes forked meanwhile, in ms. */
const FIRST_KILL_ROUND_MS = 4;
const LONGEST_KILL_ROUND_MS = 200;

export interface EndOptions {
  /** Between SIGTERM and SIGKILL, in ms; 0 kills at once. */
  readonly graceMs: number;
  /** Cuts the grace short once aborted. */
  readonly force?: AbortSignal | undefined;
  /** How far it has come; by default it begins now, and nobody can go on with it. */
  readonly ending?: Ending | undefined;
}

/**
 * Ends every process of a session and resolves once they are gone, with what could not be ended:
 * nothing, unless a process is another user's or has not died 5 s after SIGKILL.
 */
export async function endTree(
  target: TreeTarget,
  options: EndOptions,
): Promise<readonly ProcessInfo[]> {
  const survivors = await endGracefully(target, options);
  return survivors ? killAll(target) : [];
}

/** False once everything is gone; true when the grace is over first. */
async function endGracefully(
  target: TreeTarget,
  { graceMs, force, ending = Ending.begin() }: EndOptions,
): Promise<boolean> {
  const deadline = performance.now() + graceMs - ending.elapsedMs;
  while (performance.now() < deadline && !force?.aborted) {
    const { table, members } = await requestTree(target);
    if (members.length === 0) return false;
    const fresh = members.filter((member) => !ending.wasAsked(keyOf(member)));
    signalAll(fresh, { signal: "SIGTERM", table, target });
    ending.asked(fresh.map(keyOf));
    // A stopped process holds its SIGTERM back until it goes on.
    for (const member of fresh) if (member.stopped) signalProcess(member, "SIGCONT");
    await allGone(members, { deadline, abort: force });
  }
  return true;
}

async function killAll(target: TreeTarget): Promise<readonly ProcessInfo[]> {
  const deadline = performance.now() + KILL_BOUND_MS;
  let round = FIRST_KILL_ROUND_MS;
  while (true) {
    const { table, members } = await requestTree(target);
    if (members.length === 0 || performance.now() >= deadline) return members;
    signalAll(members, { signal: "SIGKILL", table, target });
    await allGone(members, { deadline: Math.min(deadline, performance.now() + round) });
    round = Math.min(round * 2, LONGEST_KILL_ROUND_MS);
  }
}

interface SignalContext {
  readonly signal: EndingSignal;
  readonly table: ProcessTable;
  readonly target: TreeTarget;
}

/** Signals each process once: the leader's group as a whole if all of it is meant. */
function signalAll(
  members: readonly ProcessInfo[],
  { signal, table, target }: SignalContext,
): void {
  const pgid = target.leader?.pid;
  const meant = new Set(members);
  const group = pgid === undefined ? [] : table.group(pgid);
  const asGroup = group.length > 0 && group.every((process) => meant.has(process));
  if (asGroup && pgid !== undefined) signalGroup(pgid, signal);
  for (const member of members) {
    if (!asGroup || member.group !== pgid) signalProcess(member, signal);
  }
}

interface GoneOptions {
  /** When to give up, by `performance.now()`. */
  readonly deadline: number;
  readonly abort?: AbortSignal | undefined;
}

/** Resolves when every process is gone, at the deadline, or when aborted. */
async function allGone(
  processes: readonly ProcessIdentity[],
  { deadline, abort }: GoneOptions,
): Promise<void> {
  const waiting = [...processes];
  let ms = FIRST_PAUSE_MS;
  while (true) {
    for (let last = waiting.at(-1); last !== undefined && !isAlive(last); last = waiting.at(-1)) {
      waiting.pop();
    }
    const left = deadline - performance.now();
    if (waiting.length === 0 || left <= 0 || abort?.aborted) return;
    await pause(Math.min(ms, left), abort);
    ms = Math.min(ms * 1.5, LONGEST_PAUSE_MS);
  }
}
