// The real machine: binds what supervising needs to the process, capture and watch folders.

import { join } from "node:path";
import type { Capture } from "../capture/handle.ts";
import { inputPaths, outputPaths } from "../capture/pipes.ts";
import { UNKNOWN_EXIT } from "../domain/resume.ts";
import type { SessionSpec } from "../domain/session.ts";
import { ageMs, exitOf, findLeader } from "../process/adopt.ts";
import { crashPoint } from "../process/crash-point.ts";
import { Ending } from "../process/ending.ts";
import { childEnvironment, inTerminal } from "../process/environment.ts";
import { groupEmpty, groupLives, leftBehind } from "../process/group.ts";
import { bootId, isAlive } from "../process/identity.ts";
import { notedLeader, noteLeader } from "../process/leader-note.ts";
import { groupExists } from "../process/signal.ts";
import { spawnLeader } from "../process/spawn.ts";
import { stampOf } from "../process/stamp.ts";
import { endTree } from "../process/stop.ts";
import { Journal } from "../watch/journal.ts";
import { Watcher } from "../watch/watcher.ts";
import type {
  LaunchRequest,
  Leader,
  LedRun,
  Machinery,
  PastRun,
  WatchRequest,
} from "./machinery.ts";

/** Between two looks at a process on a system that cannot wait for one, in ms. */
const SLOW_LOOK_MS = 500;

export interface MachineParts {
  readonly capture: Capture;
  /** korun's own folder, in which nothing is watched. */
  readonly home: string;
  /** The folder in which each session gets one of its own. */
  readonly sessions: string;
  readonly guardian: Guardian;
  /** Takes what went wrong and is nobody's answer, for the daemon's log. */
  report(what: string, cause: unknown): void;
}

/** Whoever keeps alive what must outlive the daemon. */
export interface Guardian {
  /** The master of the terminal of an earlier daemon's run, the caller's to close, if it was kept. */
  terminalOf(run: { readonly session: string; readonly run: number }): number | undefined;
  /** Guards a run; resolves, soon, with what became of it so far. Never rejects. */
  hold(run: GuardedRun): Promise<PastRun>;
  drop(run: { readonly session: string; readonly run: number }): void;
  /** The end of input was sent to a session's run: its pipe is guarded no longer. */
  endInput(session: string): void;
}

/**
 * What is to be guarded: the unread bytes of its pipes, the other end of its input, its terminal,
 * the exit status of its leader.
 */
export interface GuardedRun {
  readonly session: string;
  readonly run: number;
  readonly fifos: readonly string[];
  readonly inputs: readonly string[];
  /** The master, which stays the caller's. */
  readonly terminal?: number | undefined;
  readonly leader?: Leader;
}

