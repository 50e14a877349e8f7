// Whether a command exits with 0, in the folder, the environment and under the limits of its
// session. It is none of the session's own processes: what it starts is told from them by
// KORUN_CHECK, and so neither counts as left behind nor as the session's own listener on a port. It
// is gone when its look is over.

import type { Check } from "../domain/checks.ts";
import { resolveCommand } from "../process/command.ts";
import { CHECK_VARIABLE, childEnvironment } from "../process/environment.ts";
import { startTimeOf } from "../process/identity.ts";
import { withChildLimits } from "../process/limits.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import { groupExists, signalGroup, signalName } from "../process/signal.ts";
import { stampOf } from "../process/stamp.ts";
import { endTree } from "../process/stop.ts";
import { LastLine } from "./last-line.ts";
import { brief, MET, type Probe, type ProbedRun, type Sight, unmet } from "./probe.ts";

const UNENDED = "has not ended in time";

type CommandCheck = Extract<Check, { kind: "command" }>;

export interface CommandContext {
  readonly run: ProbedRun;
  /** Names the check among those of its session. */
  readonly place: string;
}

export function commandProbe({ command }: CommandCheck, context: CommandContext): Probe {
  return {
    what: `command ${brief(lineOf(command))}`,
    outset: "not run yet",
    mostMs: undefined,
    look: (signal) => lookAt(command, { ...context, signal }),
  };
}

/** What the processes of a check carry in their environment. */
export function markOf(sessionId: string, place: string): string {
  return `${sessionId}/${place}`;
}

/** Ends whatever is left of a check, such as under an earlier daemon that was killed. */
export async function endChecks(mark: string): Promise<void> {
  await endTree({ sessionId: mark, leader: undefined }, { graceMs: 0 });
}

interface LookContext extends CommandContext {
  readonly signal: AbortSignal;
}

async function lookAt(command: CommandCheck["command"], context: LookContext): Promise<Sight> {
  const { signal, run, place } = context;
  if (signal.aborted) return unmet(UNENDED);
  const mark = markOf(run.sessionId, place);
  const child = start(command, { run, mark });
  const leader: ProcessIdentity = { pid: child.pid, startTime: startTimeOf(child.pid) ?? 0 };
  const lastWords = new LastLine(child.stderr);
  // At once and in one step: whoever aborts may not live to see the rest.
  const kill = () => signalGroup(leader.pid, "SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  await child.exited;
  signal.removeEventListener("abort", kill);
  if (signal.aborted || groupExists(leader.pid)) {
    await endTree({ sessionId: mark, leader }, { graceMs: 0 });
  }
  const said = await lastWords.read();
  if (signal.aborted) return unmet(UNENDED);
  if (child.exitCode === 0) return MET;
  const end = `exits with ${child.exitCode ?? signalName(child.signalCode ?? "a signal")}`;
  return unmet(said === "" ? end : `${end}: ${brief(said)}`);
}

function start(
  [name, ...options]: CommandCheck["command"],
  { run, mark }: { readonly run: ProbedRun; readonly mark: string },
): Bun.Subprocess<"ignore", "ignore", "pipe"> {
  const { spec, sessionId, number } = run;
  const env = childEnvironment(spec, { id: sessionId, run: number });
  const program = resolveCommand(name, { path: env.PATH, cwd: spec.cwd });
  const { umask, openFiles } = spec.inherited ?? {};
  const limits = { umask, openFiles, stamp: stampOf(mark) };
  return withChildLimits(limits, () =>
    Bun.spawn([program, ...options], {
      argv0: name,
      cwd: spec.cwd,
      env: { ...env, [CHECK_VARIABLE]: mark },
      detached: true,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    }),
  );
}

/** As it was written: a line for the shell, or words. */
function lineOf(command: readonly string[]): string {
  const [shell, flag, line, ...more] = command;
  const isLine = shell === "sh" && flag === "-c" && line !== undefined && more.length === 0;
  return isLine ? line : command.join(" ");
}
