// The natural end of a run: its process group is empty. What left the group may live on; it is
// listed here, and ended by the next stop.

import type { LeftBehind } from "../domain/session.ts";
import { pause } from "./pause.ts";
import type { ProcessInfo } from "./process-info.ts";
import { groupExists } from "./signal.ts";
import { requestScan, requestTree } from "./tree.ts";

/** Between two looks at a group on a platform that cannot wait for a process, in ms. */
const SLOW_LOOK_MS = 500;

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
    await (waitGone === undefined ? pause(SLOW_LOOK_MS) : everyOne(members, waitGone));
  }
}

/** The live processes of a session, once the run's group is empty: those that left it. */
export async function leftBehind(sessionId: string): Promise<readonly LeftBehind[]> {
  const { members } = await requestTree({ sessionId, leader: undefined });
  return members.map(({ pid, name }) => ({ pid, name }));
}

async function everyOne(
  members: readonly ProcessInfo[],
  waitGone: (pid: number) => Promise<void>,
): Promise<void> {
  await Promise.all(members.map((member) => waitGone(member.pid)));
}
