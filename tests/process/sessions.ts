// Real sessions for the tests of src/process, and their end: whatever a test leaves alive is killed,
// and the folder it wrote to removed.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExitStatus } from "../../src/domain/session.ts";
import { startTimeOf } from "../../src/process/identity.ts";
import type { ProcessIdentity } from "../../src/process/process-info.ts";
import { signalProcess } from "../../src/process/signal.ts";
import { type Leader, type SpawnRequest, spawnLeader } from "../../src/process/spawn.ts";
import { endTree } from "../../src/process/stop.ts";
import { scanProcesses } from "../../src/process/tree.ts";
import { waitFor } from "../support/wait.ts";

export const BUN = process.execPath;
export const LISTENER = join(import.meta.dir, "../fixtures/process/listener.ts");
export const DETACH = join(import.meta.dir, "../fixtures/process/detach.ts");

export interface TestSession {
  readonly sessionId: string;
  readonly leader: Leader;
  readonly exited: Promise<ExitStatus>;
  /** What it wrote so far, both streams. */
  output(): string;
  /** Waits until it has written what matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

const folders: string[] = [];
const sessions: { readonly sessionId: string; readonly leader: Leader }[] = [];
const strangers: ProcessIdentity[] = [];

/** A new folder of this test's. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "korun-process-"));
  folders.push(folder);
  return folder;
}

/** Starts a command as the leader of a session of its own. */
export function startSession(
  command: readonly [string, ...string[]],
  options: Partial<SpawnRequest> = {},
): TestSession {
  const sessionId = crypto.randomUUID();
  const file = join(makeFolder(), "output");
  const descriptor = openSync(file, "a");
  const exited = Promise.withResolvers<ExitStatus>();
  try {
    const leader = spawnLeader({
      command,
      cwd: "/",
      env: { PATH: process.env.PATH ?? "", KORUN_SESSION_ID: sessionId },
      ends: { stdout: descriptor, stderr: descriptor },
      umask: undefined,
      openFiles: undefined,
      stamp: undefined,
      onExit: exited.resolve,
      whenGone: (pid) =>
        waitFor("a process to end", () => startTimeOf(pid) === undefined).then(() => {}),
      ...options,
    });
    sessions.push({ sessionId, leader });
    const output = () => readFileSync(file, "utf8");
    return {
      sessionId,
      leader,
      exited: exited.promise,
      output,
      printed: (pattern) => waitFor(`${pattern} in the output`, () => pattern.exec(output())),
    };
  } finally {
    closeSync(descriptor);
  }
}

/** Runs a command to its end and gives what it wrote. */
export async function outputOf(
  command: readonly [string, ...string[]],
  options?: Partial<SpawnRequest>,
): Promise<string> {
  const session = startSession(command, options);
  await session.exited;
  return session.output();
}

/** The identity of a process that no session accounts for; killed when the test ends. */
export function identify(pid: number): ProcessIdentity {
  const found = scanProcesses().get(pid);
  if (found === undefined) throw new Error(`process ${pid} does not live`);
  strangers.push(found);
  return found;
}

/** To be called after each test. */
export async function cleanUp(): Promise<void> {
  for (const stranger of strangers.splice(0)) signalProcess(stranger, "SIGKILL");
  await Promise.all(sessions.splice(0).map((session) => endTree(session, { graceMs: 0 })));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Whether nobody holds this port. */
export async function isPortFree(port: number): Promise<boolean> {
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data() {} },
  }).catch(() => undefined);
  socket?.end();
  return socket === undefined;
}
