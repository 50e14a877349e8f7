// Who leads a run, in a file of its session's folder: written the moment it is started, which is
// before anything can be kept in the store. A daemon that is killed in between has started a process
// that may well have ended before the next one looks, and that must not be started a second time.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "./process-info.ts";

const NOTE = /^(\d+) (\d+) (\d+)\n$/;

export interface LeaderNote {
  readonly run: number;
  readonly leader: ProcessIdentity;
}

/** Notes the leader of a run in the session's folder. Throws system errors. */
export function noteLeader(folder: string, { run, leader }: LeaderNote): void {
  writeFileSync(noteIn(folder), `${run} ${leader.pid} ${leader.startTime}\n`, { mode: 0o600 });
}

/** The leader that was noted for this very run, whether it lives or not. */
export function notedLeader(folder: string, run: number): ProcessIdentity | undefined {
  const note = lastNote(folder);
  return note?.run === run ? note.leader : undefined;
}

/** The run that was started last, and its leader, whether it lives or not. */
export function lastNote(folder: string): LeaderNote | undefined {
  const [note, run, pid, startTime] = NOTE.exec(read(noteIn(folder))) ?? [];
  if (note === undefined) return undefined;
  return { run: Number(run), leader: { pid: Number(pid), startTime: Number(startTime) } };
}

function noteIn(folder: string): string {
  return join(folder, "leader");
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // none was started yet, or it could not be noted
  }
}
