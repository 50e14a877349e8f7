// Who listens on which TCP port of this machine, ours and strangers alike: the process where it may
// be seen, else only the user. What a URL or a port answers proves nothing about who answers.

import { listeningSockets } from "../native/listeners.ts";
import { findHolders, heldBy } from "./holders.ts";
import { startTimeOf } from "./identity.ts";
import { lsofListeners } from "./lsof.ts";
import type { ProcessInfo } from "./process-info.ts";
import { programName } from "./program-name.ts";
import { requestScan } from "./tree.ts";

/** A socket that listens, and who holds it. */
export interface PortListener {
  /** `127.0.0.1`, `0.0.0.0` (all), `::1`, `::` (all); IPv4 mapped into IPv6 is written as IPv4. */
  readonly address: string;
  readonly port: number;
  /** Names the socket for as long as it is open: another listener never has the same. */
  readonly inode: number;
  /** Of the user who opened it. */
  readonly uid: number;
  /** The oldest process that has it open; undefined when this user may not see it. */
  readonly pid: number | undefined;
  readonly startTime: number | undefined;
  readonly name: string | undefined;
}

/** Everyone who listens on a port now, on whatever address. */
export async function findListeners(port: number): Promise<readonly PortListener[]> {
  return await owned(port);
}

/** Everyone who listens now, by port. */
export async function listeners(): Promise<readonly PortListener[]> {
  const all = await owned(undefined);
  return all.toSorted((one, other) => one.port - other.port);
}

/** Where these processes listen, by port; each socket once. */
export async function portsOf(processes: readonly ProcessInfo[]): Promise<readonly PortListener[]> {
  if (processes.length === 0) return [];
  if (process.platform !== "linux") {
    const pids = new Set(processes.map(({ pid }) => pid));
    return lsofOwned(undefined).filter(({ pid }) => pid !== undefined && pids.has(pid));
  }
  const sockets = new Map(listeningSockets().map((socket) => [socket.inode, socket]));
  const found: PortListener[] = [];
  for await (const { inode, holding } of heldBy(processes)) {
    const socket = sockets.get(inode);
    // The children of a server often have it too: it is told once, for the first of them.
    if (socket === undefined || !sockets.delete(inode)) continue;
    found.push({ ...socket, ...holderFields(holding.process) });
  }
  return found.toSorted((one, other) => one.port - other.port);
}

async function owned(port: number | undefined): Promise<readonly PortListener[]> {
  if (process.platform !== "linux") return lsofOwned(port);
  const sockets = listeningSockets(port);
  const visible = sockets.filter(({ uid }) => mayBeSeen(uid)).map(({ inode }) => inode);
  const holders = await findHolders(visible, async () => (await requestScan()).all());
  return sockets.map((socket) => ({ ...socket, ...holderFields(holders.get(socket.inode)) }));
}

function lsofOwned(port: number | undefined): readonly PortListener[] {
  return lsofListeners(port).map((found) => ({ ...found, startTime: startTimeOf(found.pid) }));
}

function holderFields(holder: ProcessInfo | undefined) {
  const { pid, startTime } = holder ?? {};
  return { pid, startTime, name: holder === undefined ? undefined : programName(holder) };
}

/** Only root sees what others have open; whoever else looks for it looks in vain each time. */
function mayBeSeen(uid: number): boolean {
  const own = process.geteuid?.();
  return own === 0 || own === uid;
}
