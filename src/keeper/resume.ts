// How a keeper hands over to its next version: it becomes that program, in place, so that it stays
// the parent of its orphans and keeps open what it holds. What the next image must know goes with
// it in a file that has no name.

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { messageOf } from "../domain/problem.ts";
import { setCloseOnExec } from "../native/descriptor.ts";
import { becomeProgram } from "../native/exec.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import type { Channel } from "./channel.ts";
import { descriptorsOf, type HeldRun } from "./holds.ts";
import { logLine } from "./keeper-log.ts";

export interface KeeperState {
  readonly daemon: ProcessIdentity;
  readonly link: number;
  /** None for a daemon that can hand over nothing. */
  readonly hands?: number | undefined;
  readonly runs: readonly HeldRun[];
  readonly deaths: number;
  readonly problem: string | null;
}

/** All that a hand-over takes. */
export interface HandOver {
  readonly state: KeeperState;
  /** Of all that is held. */
  readonly descriptors: readonly number[];
  /** The next keeper's command, to which `--resume` is added. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** Looks, a turn of the event loop each, for a moment at which the link is idle. */
const MOST_LOOKS = 1_000;

/**
 * Hands over as soon as nothing is under way on the link, since that would be lost. `prepare` says
 * with what, or that it is no longer wanted. Should it fail, this process just goes on.
 */
export function handOverWhenIdle(link: Channel, prepare: () => HandOver | undefined): void {
  let looks = 0;
  const look = () => {
    looks += 1;
    if (looks > MOST_LOOKS) return;
    if (!link.isIdle) return void setImmediate(look);
    const wanted = prepare();
    if (wanted === undefined) return;
    try {
      handOver(wanted);
    } catch (thrown) {
      logLine("warn", `cannot hand over: ${messageOf(thrown)}; going on as it is`);
    }
  };
  setImmediate(look);
}

/** Returns only if it failed. */
function handOver({ state, descriptors, command, env, home }: HandOver): void {
  const file = writeState(state, home);
  try {
    const [path = ""] = command;
    const failure = becomeProgram({
      path,
      args: [...command, "--resume", String(file)],
      env,
      keep: [...descriptors, ...ownDescriptors(state), file],
    });
    logLine("warn", `cannot become ${command.join(" ")}: errno ${failure}; going on as it is`);
  } finally {
    closeSync(file);
  }
}

/** What the image before this one left at a descriptor. Throws when there is no such thing. */
export function takeOver(file: number): KeeperState {
  const bytes = Buffer.alloc(fstatSync(file).size);
  readSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
  const state = JSON.parse(bytes.toString()) as KeeperState;
  for (const fd of [...ownDescriptors(state), ...state.runs.flatMap(descriptorsOf)]) {
    setCloseOnExec(fd, true);
  }
  return state;
}

function ownDescriptors({ link, hands }: KeeperState): readonly number[] {
  return hands === undefined ? [link] : [link, hands];
}

function writeState(state: KeeperState, home: string): number {
  const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const path = join(home, `keeper.${process.pid}.state`);
  const fd = openSync(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  unlinkSync(path);
  try {
    writeFileSync(fd, JSON.stringify(state));
    return fd;
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
}
