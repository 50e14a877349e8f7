// Killing a daemon or its keeper, as nobody should.

import { readFileSync } from "node:fs";
import type { Korun } from "../../support/korun.ts";
import { waitFor } from "../../support/wait.ts";
import { isGone } from "./processes.ts";

/** Kills the daemon, and waits for the one that follows. */
export async function killDaemon(korun: Korun): Promise<void> {
  const { pid } = await korun.status();
  process.kill(pid, "SIGKILL");
  await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
}

/** Kills the keeper; resolves once the daemon has another one, and has told it all. */
export async function killKeeper(korun: Korun): Promise<void> {
  const { log } = await korun.status();
  const keeper = keeperOf(log);
  process.kill(keeper, "SIGKILL");
  await waitFor("another keeper", () => keeperOf(log) !== keeper);
}

/** Kills both; resolves when both are gone, with the pid that the daemon had. */
export async function killBoth(korun: Korun): Promise<number> {
  const { pid, log } = await korun.status();
  const keeper = keeperOf(log);
  // Stopped first: it would start another keeper, as the keeper would start another daemon.
  process.kill(pid, "SIGSTOP");
  process.kill(keeper, "SIGKILL");
  process.kill(pid, "SIGKILL");
  await waitFor("daemon and keeper to be gone", () => isGone(pid) && isGone(keeper));
  return pid;
}

/** As the daemon's log says. */
export function keeperOf(log: string): number {
  const kept = [...readFileSync(log, "utf8").matchAll(/kept by pid (\d+)/g)];
  return Number(kept.at(-1)?.[1]);
}
