// Finds the daemon of this environment, and starts it for those commands that need one. A daemon
// that runs is asked straight away; what it takes to start one is loaded only when none answers.

import { existsSync, readdirSync } from "node:fs";
import { type Environment, type Paths, resolvePaths } from "../daemon/paths.ts";
import { Client } from "./client.ts";
import type { RescueOptions } from "./rescue.ts";

/**
 * When a daemon is started because none answers: `always`, `never`, or `remembered`: when there are
 * sessions to come back to, be it that daemon and keeper were killed or that they went by themselves.
 */
export type Launch = "always" | "remembered" | "never";

export interface ConnectOptions {
  readonly launch: Launch;
  readonly env: Environment;
  readonly onOtherVersion: (theirs: string) => void;
  /** Told once, when `env` asks for another port than the daemon has. */
  readonly onOtherPort?: (ports: { readonly has: number; readonly asked: number }) => void;
}

/**
 * A client of the daemon of `env`. Nothing is sent yet: a missing daemon shows at the first call.
 * Throws a Problem when the environment names no usable place.
 */
export function connect(options: ConnectOptions): Client {
  const { launch, env, onOtherVersion, onOtherPort } = options;
  const paths = resolvePaths(env);
  const isPortAsked = Boolean(env.KORUN_PORT) && paths.port !== 0;
  return new Client({
    socket: paths.socket,
    revive: () => (isToLaunch(launch, paths) ? launchOne(paths, env) : findOne(paths)),
    rescue: (signal) => rescue(paths, { env, signal }),
    ...(launch === "never" ? {} : { succeed: () => succeed(paths, env) }),
    onOtherVersion,
    onAnswer: isPortAsked && onOtherPort ? () => void comparePort(paths, onOtherPort) : undefined,
  });
}

/** The daemon that has just answered holds the home: what it says of itself there is its own. */
async function comparePort(
  paths: Paths,
  onOtherPort: NonNullable<ConnectOptions["onOtherPort"]>,
): Promise<void> {
  const { readRecord } = await import("../daemon/record.ts");
  const has = readRecord(paths)?.port ?? 0;
  // One that has yet to find a free port says 0.
  if (has !== 0 && has !== paths.port) onOtherPort({ has, asked: paths.port });
}

function isToLaunch(launch: Launch, { sessions }: Paths): boolean {
  if (launch !== "remembered") return launch === "always";
  return existsSync(sessions) && readdirSync(sessions).length > 0;
}

async function rescue(paths: Paths, options: RescueOptions): Promise<string | undefined> {
  const { awaitNextDaemon } = await import("./rescue.ts");
  return await awaitNextDaemon(paths, options);
}

async function succeed(paths: Paths, env: Environment): Promise<string | undefined> {
  const { launchSuccessor } = await import("./rescue.ts");
  return await launchSuccessor(paths, env);
}

async function launchOne(paths: Paths, env: Environment): Promise<string> {
  const { launchDaemon } = await import("../daemon/launch.ts");
  return await launchDaemon(paths, { env });
}

/** Longest wait for a daemon that is between two lives, in ms, and between two looks for it. */
const NEXT_LIFE_MS = 15_000;
const LOOK_MS = 10;

/** How long one that was refused its start is waited for, in ms: its keeper tries on. */
const REFUSED_MS = 1_000;

/** Throws a Problem for a home that cannot be one, and for a daemon that does not come up. */
async function findOne(paths: Paths): Promise<string | undefined> {
  try {
    return await lookForOne(paths);
  } catch (thrown) {
    const { homeProblem } = await import("../daemon/prepare.ts");
    throw homeProblem(paths, thrown);
  }
}

/**
 * A daemon that was started in another environment may have its socket elsewhere; one that died a
 * moment ago is being brought back by its keeper. Throws the Problem that keeps it from that.
 */
async function lookForOne(paths: Paths): Promise<string | undefined> {
  const { findSocket, isKept, refusedStart, stuckStart } = await import("../daemon/record.ts");
  const since = performance.now();
  for (;;) {
    const socket = await findSocket(paths);
    const waited = performance.now() - since;
    if (socket !== undefined || !isKept(paths)) return socket;
    const refused = waited > REFUSED_MS ? refusedStart(paths) : undefined;
    if (refused !== undefined) throw refused;
    if (waited > NEXT_LIFE_MS) {
      const { socketRemoved } = await import("../daemon/socket-removed.ts");
      throw (await socketRemoved(paths)) ?? stuckStart(paths);
    }
    await Bun.sleep(LOOK_MS);
  }
}
