// Who listens on a port that a session means to listen on: the session, somebody it has started
// elsewhere, as `docker run -p` does, or a stranger. What answers does not say who it is, so a
// connection that succeeds proves nothing.
//
// A stranger is known by its socket: those that listen when the run begins are noted, by inode, and
// kept with what is known of the run, so that the next daemon knows them too. When a process was
// started would not do: dockerd is older than every run, and whose docker-proxy is, only root may see.

import { listeningSockets } from "../native/listeners.ts";
import { heldBy } from "../process/holders.ts";
import { lsofListeners } from "../process/lsof.ts";
import { findListeners, type PortListener } from "../process/ports.ts";
import type { ProcessInfo } from "../process/process-info.ts";
import { requestTree } from "../process/tree.ts";
import { userName } from "../process/user-name.ts";
import type { ProbedRun } from "./probe.ts";

const SINCE_BEFORE = "has listened there since before this run";

/** A socket that listens on a port. */
export type Door = Pick<PortListener, "address" | "inode" | "uid">;

/** The sockets that listen on these ports now, by inode. */
export function inodesAt(ports: readonly number[]): number[] {
  return ports.flatMap((port) => doorsAt(port).map(({ inode }) => inode));
}

/** The sockets that listen on a port now. Some 20 µs on Linux. */
export function doorsAt(port: number): readonly Door[] {
  return process.platform === "linux" ? listeningSockets(port) : lsofListeners(port);
}

/** Which of the sockets on a port a connection to an address of the loopback interface reaches. */
export function behind(address: string, doors: readonly Door[]): readonly Door[] {
  const exact = doors.filter((door) => door.address === address);
  if (exact.length > 0) return exact;
  // The wildcard of IPv6 takes IPv4 as well, unless it was told not to.
  const wildcards = address.includes(":") ? ["::"] : ["0.0.0.0", "::"];
  return doors.filter((door) => wildcards.includes(door.address));
}

/** Who is a stranger among those who listen, in words; undefined when any is not. */
export async function strangerAmong(
  doors: readonly Door[],
  { port, run }: { readonly port: number; readonly run: ProbedRun },
): Promise<string | undefined> {
  if (doors.some(({ inode }) => !run.strangers.has(inode))) return undefined;
  const inodes = new Set(doors.map(({ inode }) => inode));
  const held = (await findListeners(port)).filter(({ inode }) => inodes.has(inode));
  if (await anyOwn(held, run)) return undefined;
  const [first] = held;
  if (first === undefined) return undefined;
  return `${nameOf(first)} ${SINCE_BEFORE}`;
}

/**
 * That there were strangers only, before it is known who they are: at once, for a run that does not
 * last as long as it takes to find their process.
 */
export function whyTaken(port: number, { strangers }: ProbedRun): string | undefined {
  const doors = strangers.size === 0 ? [] : doorsAt(port);
  const isTaken = doors.length > 0 && doors.every(({ inode }) => strangers.has(inode));
  return isTaken ? `somebody ${SINCE_BEFORE}, who is not known yet` : undefined;
}

/**
 * What was noted may be of the run all the same: a child can be quicker than the look that follows
 * its start, and a daemon that was killed in between left that look to the next one.
 */
async function anyOwn(listeners: readonly PortListener[], run: ProbedRun): Promise<boolean> {
  const { leader, sessionId } = run;
  const isYounger = ({ startTime }: PortListener) =>
    startTime !== undefined && leader.startTime > 0 && startTime >= leader.startTime;
  if (listeners.some(isYounger)) return true;
  const { members } = await requestTree({ sessionId, leader });
  const own = new Set(members.map(({ pid }) => pid));
  if (listeners.some(({ pid }) => pid !== undefined && own.has(pid))) return true;
  return await holdAny(members, new Set(listeners.map(({ inode }) => inode)));
}

/** A socket that was handed down is listed as that of the oldest process that has it. */
async function holdAny(
  members: readonly ProcessInfo[],
  inodes: ReadonlySet<number>,
): Promise<boolean> {
  if (process.platform !== "linux") return false;
  for await (const { inode } of heldBy(members)) {
    if (inodes.has(inode)) return true;
  }
  return false;
}

function nameOf({ pid, name, uid }: PortListener): string {
  if (pid !== undefined) return `${name ?? "a process"} (pid ${pid})`;
  return uid === process.geteuid?.() ? "a process" : `a process of ${userName(uid)}`;
}
