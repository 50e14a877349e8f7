// The real machine: binds what supervising needs to the process, capture and watch folders.

import { join } from "node:path";
import type { Capture } from "../capture/handle.ts";
import { pipePaths } from "../capture/session-capture.ts";
import { UNKNOWN_EXIT } from "../domain/resume.ts";
import type { ExitStatus } from "../domain/session.ts";
import { ageMs, exitOf, findLeader } from "../process/adopt.ts";
import { crashPoint } from "../process/crash-point.ts";
import { childEnvironment } from "../process/environment.ts";
import { groupEmpty, leftBehind } from "../process/group.ts";
import { bootId, isAlive } from "../process/identity.ts";
import { spawnLeader } from "../process/spawn.ts";
import { endTree } from "../process/stop.ts";
import { Journal } from "../watch/journal.ts";
import { Watcher } from "../watch/watcher.ts";
import type { LaunchRequest, Leader, LedRun, Machinery, WatchRequest } from "./machinery.ts";

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
  /** Guards a run; resolves, soon, with how its leader ended if that is known. Never rejects. */
  hold(run: GuardedRun): Promise<ExitStatus | undefined>;
  drop(run: { readonly session: string; readonly run: number }): void;
}

/** What is to be guarded: the unread bytes of its pipes, the exit status of its leader. */
export interface GuardedRun {
  readonly session: string;
  readonly run: number;
  readonly fifos: readonly string[];
  readonly leader?: Leader;
}

/** Everything a registry needs, on this machine. */
export function createMachinery(parts: MachineParts): Machinery {
  const { capture, sessions, guardian } = parts;
  const whenGone = (pid: number) => capture.whenGone(pid);
  const guard = ({ sessionId, run, leader }: Omit<LedRun, "leader"> & { leader?: Leader }) =>
    guardian.hold({
      session: sessionId,
      run,
      fifos: pipePaths(join(sessions, sessionId)),
      ...(leader === undefined ? {} : { leader }),
    });
  return {
    bootId: bootId(),
    openOutput: (id) => capture.open(join(sessions, id)),
    adoptOutput: (id, run) => capture.adopt(join(sessions, id), { run }),
    isAlive,
    ageMs,
    findLeader,
    knownExit: guard,
    async exitOf(led) {
      void guard(led);
      const status = await exitOf(led.leader, (pid) => whenGone(pid) ?? later());
      return status ?? (await guard(led)) ?? UNKNOWN_EXIT;
    },
    letGo({ sessionId, run }) {
      crashPoint("after drain");
      guardian.drop({ session: sessionId, run });
    },
    watch: (request) => startWatcher(request, parts),
    async spawn(request) {
      const { id, run } = request;
      // A turn of its own: whoever asked has its answer before a fork holds everything up.
      await new Promise((resolve) => setImmediate(resolve));
      // Before it writes its first byte, so that none can be lost with both of us.
      await guard({ sessionId: id, run });
      crashPoint("before spawn");
      const leader = launch(request);
      crashPoint("after spawn");
      void guard({ sessionId: id, run, leader });
      return leader;
    },
    groupEmpty: ({ pid }) => groupEmpty(pid, (member) => whenGone(member) ?? later()),
    async endTree(target, options) {
      crashPoint("before end");
      const survivors = await endTree(target, options);
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

function launch({ id, run, spec, output, onExit }: LaunchRequest): Leader {
  return spawnLeader({
    command: spec.command,
    cwd: spec.cwd,
    env: childEnvironment(spec, { id, run }),
    stdout: output.stdout,
    stderr: output.stderr,
    umask: spec.inherited?.umask,
    openFiles: spec.inherited?.openFiles,
    onExit,
  });
}

function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SLOW_LOOK_MS));
}
