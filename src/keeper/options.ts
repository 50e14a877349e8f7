// What a keeper is told when it is started, and where it leaves what others may read.

import { join } from "node:path";
import { readLockFile } from "../native/lock.ts";
import type { Refusal } from "./report.ts";

export interface KeeperOptions {
  /** Of this korun: the keeper's lock and its journal lie in it. */
  readonly home: string;
  /** The lock that a daemon of this home holds. */
  readonly daemonLock: string;
  /** How korun is run: the executable alone, or Bun and our entry. */
  readonly program: readonly string[];
  /** What makes the program a daemon, such as `daemon run --detached`. */
  readonly daemonArgs: readonly string[];
  /** What makes it a keeper. */
  readonly keeperArgs: readonly string[];
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly origin: Origin;
  /** Longest start of a daemon after an upgrade, in ms, before the old one is started again. */
  readonly upgradeTimeoutMs?: number;
}

/**
 * Where a keeper comes from: launched by a client, to start a daemon; started by a daemon that has
 * no keeper, to join it; or by an exec of the keeper before it, which left its state at a
 * descriptor.
 */
export type Origin = "launched" | "joining" | { readonly resume: number };

/**
 * Tells a keeper that nobody waits any more for the daemon that it starts. Unlike SIGTERM, which
 * ends what runs too, it does nothing once a daemon serves.
 */
export const GIVE_UP_SIGNAL = "SIGUSR2";

/** Where the ends of processes are noted that no daemon could see. */
export function exitJournal(home: string): string {
  return join(home, "exits.ndjson");
}

/** Held by the keeper of a home for as long as it lives. */
export function keeperLock(home: string): string {
  return join(home, "keeper.lock");
}

/** What the keeper that has the lock says in it. */
export interface KeeperNote {
  readonly pid: number;
  /** Why the daemon could not start when it was tried last; it will be tried again. */
  readonly refusal?: Refusal;
}

/** What the keeper of a home says; undefined when there is none. */
export function readKeeperNote(home: string): KeeperNote | undefined {
  const text = readLockFile(keeperLock(home));
  if (!text) return undefined;
  try {
    return JSON.parse(text) as KeeperNote;
  } catch {
    return undefined; // read while it was being written
  }
}
