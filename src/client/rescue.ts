// What comes after a daemon. A follower whose daemon dies waits for the next one, which a keeper
// brings back within a moment, and starts one itself when none comes. A daemon that was stopped
// takes its socket away; for such a one no follower waits long, and none is started. But whoever
// wants to start a session waits until it is gone, and starts the next one.

import { existsSync } from "node:fs";
import type { Environment, Paths } from "../daemon/paths.ts";
import { findSocket, isHeld, readRecord } from "../daemon/record.ts";

/** How long the keeper has for itself, in ms. */
const KEEPER_MS = 2_000;

/**
 * Longest wait altogether, in ms: a keeper that starts a daemon again and again pauses up to 5 s, and
 * gives one that is to replace another as long.
 */
const GIVE_UP_MS = 15_000;

/** How long one that was stopped is waited for, in ms: somebody may start it again at once. */
const STOPPED_MS = 1_000;

/** Longest wait for a daemon that ends its sessions, in ms. */
const ENDING_MS = 15_000;

export interface RescueOptions {
  readonly env: Environment;
  readonly signal: AbortSignal | undefined;
}

/** The socket of the daemon that came after; undefined when none came. */
export async function awaitNextDaemon(
  paths: Paths,
  { env, signal }: RescueOptions,
): Promise<string | undefined> {
  const since = performance.now();
  for (let pause = 10; !signal?.aborted; pause = Math.min(pause * 2, 100)) {
    const socket = await findSocket(paths);
    if (socket !== undefined) return socket;
    const waited = performance.now() - since;
    if (waited > GIVE_UP_MS || !existsSync(paths.home)) return undefined;
    if (waited > STOPPED_MS && wasStopped(paths)) return undefined;
    if (waited > KEEPER_MS && existsSync(paths.socket)) {
      const launched = await launch(paths, env);
      if (launched !== undefined) return launched;
    }
    await Bun.sleep(pause);
  }
  return undefined;
}

/**
 * The socket of the daemon after one that is about to end, as soon as that is gone: started, unless
 * somebody else has done so. Undefined when it takes too long, and when none can be started.
 */
export async function launchSuccessor(paths: Paths, env: Environment): Promise<string | undefined> {
  const since = performance.now();
  const ending = readRecord(paths)?.pid;
  for (let pause = 5; isHeld(paths); pause = Math.min(pause * 2, 50)) {
    const next = readRecord(paths)?.pid;
    const socket = next === undefined || next === ending ? undefined : await findSocket(paths);
    if (socket !== undefined) return socket;
    if (performance.now() - since > ENDING_MS) return undefined;
    await Bun.sleep(pause);
  }
  return await launch(paths, env);
}

/** Nothing holds the home, and whoever held it last took its socket away. */
function wasStopped(paths: Paths): boolean {
  return !existsSync(paths.socket) && !isHeld(paths);
}

/** Undefined when it cannot be started: another may be coming up at this very moment. */
async function launch(paths: Paths, env: Environment): Promise<string | undefined> {
  const { launchDaemon } = await import("../daemon/launch.ts");
  return await launchDaemon(paths, { env }).catch(() => undefined);
}
