// Process facts where there is no /proc (macOS), from ps(1). Slower (a few milliseconds), start
// times only to the second, no environments (what left the tree *and* the group is not found), and
// no processor time of children that have ended.

import { basename } from "node:path";
import {
  type ProcessInfo,
  type ProcessMap,
  type ProcessSource,
  type ScannedProcess,
  UNMARKED,
} from "./process-info.ts";

const COLUMNS = "pid=,ppid=,pgid=,stat=,time=,rss=,lstart=,comm=";
const NUMBERS = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+([\d:.-]+)\s+(\d+)\s+/;
const REST = /^(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/;

/** Asks ps(1) at every call. */
export class Ps implements ProcessSource {
  scan(): readonly ScannedProcess[] {
    return runPs(["-axo", COLUMNS]).map((process) => ({ ...process, mark: UNMARKED }));
  }

  rescan(): ProcessMap {
    return new Map(this.scan().map((process) => [process.pid, process]));
  }

  look(pid: number): ProcessInfo | undefined {
    return runPs(["-o", COLUMNS, "-p", String(pid)])[0];
  }

  startTime(pid: number): number | undefined {
    return this.look(pid)?.startTime;
  }

  isUnreaped(): boolean {
    return false;
  }
}

/** The living process that a line of ps describes, or undefined. */
export function parsePsLine(line: string): ProcessInfo | undefined {
  const numbers = NUMBERS.exec(line);
  const rest = REST.exec(line.slice(numbers?.[0].length ?? 0));
  if (numbers === null || rest === null) return undefined;
  const [, pid, parent, group, state = "", time = "", rss] = numbers;
  const [, started = "", command = ""] = rest;
  if (state.startsWith("Z")) return undefined;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    startTime: Date.parse(started),
    stopped: state.startsWith("T"),
    name: basename(command),
    cpuMs: parseTime(time),
    reapedCpuMs: 0,
    rssBytes: Number(rss) * 1_024,
  };
}

/** Milliseconds of `0:01.25`, `1:02:03` or `2-01:02:03`. */
function parseTime(time: string): number {
  const [clock = "", days = "0"] = time.split("-").toReversed();
  const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1_000);
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
