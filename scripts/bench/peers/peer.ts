// What a peer can be measured at. Each lies in a file of its own, beside this one.

import type { Place } from "../place.ts";
import type { Captured } from "./output.ts";

export interface Job {
  readonly name: string;
  readonly command: readonly string[];
}

/** Jobs under a peer's care. */
export interface Supervised {
  /** The command that lists them. */
  readonly list?: readonly string[];
  /** Resolves when so many bytes of a job's output, or all there will be, were taken. */
  captured(job: Job, bytes: number): Promise<Captured>;
  /** What the peer passes on of a job's output, live. */
  follow?(job: Job): AsyncIterable<Uint8Array>;
}

/** A file to watch and what to start again. */
export interface Reloaded {
  /** Where to run. */
  readonly folder: string;
  /** The folder to watch, relative to `folder`. */
  readonly watched: string;
  /** The one file in it. */
  readonly file: string;
  readonly command: readonly string[];
}

interface Abilities {
  /** Starts jobs and resolves when it has taken them. */
  supervise(place: Place, jobs: readonly Job[]): Promise<Supervised>;
  /** Starts a command and starts it again at a change, without any delay that can be taken off. */
  reload(place: Place, project: Reloaded): Promise<void>;
}

interface Description {
  readonly name: string;
  /** What must be on PATH. The first is the one whose version is asked for. */
  readonly programs: readonly [string, ...string[]];
  readonly versionArgs?: readonly string[];
  /** It stays and waits when there is nothing to do. */
  readonly isDaemon: boolean;
  /** Whether the program found is the one meant. */
  isMeant?(place: Place): Promise<boolean>;
}

/** A peer that has the named ability. */
export type Peer<Ability extends keyof Abilities = never> = Description &
  Partial<Abilities> &
  Pick<Abilities, Ability>;

export interface FoundPeer {
  readonly peer: Peer;
  /** Empty when it tells none. */
  readonly version: string;
}

export type Ability = keyof Abilities;

/** Jobs that do nothing. */
export function quietJobs(count: number): (Job & { command: [string, ...string[]] })[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `quiet-${index + 1}`,
    command: ["sleep", "100000"],
  }));
}

/** Programs that jobs of ours consist of. */
const JOB_PROGRAMS: readonly string[] = ["sleep", "sh", "dash", "bash", "cat"];

/** The processes in a place that are the peer's own. */
export function ownPids(place: Place): number[] {
  const own = place.processes().filter(({ name }) => !JOB_PROGRAMS.includes(name));
  return own.map(({ pid }) => pid);
}
