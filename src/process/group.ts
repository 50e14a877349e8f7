// The natural end of a run: its process group is empty. What left the group may live on; it is
// listed here, and ended by the next stop.

import type { LeftBehind } from "../domain/session.ts";
import { pause } from "./pause.ts";
import type { ProcessInfo, ScannedProcess } from "./process-info.ts";
import { groupExists } from "./signal.ts";
import { processSource } from "./source.ts";
import { type ProcessTable, requestScan, requestTree } from "./tree.ts";

/** Between two looks at a group on a platform that cannot wait for a process, in ms. */
const SLOW_LOOK_MS = 500;

/** First and longest pause between two looks whether a member has left its group, in ms. */
const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 60_000;

/**
 * Resolves when no process of the group lives. `waitGone` resolves when the process that has this
 * pid now has ended; with it a group of long-lived processes costs nothing while it lives.
 */
export async function groupEmpty(
  pgid: number,
  waitGone?: (pid: number) => Promise<void>,
): Promise<void> {
  while (groupExists(pgid)) {
    const members = (await requestScan()).group(pgid);
    // Whoever only waits to be reaped has no port, no file and no more to say.
    if (members.length === 0) return;
    await (waitGone === undefined ? pause(SLOW_LOOK_MS) : everyoneOut(members, waitGone));
  }
}

/**
 * Whether live processes of a session are in this group: those that carry its mark, and those that
 * fell to this daemon's keeper when their parents ended. The group's number alone could be another's.
 */
export async function groupLives(sessionId: string, pgid: number): Promise<boolean> {
  const { table, members } = await requestTree({ sessionId, leader: undefined });
  if (members.some(({ group }) => group === pgid)) return true;
  return table.group(pgid).some((member) => isKept(member, table));
}

/** Whether a process descends from the keeper, which is our parent. */
function isKept(member: ScannedProcess, table: ProcessTable): boolean {
  const keeper = table.get(process.ppid);
  if (keeper?.mark?.daemon !== true) return false;
  for (let at = table.get(member.parent); at !== undefined; at = table.get(at.parent)) {
    if (at.pid === keeper.pid) return true;
  }
  return false;
}

/** The live processes of a session, once the run's group is empty: those that left it. */
export async function leftBehind(sessionId: string): Promise<readonly LeftBehind[]> {
  const { members } = await requestTree({ sessionId, leader: undefined });
  return members.map(({ pid, name }) => ({ pid, name }));
}

/** Resolves when all members have ended, or soon after one has left the group. */
async function everyoneOut(
  members: readonly ProcessInfo[],
  waitGone: (pid: number) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const ended = Promise.all(members.map((member) => waitGone(member.pid)));
  try {
    await Promise.race([ended, someoneLeft(members, over.signal)]);
  } finally {
    over.abort();
  }
}

/**
 * The system does not tell when a process calls setsid. Who means to leave does so early: the looks
 * become rare with time, so that a group that stays costs nothing.
 */
async function someoneLeft(members: readonly ProcessInfo[], over: AbortSignal): Promise<void> {
  let ms = FIRST_LOOK_MS;
  do {
    await pause(ms, over);
    ms = Math.min(ms * 2, LONGEST_LOOK_MS);
  } while (!over.aborted && !members.some(hasLeft));
}

function hasLeft({ pid, startTime, group }: ProcessInfo): boolean {
  const now = processSource().look(pid);
  return now !== undefined && now.startTime === startTime && now.group !== group;
}
