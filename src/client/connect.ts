// Finds the daemon of this environment, and starts it for those commands that need one. A daemon
// that runs is asked straight away; what it takes to start one is loaded only when none answers.

import { type Environment, type Paths, resolvePaths } from "../daemon/paths.ts";
import { Client } from "./client.ts";
import type { RescueOptions } from "./rescue.ts";

export interface ConnectOptions {
  /** Starts a daemon when none answers. */
  readonly launch: boolean;
  readonly env: Environment;
  readonly onOtherVersion: (theirs: string) => void;
}

/**
 * A client of the daemon of `env`. Nothing is sent yet: a missing daemon shows at the first call.
 * Throws a Problem when the environment names no usable place.
 */
export function connect({ launch, env, onOtherVersion }: ConnectOptions): Client {
  const paths = resolvePaths(env);
  return new Client({
    socket: paths.socket,
    revive: () => (launch ? launchOne(paths, env) : findOne(paths)),
    rescue: (signal) => rescue(paths, { env, signal }),
    onOtherVersion,
  });
}

async function rescue(paths: Paths, options: RescueOptions): Promise<string | undefined> {
  const { awaitNextDaemon } = await import("./rescue.ts");
  return await awaitNextDaemon(paths, options);
}

async function launchOne(paths: Paths, env: Environment): Promise<string> {
  const { launchDaemon } = await import("../daemon/launch.ts");
  return await launchDaemon(paths, { env });
}

/** Longest wait for a daemon that is between two lives, in ms, and between two looks for it. */
const NEXT_LIFE_MS = 10_000;
const LOOK_MS = 10;

/**
 * A daemon that was started in another environment may have its socket elsewhere; one that died a
 * moment ago is being brought back by its keeper.
 */
async function findOne(paths: Paths): Promise<string | undefined> {
  const { findSocket, isKept } = await import("../daemon/record.ts");
  const deadline = performance.now() + NEXT_LIFE_MS;
  for (;;) {
    const socket = await findSocket(paths);
    if (socket !== undefined || !isKept(paths) || performance.now() > deadline) return socket;
    await Bun.sleep(LOOK_MS);
  }
}
