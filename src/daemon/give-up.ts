// Giving up a launch that takes too long, so that nothing of it stays half started. What runs of
// earlier sessions runs on, for the next daemon to take over.

import { GIVE_UP_SIGNAL } from "../keeper/options.ts";
import { FileLock } from "../native/lock.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import { signalProcess } from "../process/signal.ts";
import { processSource } from "../process/source.ts";
import { TOO_LATE, within } from "../process/within.ts";
import type { Paths } from "./paths.ts";
import { readRecord } from "./record.ts";

/** How long a keeper has to take down what it started, in ms. */
const GRACE_MS = 2_000;

/** A keeper that was launched. */
export interface Launched {
  readonly pid: number;
  readonly exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Ends a keeper, and the daemon that it has not brought to serve. Resolves with the keeper's `word`
 * if that comes after all; it is then left alone. Else with undefined, once it has ended.
 */
export async function giveUp<Word>(
  paths: Paths,
  { keeper, word }: { readonly keeper: Launched; readonly word: Promise<Word | undefined> },
): Promise<Word | undefined> {
  keeper.kill(GIVE_UP_SIGNAL);
  const said = await within(GRACE_MS, word);
  if (said !== TOO_LATE) return said;
  const daemon = daemonOf(keeper, paths);
  keeper.kill("SIGKILL");
  if (daemon !== undefined) signalProcess(daemon, "SIGKILL");
  await keeper.exited;
  return undefined;
}

/** The daemon that this keeper has started, if it got as far as to take its home. */
function daemonOf(keeper: Launched, paths: Paths): ProcessIdentity | undefined {
  if (!FileLock.isTaken(paths.lock)) return undefined;
  const pid = readRecord(paths)?.pid;
  const found = pid === undefined ? undefined : processSource().look(pid);
  return found?.parent === keeper.pid ? found : undefined;
}
