// The files of a session's rings. All that is touched of one is backed by storage first: memory of
// a file that ends before it, or has no room on its disk, is SIGBUS, and death.

import { closeSync, constants, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Problem, systemCode } from "../domain/problem.ts";
import type { OutputStream } from "../domain/session.ts";
import { MIN_CAPACITY } from "../logs/arena.ts";
import {
  arenaStart,
  F64,
  HEADER_BYTES,
  maxCapacity,
  type RingLimits,
  ringBytes,
} from "../logs/layout.ts";
import {
  EFBIG,
  type Mapping,
  mapShared,
  refusedAllocation,
  unmap,
  viewOf,
} from "../native/memory.ts";
import type { RingFile } from "./protocol.ts";

export type RingFiles = Readonly<Record<OutputStream, RingFile>>;

/** Makes the rings of a new session, in a folder of its own. Throws a Problem, and leaves nothing. */
export function makeRings(directory: string, limits: RingLimits): RingFiles {
  try {
    return openRings(directory, limits);
  } catch (thrown) {
    // On a full disk, half a session would take what little there is.
    if (existsSync(directory)) rmSync(directory, { recursive: true, force: true });
    throw thrown;
  }
}

/** Opens the rings of a session, or makes those that are missing. Throws a Problem. */
export function openRings(directory: string, limits: RingLimits): RingFiles {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const stdout = openRing(join(directory, "stdout.ring"), limits);
    try {
      return { stdout, stderr: openRing(join(directory, "stderr.ring"), limits) };
    } catch (thrown) {
      closeRing(stdout);
      throw thrown;
    }
  } catch (thrown) {
    throw noStorage(directory, thrown);
  }
}

/** No view of its memory may be used afterwards, on any thread. */
export function closeRing({ fd, mapping }: RingFile): void {
  unmap(mapping);
  closeSync(fd);
}

/** Bytes of a ring that are in use and backed, of a new one those of its first arena. */
export function usedBytes(mapping: Mapping, limits: RingLimits): number {
  return arenaStart(limits) + arenaBytes(mapping, limits);
}

/** The capture thread tells a used one by what is in it. */
function openRing(path: string, limits: RingLimits): RingFile {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const start = arenaStart(limits);
    back(fd, { offset: 0, length: start });
    const mapping = mapShared(fd, ringBytes(limits));
    try {
      back(fd, { offset: start, length: arenaBytes(mapping, limits) });
      return { fd, mapping };
    } catch (thrown) {
      unmap(mapping);
      throw thrown;
    }
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
}

/** The arena as its last writer left it, or the first one of a new ring. */
function arenaBytes(mapping: Mapping, limits: RingLimits): number {
  const header = new Float64Array(viewOf(mapping, HEADER_BYTES));
  const used = Math.max(MIN_CAPACITY, header[F64.capacity] ?? 0, header[F64.growTo] ?? 0);
  return Math.min(used, maxCapacity(limits));
}

function back(fd: number, range: { offset: number; length: number }): void {
  const refusal = refusedAllocation(fd, range);
  if (refusal === EFBIG) throw Object.assign(new Error("EFBIG: file too large"), { code: "EFBIG" });
  if (refusal !== 0) throw new Error("ENOSPC: no space left on device");
}

function noStorage(directory: string, thrown: unknown): Problem {
  return new Problem("internal", `cannot keep output in ${directory}: ${messageOf(thrown)}`, {
    hint: remedyFor(systemCode(thrown)),
    cause: thrown,
  });
}

function remedyFor(code: string | undefined): string {
  switch (code) {
    case "EROFS":
      return "Mount it writable, or set KORUN_HOME to another folder.";
    case "EACCES":
    case "EPERM":
      return "Make that folder writable for you again, or set KORUN_HOME to another one.";
    case "EFBIG":
      return "The daemon has a limit of file size: stop it, and start it where `ulimit -f` is higher.";
    default:
      return "Free some space where korun keeps its state.";
  }
}
