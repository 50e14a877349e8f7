// Processes that another daemon started: finding them again, and learning how they end although
// they are nobody's child here.

import { closeSync } from "node:fs";
import type { ExitStatus } from "../domain/session.ts";
import { exitStatusOfPidfd } from "../native/exit-status.ts";
import { openPidfd } from "../native/pidfd.ts";
import { isAlive } from "./identity.ts";
import { pause } from "./pause.ts";
import type { ProcessIdentity, ProcessInfo, ScannedProcess } from "./process-info.ts";
import { stampOf } from "./stamp.ts";
import { requestSettledScan } from "./tree.ts";
import { uptimeMs } from "./uptime.ts";

/** How long after its end a process may wait to be reaped before its status is given up, in ms. */
const REAPED_WITHIN_MS = 3_000;
const LOOK_MS = 5;

/** Ticks of the kernel's clock a second, the same on every Linux platform. */
const TICKS_A_SECOND = 100;

/**
 * The leader of a session's run, found by what it carries in its environment: the oldest process
 * that leads a group of its own. Undefined when there is none.
 */
export async function findLeader(of: {
  readonly sessionId: string;
  readonly run: number;
}): Promise<ProcessIdentity | undefined> {
  const table = await requestSettledScan();
  const leaders = table
    .session({ sessionId: of.sessionId, leader: undefined })
    .filter(({ pid, group, mark }) => pid === group && mark?.run === of.run)
    .sort((one, other) => one.startTime - other.startTime);
  const [oldest] = leaders;
  return oldest && { pid: oldest.pid, startTime: oldest.startTime };
}

/** Processes of one session that live, and the newest of their runs. */
export interface LivingSession {
  readonly sessionId: string;
  /** 0 where none of them tells. */
  readonly run: number;
  /** Its oldest process that leads a group of its own. */
  readonly leader: ProcessIdentity | undefined;
  /** All of them, the oldest first. */
  readonly processes: readonly [ProcessInfo, ...ProcessInfo[]];
}

/**
 * Whatever lives of any session, by what it carries in its environment, and of the `sought` ones by
 * their stamp too.
 */
export async function findLivingSessions(
  sought: readonly string[] = [],
): Promise<readonly LivingSession[]> {
  const stamped = new Map(sought.map((id) => [stampOf(id), id]));
  const sessionOf = ({ mark }: ScannedProcess) =>
    mark?.sessionId ?? (mark?.stamp === undefined ? undefined : stamped.get(mark.stamp));
  const others = (await requestSettledScan()).all().filter(({ mark }) => mark?.daemon === false);
  return [...Map.groupBy(others, sessionOf)].flatMap(([sessionId, found]) => {
    const [oldest, ...younger] = found.toSorted((one, other) => one.startTime - other.startTime);
    if (sessionId === undefined || oldest === undefined) return [];
    const run = Math.max(...found.map(({ mark }) => mark?.run ?? 0));
    const leader = [oldest, ...younger].find(
      ({ pid, group, mark }) => pid === group && (mark?.run ?? 0) === run,
    );
    return [{ sessionId, run, leader, processes: [oldest, ...younger] as const }];
  });
}

/** How long a process has lived, in ms by `uptimeMs`; 0 where that cannot be told. */
export function ageMs({ startTime }: ProcessIdentity): number {
  if (startTime === 0) return 0; // it ended before anyone could look
  const startedMs = process.platform === "linux" ? (startTime * 1_000) / TICKS_A_SECOND : startTime;
  return Math.max(0, Math.round(uptimeMs() - startedMs));
}

/**
 * Resolves when a process is gone, with how it ended: undefined where nothing tells.
 * `whenGone` resolves when the process that has a pid now is gone.
 */
export async function exitOf(
  identity: ProcessIdentity,
  whenGone: (pid: number) => Promise<void>,
): Promise<ExitStatus | undefined> {
  const pidfd = openPidfd(identity.pid);
  try {
    const gone = whenGone(identity.pid);
    // Only now is it sure that both were opened for the process that is meant.
    if (isAlive(identity)) await gone;
    return pidfd === undefined ? undefined : await reapedStatus(pidfd);
  } finally {
    if (pidfd !== undefined) closeSync(pidfd);
  }
}

/** The kernel tells once somebody has reaped it, which its new parent may take a while to do. */
async function reapedStatus(pidfd: number): Promise<ExitStatus | undefined> {
  const deadline = performance.now() + REAPED_WITHIN_MS;
  for (;;) {
    const status = exitStatusOfPidfd(pidfd);
    if (status !== undefined || performance.now() > deadline) return status;
    await pause(LOOK_MS);
  }
}