/** Everything a registry needs, on this machine. */
export function createMachinery(parts: MachineParts): Machinery {
  const { capture, sessions, guardian } = parts;
  const whenGone = (pid: number) => capture.whenGone(pid);
  const guard = (of: Omit<LedRun, "leader"> & { leader?: Leader; terminal?: number }) => {
    const { sessionId, ...guarded } = of;
    const folder = join(sessions, sessionId);
    const [fifos, inputs] = [outputPaths(folder), inputPaths(folder)];
    return guardian.hold({ session: sessionId, fifos, inputs, ...guarded });
  };
  const waysOf = (id: string, { stdin, pty }: SessionSpec) => {
    return { stdin, pty, onInputEnd: () => guardian.endInput(id) };
  };
  /** Where it fails, the run is started twice only if the daemon dies within the next moment. */
  const note = (folder: string, led: { run: number; leader: Leader }) => {
    try {
      noteLeader(folder, led);
    } catch (thrown) {
      parts.report("noting who leads a run", thrown);
    }
  };
  return {
    bootId: bootId(),
    openOutput: (id, spec) => capture.open(join(sessions, id), waysOf(id, spec)),
    adoptOutput({ id, spec, state: { run, phase } }) {
      const folder = join(sessions, id);
      const terminal = guardian.terminalOf({ session: id, run });
      // The end of input may have been sent just before the daemon died, the pipe still be held.
      if (spec.stdin === "pipe" && inputPaths(folder).length === 0) guardian.endInput(id);
      const isLive = phase !== "resting";
      return capture.adopt(folder, { run, isLive, terminal, ways: waysOf(id, spec) });
    },
    isAlive,
    ageMs,
    async findLeader(led) {
      return (await findLeader(led)) ?? notedLeader(join(sessions, led.sessionId), led.run);
    },
    async pastOf(led) {
      const { exit, guarded } = await guard(led);
      // What the leader left in its group is the run's still.
      const goesOn = exit !== undefined && groupExists(led.leader.pid);
      return { exit: goesOn ? { ...exit, at: undefined } : exit, guarded };
    },
    async exitOf(led) {
      void guard(led);
      const status = await exitOf(led.leader, (pid) => whenGone(pid) ?? later());
      return status ?? (await guard(led)).exit ?? UNKNOWN_EXIT;
    },
    letGo({ sessionId, run }) {
      crashPoint("after drain");
      guardian.drop({ session: sessionId, run });
    },
    watch: (request) => startWatcher(request, parts),
    async spawn(request) {
      const { id, run, output } = request;
      const terminal = output.terminal?.master;
      // A turn of its own: whoever asked has its answer before a fork holds everything up.
      await new Promise((resolve) => setImmediate(resolve));
      // Before it writes its first byte, so that none can be lost with both of us.
      await guard({ sessionId: id, run, ...(terminal === undefined ? {} : { terminal }) });
      crashPoint("before spawn");
      try {
        const leader = launch(request, (pid) => whenGone(pid) ?? later());
        note(join(sessions, id), { run, leader });
        crashPoint("after spawn");
        void guard({ sessionId: id, run, leader });
        return leader;
      } catch (thrown) {
        guardian.drop({ session: id, run });
        throw thrown;
      }
    },
    groupEmpty: ({ pid }) => groupEmpty(pid, (member) => whenGone(member) ?? later()),
    groupLives: ({ sessionId, leader }) => groupLives(sessionId, leader.pid),
    async endTree(target, { graceMs, force, again }) {
      crashPoint("before end");
      const folder = join(sessions, target.sessionId);
      const ending = again ? Ending.goOn(folder) : Ending.begin(folder);
      const survivors = await endTree(target, { graceMs, force, ending });
      ending.over();
      crashPoint("after end");
      return survivors.map(({ pid, name }) => ({ pid, name }));
    },
    leftBehind,
    whenGone,
  };
}

async function startWatcher(request: WatchRequest, parts: MachineParts): Promise<Watcher> {
  const { id, resumed, spec, onChange, onTrigger, onStatus } = request;
  const { cwd, watch, ignore, debounceMs } = spec;
  const armed = resumed?.reacts ?? true;
  const journal = new Journal(join(parts.sessions, id), {
    recall: resumed !== undefined && armed,
    report: (thrown) => parts.report(`session ${id}: writing down its watched files`, thrown),
  });
  return await Watcher.start({
    ...{ cwd, watch, ignore, debounceMs, onChange, onTrigger, onStatus },
    ...{ armed, journal, exclude: [parts.home], mayBeMissing: resumed !== undefined },
  });
}

function launch(
  { id, run, spec, output, onExit }: LaunchRequest,
  whenGone: (pid: number) => Promise<void>,
): Leader {
  const env = childEnvironment(spec, { id, run });
  return spawnLeader({
    command: spec.command,
    cwd: spec.cwd,
    env: output.terminal === undefined ? env : inTerminal(env, spec.env),
    ends: output,
    umask: spec.inherited?.umask,
    openFiles: spec.inherited?.openFiles,
    stamp: stampOf(id),
    onExit,
    whenGone,
  });
}

function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SLOW_LOOK_MS));
}
