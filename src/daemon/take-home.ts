// A home, taken for one daemon: its folders are made and its own, nobody else can start in it, what
// happens is logged there, and a keeper looks after whoever has it.

import { Problem } from "../domain/problem.ts";
import type { KeeperLegacy } from "../keeper/link.ts";
import { FileLock } from "../native/lock.ts";
import { DaemonLog } from "./daemon-log.ts";
import { joinKeeper, type Keeping, unkept } from "./guardian.ts";
import { clearStaleSocket, setRingsAside } from "./heal.ts";
import type { Paths } from "./paths.ts";
import { preparePaths, prepareSocketFolder, removeSocketFolder } from "./prepare.ts";
import { type DaemonRecord, findSocket, leaveRecord, readRecord } from "./record.ts";

/** Longest wait for a lock that somebody only looks at, in ms. */
const LOCK_WAIT_MS = 2_000;

const STDERR = 2;

export interface HomeContext {
  readonly version: string;
  /** Started by a client: no terminal, and a launcher that waits for word. */
  readonly detached: boolean;
  /** What the keeper that started us left. */
  readonly legacy: KeeperLegacy;
  /** Takes down what was put up, last first, when the daemon ends or cannot start. */
  readonly parts: AsyncDisposableStack;
}

export interface TakenHome {
  readonly log: DaemonLog;
  readonly keeping: Keeping;
  /** What the lock file says of this daemon. */
  readonly record: DaemonRecord;
  /** Has it say something else. */
  leaveRecord(record: DaemonRecord): void;
  /** This end was not meant: the keeper is to start another daemon. */
  comeBack(): void;
}

/** Takes a home that no daemon has. Throws a Problem when it cannot be had. */
export async function takeHome(paths: Paths, context: HomeContext): Promise<TakenHome> {
  const { version, detached, legacy, parts } = context;
  let isMeant = true;
  preparePaths(paths);
  const lock = await takeLock(paths);
  parts.defer(() => lock.release());
  // Only with the lock: it is no other daemon's then, neither now nor when it is removed.
  prepareSocketFolder(paths);
  parts.defer(() => removeSocketFolder(paths));
  const log = new DaemonLog(paths.log, { echo: detached ? undefined : STDERR });
  parts.defer(() => log.close());
  surviveDefects(log);

  const keeping = detached ? joinKeeper(paths, { legacy, version, log }) : unkept(paths);
  // Taken down last: the keeper learns that this end was meant. Of a start that was refused it
  // knows better, and tries again if there are sessions to come back to.
  parts.defer(() => (isMeant ? keeping.link?.bye() : keeping.link?.close()));
  if (legacy.setAside) setRingsAside(paths, log);

  const record = describeSelf(paths, version);
  leaveRecord(lock, record, log);
  await clearStaleSocket(paths);
  return {
    log,
    keeping,
    record,
    leaveRecord: (newer) => leaveRecord(lock, newer, log),
    comeBack() {
      isMeant = false;
    },
  };
}

/** A client that launches looks whether the lock is free by taking it for a moment. */
async function takeLock(paths: Paths): Promise<FileLock> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = FileLock.tryTake(paths.lock);
    if (lock !== undefined) return lock;
    const running = await findSocket(paths);
    if (running !== undefined || performance.now() > deadline) throw alreadyRunning(paths);
    await Bun.sleep(20);
  }
}

function alreadyRunning(paths: Paths): Problem {
  const record = readRecord(paths);
  const holder = record === undefined ? "another process" : `pid ${record.pid}`;
  return new Problem("conflict", `a daemon of ${paths.home} already runs: ${holder}`, {
    hint: "Stop it with: korun daemon stop. For a second one, set KORUN_HOME and KORUN_PORT.",
  });
}

/** A daemon supervises others' programs: a defect of its own must not end them. */
function surviveDefects(log: DaemonLog): void {
  process.on("uncaughtException", (thrown) => log.error("uncaught", thrown));
  process.on("unhandledRejection", (thrown) => log.error("unhandled rejection", thrown));
}

function describeSelf(paths: Paths, version: string): DaemonRecord {
  return {
    pid: process.pid,
    version,
    startedAt: new Date().toISOString(),
    port: paths.port,
    socket: paths.socket,
  };
}
