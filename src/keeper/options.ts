// What a keeper is told when it is started.

import { join } from "node:path";

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

/** Where the ends of processes are noted that no daemon could see. */
export function exitJournal(home: string): string {
  return join(home, "exits.ndjson");
}

/** Held by the keeper of a home for as long as it lives. */
export function keeperLock(home: string): string {
  return join(home, "keeper.lock");
}
