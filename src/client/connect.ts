// Finds the daemon of this environment, and starts it for those commands that need one. A daemon
// that runs is asked straight away; what it takes to start one is loaded only when none answers.

import { type Environment, type Paths, resolvePaths } from "../daemon/paths.ts";
import { Client } from "./client.ts";

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
    onOtherVersion,
  });
}

async function launchOne(paths: Paths, env: Environment): Promise<string> {
  const { launchDaemon } = await import("../daemon/launch.ts");
  return await launchDaemon(paths, { env });
}

/** A daemon that was started in another environment may have its socket elsewhere. */
async function findOne(paths: Paths): Promise<string | undefined> {
  const { findSocket } = await import("../daemon/record.ts");
  return await findSocket(paths);
}
