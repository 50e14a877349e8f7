// Runs to look at, listeners on either address of the loopback interface, and their end.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Check } from "../../src/domain/checks.ts";
import { openProbe } from "../../src/probes/open.ts";
import type { Probe, ProbedRun, Sight } from "../../src/probes/probe.ts";
import { inodesAt } from "../../src/probes/strangers.ts";
import { startTimeOf } from "../../src/process/identity.ts";
import { endTree } from "../../src/process/stop.ts";

const endings: (() => unknown)[] = [];

/** To be called after each test. */
export async function cleanUp(): Promise<void> {
  for (const end of endings.splice(0).toReversed()) await end();
}

/** Called when the test is over. */
export function afterwards(end: () => unknown): void {
  endings.push(end);
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "korun-probes-"));
  afterwards(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A run that has just begun, led by a process that does nothing unless it is told what to do. */
export function startRun(
  facts: Partial<ProbedRun> & {
    readonly command?: readonly string[];
    /** Ports on which those who listen now are strangers. */
    readonly wants?: readonly number[];
  } = {},
): ProbedRun {
  const { command = ["sleep", "600"], wants = [], ...given } = facts;
  const sessionId = given.sessionId ?? crypto.randomUUID();
  const strangers = new Set(inodesAt(wants));
  const leader = spawn(command, sessionId);
  return {
    sessionId,
    number: 1,
    spec: { cwd: "/", env: {}, inherited: undefined, name: undefined },
    leader: { pid: leader.pid, startTime: startTimeOf(leader.pid) ?? 0 },
    log: NO_LOG,
    strangers,
    ...given,
  };
}

/** A process that carries the id of a session, and has these descriptors from us. */
export function spawn(command: readonly string[], sessionId: string, ...handed: number[]) {
  const child = Bun.spawn([...command], {
    env: { PATH: process.env.PATH ?? "", KORUN_SESSION_ID: sessionId },
    detached: true,
    stdio: ["ignore", "pipe", "inherit", ...handed],
  });
  afterwards(() => endTree({ sessionId, leader: undefined }, { graceMs: 0 }));
  return child;
}

const NO_LOG: ProbedRun["log"] = {
  scan: () => {
    throw new Error("nobody reads this log");
  },
};

export function probe(check: Check, run: ProbedRun): Probe {
  return openProbe(check, run, "ready[0]");
}

/** One look, for as long as it takes. */
export function look(check: Check, run: ProbedRun): Promise<Sight> {
  return probe(check, run).look(new AbortController().signal);
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = await listen(0, "127.0.0.1");
  const port = portOf(server);
  await close(server);
  return port;
}

/** Listens in this very process: who is no session's, and older than any. */
export async function listen(port: number, host: string): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => undefined).resume());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, ipv6Only: host === "::1" }, resolve);
  });
  afterwards(() => close(server));
  return server;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("it does not listen");
  return address.port;
}

export async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
