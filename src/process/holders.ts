// Which process holds a socket, on Linux: the one among whose descriptors it is. Looking through
// those of the whole machine takes tens of milliseconds, so it is done in slices, and what was found
// once is only looked at again.

import { readdirSync, readlinkSync } from "node:fs";
import type { ProcessInfo } from "./process-info.ts";
import { processSource } from "./source.ts";

/** How long to look before others get their turn, in ms. */
const SLICE_MS = 2;

/** Sockets to keep in mind. */
const MOST_KNOWN = 4_096;

/** Where a socket was found. */
interface Holding {
  readonly process: ProcessInfo;
  readonly descriptor: string;
}

const known = new Map<number, Holding>();

/**
 * The oldest process that has each socket open, by inode, among those whose descriptors this user
 * may see. `among` is only asked for when the sockets are not known already.
 */
export async function findHolders(
  inodes: readonly number[],
  among: () => Promise<readonly ProcessInfo[]>,
): Promise<ReadonlyMap<number, ProcessInfo>> {
  const found = new Map<number, ProcessInfo>();
  const wanted = new Set<number>();
  for (const inode of inodes) {
    const holding = known.get(inode);
    if (holding !== undefined && stillHolds(holding, inode)) found.set(inode, holding.process);
    else wanted.add(inode);
  }
  if (wanted.size === 0) return found;
  const oldestFirst = (await among()).toSorted((one, other) => one.startTime - other.startTime);
  for await (const { inode, holding } of heldBy(oldestFirst)) {
    if (!wanted.delete(inode)) continue;
    found.set(inode, holding.process);
    remember(inode, holding);
    if (wanted.size === 0) break;
  }
  return found;
}

/** Every socket that these processes have open, process by process. */
export async function* heldBy(
  processes: readonly ProcessInfo[],
): AsyncGenerator<{ readonly inode: number; readonly holding: Holding }> {
  let since = performance.now();
  for (const process of processes) {
    for (const descriptor of descriptorsOf(process.pid)) {
      const inode = socketAt(process.pid, descriptor);
      if (inode !== undefined) yield { inode, holding: { process, descriptor } };
    }
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}

function remember(inode: number, holding: Holding): void {
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(inode, holding);
}

function stillHolds({ process: { pid, startTime }, descriptor }: Holding, inode: number): boolean {
  return socketAt(pid, descriptor) === inode && processSource().look(pid)?.startTime === startTime;
}

function descriptorsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return []; // it has ended, or it is another user's
  }
}

/** The inode of the socket that a descriptor is, if it is one. */
function socketAt(pid: number, descriptor: string): number | undefined {
  try {
    const target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    return target.startsWith("socket:[") ? Number(target.slice(8, -1)) : undefined;
  } catch {
    return undefined; // closed meanwhile
  }
}
