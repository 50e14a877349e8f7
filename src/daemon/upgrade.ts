// Whether another executable can take over from this daemon: asked before anything is given up.

import { formatDuration } from "../domain/duration.ts";
import { messageOf, Problem } from "../domain/problem.ts";
import { signalGroup } from "../process/signal.ts";

/** Longest wait for an executable to say its version, in ms: shorter than a client's patience. */
const VERSION_WAIT_MS = 5_000;

/** Characters that are enough to find a version in. */
const ENOUGH = 4_096;

/**
 * The version of a korun executable that is to follow `current`. Throws a Problem `bad_request` for
 * one that does not run or is no korun, `conflict` for an older one.
 */
export async function checkSuccessor(
  binary: string,
  current: string,
  { waitMs = VERSION_WAIT_MS }: { readonly waitMs?: number } = {},
): Promise<string> {
  const version = await askVersion(binary, waitMs);
  if (Bun.semver.order(version, current) >= 0) return version;
  throw new Problem("conflict", `${binary} is korun ${version}, this daemon is ${current}`, {
    hint: "State of a newer korun cannot be taken over: stop the daemon, then start the older one.",
  });
}

async function askVersion(binary: string, waitMs: number): Promise<string> {
  const said = await run(binary, waitMs).catch((thrown: unknown) => {
    throw refusal(binary, messageOf(thrown));
  });
  const version = /\b(\d+\.\d+\.\d+\S*)/.exec(said)?.[1];
  if (version === undefined) throw refusal(binary, `it says ${JSON.stringify(said.slice(0, 80))}`);
  return version;
}

/** What it says. It is ended then, and so is all that it has started when it takes too long. */
async function run(binary: string, waitMs: number): Promise<string> {
  const child = Bun.spawn([binary, "--version"], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const reader = child.stdout.getReader();
  const end = () => {
    signalGroup(child.pid, "SIGKILL");
    // Whoever has left the group may hold the pipe for as long as it likes.
    reader.cancel().catch(() => undefined);
  };
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, waitMs);
  try {
    const said = await read(reader);
    if (!isLate) return said.trim();
    throw new Error(`it has not said its version within ${formatDuration(waitMs)}`);
  } finally {
    clearTimeout(timer);
    // One that has been reaped may have lent its number to somebody else.
    if (child.exitCode === null && child.signalCode === null) end();
  }
}

async function read(reader: { read(): Promise<ReadResult> }): Promise<string> {
  const decoder = new TextDecoder();
  let said = "";
  while (said.length < ENOUGH) {
    const { done, value } = await reader.read();
    if (done) break;
    said += decoder.decode(value, { stream: true });
  }
  return said;
}

interface ReadResult {
  readonly done: boolean;
  readonly value?: Uint8Array | undefined;
}

function refusal(binary: string, why: string): Problem {
  return new Problem("bad_request", `${binary} cannot take over: ${why}`, {
    field: "binary",
    expected: "a korun executable that runs on this machine",
  });
}
