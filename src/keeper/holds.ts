// What the keeper keeps alive of runs, merely by having it open: the bytes of a pipe live as long
// as any end of it is open, and a process descriptor knows how its process ended for good.

import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { messageOf } from "../domain/problem.ts";
import type { ExitStatus } from "../domain/session.ts";
import { openPidfd } from "../native/pidfd.ts";
import { startTimeOf } from "../process/identity.ts";
import { keyOf, type ProcessIdentity } from "../process/process-info.ts";
import { endOf, readZombie } from "./ended.ts";
import type { DropRequest, HoldRequest } from "./protocol.ts";

/** What is open of one run. Plain data: descriptors outlive an exec by their numbers. */
export interface HeldRun {
  readonly session: string;
  readonly run: number;
  /** Reading ends by path. */
  readonly fifos: Record<string, number>;
  leader?: HeldLeader;
}

export interface HeldLeader extends ProcessIdentity {
  /** None for a process that was gone already, and on a system that has none. */
  readonly pidfd?: number;
}

/** A held process that has ended. */
export interface EndedLeader extends ProcessIdentity {
  readonly status: ExitStatus;
}

export class Holds {
  #runs: HeldRun[];

  /** Goes on with what an earlier image of this process had open. */
  constructor(runs: readonly HeldRun[] = []) {
    this.#runs = [...runs];
  }

  get runs(): readonly HeldRun[] {
    return this.#runs;
  }

  /** All descriptors that are open. */
  get descriptors(): readonly number[] {
    return this.#runs.flatMap(descriptorsOf);
  }

  /** Opens what is not open yet. Says what could not be opened, and why. */
  hold(request: HoldRequest): string | null {
    const run = this.#find(request) ?? this.#begin(request);
    const problems = (request.fifos ?? []).map((path) => holdFifo(run, path));
    if (request.leader !== undefined) holdLeader(run, request.leader);
    const told = problems.filter((problem) => problem !== undefined);
    return told.length === 0 ? null : told.join("; ");
  }

  drop({ session, run }: DropRequest): void {
    this.#keep((held) => held.session !== session || (run !== undefined && held.run !== run));
  }

  retain(sessions: readonly string[]): void {
    const known = new Set(sessions);
    this.#keep((held) => known.has(held.session));
  }

  isHeld(identity: ProcessIdentity): boolean {
    const key = keyOf(identity);
    return this.#runs.some(({ leader }) => leader !== undefined && keyOf(leader) === key);
  }

  /** How a held process ended; undefined while it lives, and where nothing tells. */
  endOf(identity: ProcessIdentity): ExitStatus | undefined {
    const key = keyOf(identity);
    const held = this.#runs.find(({ leader }) => leader !== undefined && keyOf(leader) === key);
    return endOf(identity, held?.leader?.pidfd);
  }

  /** The held processes that have ended. */
  ended(): readonly EndedLeader[] {
    return this.#runs.flatMap(({ leader }) => {
      const status = leader === undefined ? undefined : endOf(leader, leader.pidfd);
      if (leader === undefined || status === undefined) return [];
      return [{ pid: leader.pid, startTime: leader.startTime, status }];
    });
  }

  #find({ session, run }: HoldRequest): HeldRun | undefined {
    return this.#runs.find((held) => held.session === session && held.run === run);
  }

  #begin({ session, run }: HoldRequest): HeldRun {
    const held: HeldRun = { session, run, fifos: {} };
    this.#runs.push(held);
    return held;
  }

  #keep(wanted: (run: HeldRun) => boolean): void {
    const dropped = this.#runs.filter((run) => !wanted(run));
    this.#runs = this.#runs.filter(wanted);
    for (const fd of dropped.flatMap(descriptorsOf)) closeSync(fd);
  }
}

function descriptorsOf({ fifos, leader }: HeldRun): readonly number[] {
  return [...Object.values(fifos), ...(leader?.pidfd === undefined ? [] : [leader.pidfd])];
}

function holdFifo(run: HeldRun, path: string): string | undefined {
  try {
    const held = run.fifos[path];
    if (held !== undefined && isAt(held, path)) return undefined;
    run.fifos[path] = openFifo(path);
    // A pipe of that name was made anew.
    if (held !== undefined) closeSync(held);
    return undefined;
  } catch (thrown) {
    return `cannot hold ${path}: ${messageOf(thrown)}`;
  }
}

function openFifo(path: string): number {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw new Error("it is no pipe");
}

function isAt(fd: number, path: string): boolean {
  const held = fstatSync(fd);
  const named = statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === held.ino && named.dev === held.dev;
}

function holdLeader(run: HeldRun, { pid, startTime }: ProcessIdentity): void {
  const { leader } = run;
  // The older descriptor may know of an end that no new one could be opened for.
  if (leader?.pid === pid && leader.startTime === startTime) return;
  if (leader?.pidfd !== undefined) closeSync(leader.pidfd);
  const pidfd = openIdentity({ pid, startTime });
  run.leader = pidfd === undefined ? { pid, startTime } : { pid, startTime, pidfd };
}

/** A descriptor of this very process, living or not yet reaped. */
export function openIdentity({ pid, startTime }: ProcessIdentity): number | undefined {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) return undefined;
  // Looked at after opening: from here on the descriptor cannot come to mean another process.
  if ((startTimeOf(pid) ?? readZombie(pid)?.startTime) === startTime) return pidfd;
  closeSync(pidfd);
  return undefined;
}
