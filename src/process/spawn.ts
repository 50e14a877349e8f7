// Starting the leader of a run: find its program, put the caller's limits in place, spawn it in a
// session and group of its own, and note who it is before its pid can be anyone else's.
//
// Either way the child has every signal at its default, none blocked, and no descriptor but these
// three. Bun cannot give a child a terminal as its own: such a child is started, and reaped, here.

import { accessSync, constants, statSync } from "node:fs";
import type { ChildEnds, PipeEnds } from "../capture/child-ends.ts";
import { Problem, systemCode } from "../domain/problem.ts";
import type { ExitStatus } from "../domain/session.ts";
import { reapedStatus } from "../native/reaper.ts";
import { spawnOnTerminal } from "../native/spawn.ts";
import { resolveCommand } from "./command.ts";
import { startTimeOf, startTimeOfChild } from "./identity.ts";
import { type ChildLimits, withChildLimits } from "./limits.ts";
import type { ProcessIdentity } from "./process-info.ts";
import { signalName } from "./signal.ts";
import { spawnProblem } from "./spawn-problem.ts";

/** The process a run consists of; its pid is also the number of its process group. */
export type Leader = ProcessIdentity;

export interface SpawnRequest extends ChildLimits {
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  /** Absolute working directory. */
  readonly cwd: string;
  /** All of the child's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What the child reads from and writes to; descriptors are still the caller's to close. */
  readonly ends: ChildEnds;
  /** Called once, after `spawnLeader` has returned. */
  onExit(status: ExitStatus): void;
  /** Resolves when the process that has this pid has ended; perhaps too early, never too late. */
  whenGone(pid: number): Promise<void>;
}

/**
 * Starts a command, synchronously. Throws a Problem whose message opens with the system's code:
 * `command_not_found`, `not_executable`, `bad_request` for the working directory, `unavailable`
 * when the machine has no room for another process.
 */
export function spawnLeader(request: SpawnRequest): Leader {
  requireDirectory(request.cwd);
  const [name] = request.command;
  const program = resolveCommand(name, { path: request.env.PATH, cwd: request.cwd });
  const pid = withChildLimits(request, () => spawn(program, request));
  // Not reaped before this turn of the event loop ends, so the pid is still this child's, also if
  // it has ended already. Where that cannot be told it counts as never having lived: no process was
  // started at time 0.
  return { pid, startTime: startTimeOfChild(pid) ?? 0 };
}

function spawn(program: string, request: SpawnRequest): number {
  const { ends } = request;
  try {
    return ends.terminal === undefined
      ? spawnOnPipes(program, request, ends)
      : spawnInTerminal(program, request, ends.terminal.path);
  } catch (thrown) {
    // It may have gone just now, and the system does not say which of the two is missing.
    requireDirectory(request.cwd);
    throw spawnProblem(thrown, { program, cwd: request.cwd });
  }
}

function spawnOnPipes(program: string, request: SpawnRequest, ends: PipeEnds): number {
  const [name, ...options] = request.command;
  return Bun.spawn([program, ...options], {
    argv0: name,
    cwd: request.cwd,
    env: { ...request.env },
    detached: true,
    stdin: ends.stdin ?? "ignore",
    stdout: ends.stdout,
    stderr: ends.stderr,
    onExit: (_child, code, signal) => request.onExit(exitStatus(code, signal)),
  }).pid;
}

function spawnInTerminal(program: string, request: SpawnRequest, terminal: string): number {
  const { command, cwd, env } = request;
  const pid = spawnOnTerminal({ program, args: command, cwd, env, terminal });
  void reapLater(pid, request);
  return pid;
}

/** Not before this turn is over, so that nobody is told of an end before the start. */
async function reapLater(pid: number, { whenGone, onExit }: SpawnRequest): Promise<void> {
  for (;;) {
    await whenGone(pid);
    const status = reapedStatus(pid);
    // Where somebody else has reaped it, nobody knows how it ended.
    if (status === undefined && startTimeOf(pid) !== undefined) continue;
    onExit(status ?? { code: null, signal: null });
    return;
  }
}

/** Bun types a signal as a name or a number, and gives the number for one that has no name. */
function exitStatus(code: number | null, signal: number | string | null): ExitStatus {
  return signal === null ? { code, signal: null } : { code: null, signal: signalName(signal) };
}

function requireDirectory(cwd: string): void {
  const problem = directoryProblem(cwd);
  if (problem === undefined) return;
  throw new Problem("bad_request", problem, {
    field: "cwd",
    hint: "Make the directory again, or start the session in another one.",
  });
}

function directoryProblem(cwd: string): string | undefined {
  try {
    if (!statSync(cwd).isDirectory()) return `ENOTDIR: ${cwd} is not a directory`;
    accessSync(cwd, constants.X_OK);
    return undefined;
  } catch (thrown) {
    const code = systemCode(thrown) ?? "ENOENT";
    return code === "ENOENT"
      ? `ENOENT: working directory ${cwd} is gone`
      : `${code}: working directory ${cwd} cannot be entered`;
  }
}
