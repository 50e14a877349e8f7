// What the keeper keeps alive of runs, merely by having it open: the bytes of a pipe live as long
// as any end of it is open, its reader sees no end of it as long as somebody could write, a terminal
// is there as long as its master is, and a process descriptor knows how its process ended for good.

import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { messageOf } from "../domain/problem.ts";
import type { ExitStatus } from "../domain/session.ts";
import { openPidfd } from "../native/pidfd.ts";
import { startTimeOf } from "../process/identity.ts";
import { keyOf, type ProcessIdentity } from "../process/process-info.ts";
import { endOf, readZombie } from "./ended.ts";
import type { DropRequest, HoldRequest, RunKey } from "./protocol.ts";

const READING = constants.O_RDONLY;
const WRITING = constants.O_WRONLY;

/** What is open of one run. Plain data: descriptors outlive an exec by their numbers. */
export interface HeldRun {
  readonly session: string;
  readonly run: number;
  /** Reading ends by path. */
  readonly fifos: Record<string, number>;
  /** Writing ends by path. */
  inputs?: Record<string, number>;
  /** The master of its terminal. */
  terminal?: number;
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

  has(run: RunKey): boolean {
    return this.#find(run) !== undefined;
  }

  /**
   * Opens what is not open yet, and takes over the master of a terminal. Says what could not be
   * opened, and why.
   */
  hold(request: HoldRequest, terminal?: number): string | null {
    const run = this.#find(request) ?? this.#begin(request);
    const inputs = run.inputs ?? {};
    run.inputs = inputs;
    const problems = [
      ...(request.fifos ?? []).map((path) => holdFifo(run.fifos, path, READING)),
      ...(request.inputs ?? []).map((path) => holdFifo(inputs, path, WRITING)),
    ];
    if (terminal !== undefined) holdTerminal(run, terminal);
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

  /** Lets go of the inputs of a session, whose reader then sees their end. */
  endInput(session: string): void {
    for (const held of this.#runs.filter((run) => run.session === session)) {
      for (const fd of Object.values(held.inputs ?? {})) closeSync(fd);
      held.inputs = {};
    }
  }

  /** The master of a run's terminal, which stays held. */
  terminalOf(run: RunKey): number | undefined {
    return this.#find(run)?.terminal;
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

  #find({ session, run }: RunKey): HeldRun | undefined {
    return this.#runs.find((held) => held.session === session && held.run === run);
  }

  #begin({ session, run }: RunKey): HeldRun {
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

/** All that is open of a run. */
export function descriptorsOf(run: HeldRun): readonly number[] {
  const { fifos, inputs = {}, terminal, leader } = run;
  const single = [terminal, leader?.pidfd].filter((fd) => fd !== undefined);
  return [...Object.values(fifos), ...Object.values(inputs), ...single];
}

function holdFifo(ends: Record<string, number>, path: string, access: number): string | undefined {
  try {
    const held = ends[path];
    if (held !== undefined && isAt(held, path)) return undefined;
    ends[path] = openFifo(path, access);
    // A pipe of that name was made anew.
    if (held !== undefined) closeSync(held);
    return undefined;
  } catch (thrown) {
    return `cannot hold ${path}: ${messageOf(thrown)}`;
  }
}

function openFifo(path: string, access: number): number {
  const fd = openSync(path, access | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw new Error("it is no pipe");
}

function isAt(fd: number, path: string): boolean {
  const held = fstatSync(fd);
  const named = statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === held.ino && named.dev === held.dev;
}

function holdTerminal(run: HeldRun, master: number): void {
  if (run.terminal !== undefined) closeSync(run.terminal);
  run.terminal = master;
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
