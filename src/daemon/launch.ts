// Starts the daemon of a home for a client that found none. Any number of clients may do so at the
// same instant: one takes the launch lock and starts a daemon, the others wait until it answers.

import { closeSync } from "node:fs";
import { Problem } from "../domain/problem.ts";
import { STARTUP_FD } from "../keeper/report.ts";
import { FileLock } from "../native/lock.ts";
import { daemonEnvironment } from "../process/environment.ts";
import { TOO_LATE, within } from "../process/within.ts";
import { openLogFile } from "./daemon-log.ts";
import { giveUp } from "./give-up.ts";
import type { Environment, Paths } from "./paths.ts";
import { homeProblem, preparePaths } from "./prepare.ts";
import { findSocket, isHeld, readRecord, refusedStart } from "./record.ts";
import { socketRemoved } from "./socket-removed.ts";
import { parseStartup, type Startup } from "./startup.ts";

/** Longest wait for a daemon, in ms: for another's start or end, and for the start of our own. */
const LAUNCH_TIMEOUT_MS = 15_000;

export interface LaunchOptions {
  /** The caller's environment; the daemon gets it, less what is only a session's. */
  readonly env: Environment;
  /** What to run instead of this korun's `daemon keep`. */
  readonly command?: readonly string[];
  readonly timeoutMs?: number;
}

/**
 * Returns the socket of the daemon of this home, which is started if none answers. Throws a
 * Problem that says why it could not be started.
 */
export async function launchDaemon(paths: Paths, options: LaunchOptions): Promise<string> {
  try {
    preparePaths(paths);
    return await findOrLaunch(paths, options);
  } catch (thrown) {
    throw homeProblem(paths, thrown);
  }
}

/** How this korun is run: the compiled binary alone, or Bun with our entry. */
export function ownCommand(): string[] {
  if (import.meta.path.startsWith("/$bunfs/")) return [process.execPath];
  return [process.execPath, Bun.fileURLToPath(new URL("../../index.ts", import.meta.url))];
}

async function findOrLaunch(paths: Paths, options: LaunchOptions): Promise<string> {
  const timeout = options.timeoutMs ?? LAUNCH_TIMEOUT_MS;
  const deadline = performance.now() + timeout;
  for (let pause = 5; ; pause = Math.min(pause * 2, 50)) {
    const socket = (await findSocket(paths)) ?? (await launchIfFirst(paths, options));
    if (socket !== undefined) return socket;
    if (performance.now() > deadline) throw await unanswered(paths, timeout);
    await Bun.sleep(pause);
  }
}

/** Launches unless another client is doing so, or a daemon is there that does not answer yet. */
async function launchIfFirst(paths: Paths, options: LaunchOptions): Promise<string | undefined> {
  const lock = FileLock.tryTake(paths.launchLock);
  if (lock === undefined) return undefined;
  try {
    // The one that had the lock before us may just have done it.
    const socket = await findSocket(paths);
    if (socket !== undefined) return socket;
    if (isHeld(paths)) return undefined;
    return await spawnDaemon(paths, options);
  } finally {
    lock.release();
  }
}

async function spawnDaemon(paths: Paths, options: LaunchOptions): Promise<string> {
  const log = openLogFile(paths.log);
  const command = options.command ?? [...ownCommand(), "daemon", "keep"];
  const daemon = Bun.spawn([...command], {
    // A session of its own: no terminal, and no signal meant for the client's group.
    detached: true,
    // No folder that somebody might want to remove or unmount.
    cwd: "/",
    env: environmentOfDaemon(paths, options.env),
    stdio: ["ignore", log, log, "pipe"],
  });
  closeSync(log);
  const timeout = options.timeoutMs ?? LAUNCH_TIMEOUT_MS;
  const word = readStartup(daemon);
  const inTime = await within(timeout, word);
  const startup = inTime === TOO_LATE ? await giveUp(paths, { keeper: daemon, word }) : inTime;
  daemon.unref();
  if (inTime === TOO_LATE && startup === undefined) throw tooSlow(paths, timeout);
  if (startup?.ok) return startup.socket;
  if (startup !== undefined) {
    throw new Problem("unavailable", startup.message, { hint: startup.hint });
  }
  throw diedSilently(paths, await daemon.exited);
}

/** A relative home was meant from where the client is. */
function environmentOfDaemon(paths: Paths, env: Environment): Record<string, string> {
  const home = env.KORUN_HOME ? { KORUN_HOME: paths.home } : {};
  return { ...daemonEnvironment(env), ...home };
}

type Daemon = ReturnType<typeof Bun.spawn>;

async function readStartup(daemon: Daemon): Promise<Startup | undefined> {
  const pipe = daemon.stdio[STARTUP_FD];
  if (typeof pipe !== "number") return undefined;
  return parseStartup(await new Response(Bun.file(pipe).stream()).text());
}

function tooSlow(paths: Paths, timeoutMs: number): Problem {
  const message = `the daemon was given up: it was not ready after ${timeoutMs / 1000} s`;
  return new Problem("unavailable", message, { hint: `Its log says more: ${paths.log}` });
}

function diedSilently(paths: Paths, exitCode: number): Problem {
  return new Problem("unavailable", `the daemon ended with ${exitCode} while it started`, {
    hint: `Its log says more: ${paths.log}`,
  });
}

async function unanswered(paths: Paths, timeoutMs: number): Promise<Problem> {
  const known = refusedStart(paths) ?? (await socketRemoved(paths));
  if (known !== undefined) return known;
  const record = readRecord(paths);
  const holder = record === undefined ? "another process" : `pid ${record.pid}`;
  return new Problem(
    "unavailable",
    `the daemon of ${paths.home} (${holder}) did not answer for ${timeoutMs / 1000} s`,
    { hint: `It may be ending its sessions; its log says more: ${paths.log}` },
  );
}
