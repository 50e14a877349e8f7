// The daemon as its keeper sees it: whether it serves, what it says over the link, and that it has
// ended. One that the keeper started is its child; one that started the keeper, or was started by
// an earlier image of it, is watched by its identity once its end of the link has closed.

import { closeSync } from "node:fs";
import type { ExitStatus } from "../domain/session.ts";
import { isAlive, startTimeOf } from "../process/identity.ts";
import { pause } from "../process/pause.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import { signalName, signalProcess } from "../process/signal.ts";
import { within } from "../process/within.ts";
import { Channel } from "./channel.ts";
import { endOf } from "./ended.ts";
import { sameExecutable } from "./executable.ts";
import { HANDS_FD, Hands } from "./hands.ts";
import { openIdentity } from "./holds.ts";
import { LINK_FD, LINK_VARIABLE, SET_ASIDE_VARIABLE, type ToKeeper } from "./protocol.ts";
import { type Report, readReport, STARTUP_FD } from "./report.ts";

/** Longest wait for the last words of a daemon that has ended, in ms. */
const LAST_WORDS_MS = 200;

/** Longest wait for the end of a process that has closed its link, in ms. */
const CLOSING_MS = 2_000;

/** Longest wait for one that said that it would end, and closed its link, in ms. */
const LINGERING_MS = 10_000;

export interface DaemonProcess {
  /** Undefined for one that closed its link before it said who it is. */
  readonly identity: ProcessIdentity | undefined;
  readonly link: Channel;
  /** Undefined for one that can hand over nothing. */
  readonly hands: Hands | undefined;
  readonly report: Promise<Report>;
  /** Resolves when it has ended and all that it sent was seen. */
  readonly ended: Promise<DaemonEnd>;
  signal(signal: "SIGTERM" | "SIGKILL"): void;
}

/** How it ended, or that it has closed the link and lives on. */
export type DaemonEnd = { readonly status?: ExitStatus | undefined } | "deserted";

export interface LinkHandlers {
  onMessage(message: ToKeeper): void;
  /** Whether the daemon said that it would end. */
  isEndExpected(): boolean;
  onFault(thrown: unknown): void;
}

export interface DaemonCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly setAside: boolean;
}

/** Starts a daemon; its log is this process's stderr. Throws a system error. */
export function startDaemon(daemon: DaemonCommand, handlers: LinkHandlers): DaemonProcess {
  const exited = Promise.withResolvers<ExitStatus>();
  const { command, argv0 } = sameExecutable(daemon.command);
  const child = Bun.spawn(command, {
    argv0,
    // A session of its own: what is meant for the keeper's group is not meant for the daemon.
    detached: true,
    env: environmentOf(daemon),
    stdio: ["ignore", "inherit", "inherit", "pipe", "pipe", "pipe"],
    onExit: (_child, code, signal) =>
      exited.resolve({ code, signal: signal === null ? null : signalName(signal) }),
  });
  const identity = { pid: child.pid, startTime: startTimeOf(child.pid) ?? 0 };
  const closed = Promise.withResolvers<void>();
  const hands = new Hands(Number(child.stdio[HANDS_FD]));
  const link = openLink(Number(child.stdio[LINK_FD]), {
    ...handlers,
    onClosed() {
      hands.close();
      closed.resolve();
    },
  });
  const report = readAll(Number(child.stdio[STARTUP_FD])).then(readReport);
  return {
    identity,
    link,
    hands,
    report,
    ended: Promise.race([
      exited.promise.then(async (status) => {
        await within(LAST_WORDS_MS, Promise.all([closed.promise, report]));
        return { status };
      }),
      closed.promise.then(async () => {
        if (await endsSoon(identity, handlers)) return { status: await exited.promise };
        child.unref();
        return "deserted" as const;
      }),
    ]),
    signal: (signal) => void signalProcess(identity, signal),
  };
}

/** Watches the daemon at the other end of a link, which serves already. */
export function joinDaemon(
  fd: number,
  handlers: LinkHandlers & {
    readonly identity?: ProcessIdentity | undefined;
    readonly hands: Hands | undefined;
  },
): DaemonProcess {
  const { hands } = handlers;
  let identity: ProcessIdentity | undefined;
  let pidfd: number | undefined;
  const closed = Promise.withResolvers<void>();
  const meet = (peer: ProcessIdentity) => {
    if (identity !== undefined) return;
    identity = { pid: peer.pid, startTime: peer.startTime };
    pidfd = openIdentity(identity);
  };
  if (handlers.identity !== undefined) meet(handlers.identity);
  const link = openLink(fd, {
    ...handlers,
    onMessage(message) {
      if (message.hello !== undefined) meet(message.hello);
      handlers.onMessage(message);
    },
    onClosed() {
      hands?.close();
      closed.resolve();
    },
  });
  return {
    get identity() {
      return identity;
    },
    link,
    hands,
    report: Promise.resolve({ kind: "ready", text: "" }),
    ended: closed.promise.then(async () => {
      if (identity === undefined) return {};
      const hasEnded = await endsSoon(identity, handlers);
      const status = endOf(identity, pidfd);
      if (pidfd !== undefined) closeSync(pidfd);
      return hasEnded ? { status } : "deserted";
    }),
    signal: (signal) => void (identity !== undefined && signalProcess(identity, signal)),
  };
}

/**
 * A process closes what it has open a little before it is gone. One that lives on has given up its
 * keeper; if it said that it would end, that was the last thing it had to do, and it is ended.
 */
async function endsSoon(identity: ProcessIdentity, handlers: LinkHandlers): Promise<boolean> {
  const since = performance.now();
  for (let wait = 1; isAlive(identity); wait = Math.min(wait * 2, 50)) {
    const waited = performance.now() - since;
    if (waited > CLOSING_MS && !handlers.isEndExpected()) return false;
    if (waited > LINGERING_MS) signalProcess(identity, "SIGKILL");
    await pause(wait);
  }
  return true;
}

function openLink(fd: number, handlers: LinkHandlers & { onClosed(): void }): Channel {
  return new Channel(fd, {
    ...handlers,
    onLine: (line) => handlers.onMessage(JSON.parse(line) as ToKeeper),
  });
}

/** All that is written to a descriptor until its other end closes. */
function readAll(fd: number): Promise<string> {
  const lines: string[] = [];
  const all = Promise.withResolvers<string>();
  new Channel(fd, {
    onLine: (line) => void lines.push(line),
    onClosed: () => all.resolve(lines.join("\n")),
    onFault: () => {}, // A report that cannot be read counts as none.
  });
  return all.promise;
}

function environmentOf({ env, setAside }: DaemonCommand): Record<string, string | undefined> {
  const { [SET_ASIDE_VARIABLE]: _earlier, ...kept } = env;
  return { ...kept, [LINK_VARIABLE]: "1", ...(setAside ? { [SET_ASIDE_VARIABLE]: "1" } : {}) };
}
