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
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { becomeProgram, closeOnExec } from "../native/exec.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import type { HeldRun } from "./holds.ts";

export interface KeeperState {
  readonly daemon: ProcessIdentity;
  readonly link: number;
  readonly runs: readonly HeldRun[];
  readonly deaths: number;
  readonly problem: string | null;
}

export interface Successor {
  /** The next keeper's command, to which `--resume` is added. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Of all that is held. */
  readonly descriptors: readonly number[];
}

/** Never returns, unless it fails: then with the system's error number. Throws a system error. */
export function handOver(state: KeeperState, successor: Successor): number {
  const file = writeState(state, successor.home);
  try {
    const [path = ""] = successor.command;
    return becomeProgram({
      path,
      args: [...successor.command, "--resume", String(file)],
      env: successor.env,
      keep: [...successor.descriptors, state.link, file],
    });
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
  closeOnExec(state.link, true);
  for (const { fifos, leader } of state.runs) {
    for (const fd of Object.values(fifos)) closeOnExec(fd, true);
    if (leader?.pidfd !== undefined) closeOnExec(leader.pidfd, true);
  }
  return state;
}

function writeState(state: KeeperState, home: string): number {
  const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const path = join(home, `keeper.${process.pid}.state`);
  const fd = openSync(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  unlinkSync(path);
  writeSync(fd, JSON.stringify(state));
  return fd;
}
