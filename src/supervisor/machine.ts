// The real machine: binds what supervising needs to the process, capture and watch folders.

import { join } from "node:path";
import type { Capture } from "../capture/handle.ts";
import { UNKNOWN_EXIT } from "../domain/resume.ts";
import type { ExitStatus } from "../domain/session.ts";
import { ageMs, exitOf, findLeader } from "../process/adopt.ts";
import { childEnvironment } from "../process/environment.ts";
import { groupEmpty, leftBehind } from "../process/group.ts";
import { bootId, isAlive } from "../process/identity.ts";
import { spawnLeader } from "../process/spawn.ts";
import { endTree } from "../process/stop.ts";
import { Watcher } from "../watch/watcher.ts";
import type { LaunchRequest, Leader, Machinery } from "./machinery.ts";

/** Between two looks at a process on a system that cannot wait for one, in ms. */
const SLOW_LOOK_MS = 500;

export interface MachineParts {
  readonly capture: Capture;
  /** The folder in which each session gets one of its own. */
  readonly sessions: string;
  /** How a process ended that no daemon could see, if somebody saw it. */
  knownExit(leader: Leader): ExitStatus | undefined;
}

/** Everything a registry needs, on this machine. */
export function createMachinery({ capture, sessions, knownExit }: MachineParts): Machinery {
  const whenGone = (pid: number) => capture.whenGone(pid);
  return {
    bootId: bootId(),
    openOutput: (id) => capture.open(join(sessions, id)),
    adoptOutput: (id, run) => capture.adopt(join(sessions, id), { run }),
    isAlive,
    ageMs,
    findLeader,
    knownExit,
    async exitOf(leader) {
      const status = await exitOf(leader, (pid) => whenGone(pid) ?? later());
      return status ?? knownExit(leader) ?? UNKNOWN_EXIT;
    },
    watch: ({ spec, ...callbacks }) => {
      const { cwd, watch, ignore, debounceMs } = spec;
      return Watcher.start({ cwd, watch, ignore, debounceMs, ...callbacks });
    },
    spawn: launch,
    groupEmpty: ({ pid }) => groupEmpty(pid, (member) => whenGone(member) ?? later()),
    async endTree(target, options) {
      const survivors = await endTree(target, options);
      return survivors.map(({ pid, name }) => ({ pid, name }));
    },
    leftBehind,
    whenGone,
  };
}

async function launch({ id, run, spec, output, onExit }: LaunchRequest): Promise<Leader> {
  // A turn of its own: whoever asked has its answer before a fork holds everything up.
  await new Promise((resolve) => setImmediate(resolve));
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
