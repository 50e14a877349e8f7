// Process facts where there is no /proc (macOS), from ps(1). Slower (a few milliseconds), start
// times only to the second, and no environments: what left the tree *and* the group is not found.

import { basename } from "node:path";
import {
  type ProcessInfo,
  type ProcessSource,
  type ScannedProcess,
  UNMARKED,
} from "./process-info.ts";

const COLUMNS = "pid=,ppid=,pgid=,stat=,lstart=,comm=";
const LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/;

/** Asks ps(1) at every call. */
export class Ps implements ProcessSource {
  scan(): readonly ScannedProcess[] {
    return runPs(["-axo", COLUMNS]).map((process) => ({ ...process, mark: UNMARKED }));
  }

  look(pid: number): ProcessInfo | undefined {
    return runPs(["-o", COLUMNS, "-p", String(pid)])[0];
  }
}

/** The living process that a line of ps describes, or undefined. */
export function parsePsLine(line: string): ProcessInfo | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, pid, parent, group, state = "", started = "", command = ""] = match;
  if (state.startsWith("Z")) return undefined;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    startTime: Date.parse(started),
    stopped: state.startsWith("T"),
    name: basename(command),
  };
}

function runPs(options: readonly string[]): readonly ProcessInfo[] {
  const { stdout } = Bun.spawnSync(["/bin/ps", ...options], {
    env: { LC_ALL: "C" },
    stdin: "ignore",
    stderr: "ignore",
  });
  return stdout
    .toString()
    .split("\n")
    .map(parsePsLine)
    .filter((process) => process !== undefined);
}
