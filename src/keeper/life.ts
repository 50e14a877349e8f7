// One daemon after the other: each is started, listened to and, when it has ended, followed by the
// next one or by the keeper's own end.

import { existsSync } from "node:fs";
import { messageOf } from "../domain/problem.ts";
import { FileLock } from "../native/lock.ts";
import { startTimeOf } from "../process/identity.ts";
import { pause } from "../process/pause.ts";
import type { Announcer } from "./announcer.ts";
import { Backoff } from "./backoff.ts";
import { type DaemonProcess, type LinkHandlers, startDaemon } from "./daemon-process.ts";
import { logLine } from "./keeper-log.ts";
import { exitJournal, type KeeperOptions } from "./options.ts";
import { type KeeperHello, PROTOCOL, type ToKeeper } from "./protocol.ts";
import type { Report } from "./report.ts";
import { handOverWhenIdle, type KeeperState } from "./resume.ts";
import { judge, type Outcome } from "./verdict.ts";
import { Ward } from "./ward.ts";

/** Clearly shorter than clients wait for the next daemon: the old one must be back by then. */
const UPGRADE_TIMEOUT_MS = 5_000;

/** Longest wait for a daemon that is to be stopped before it serves, in ms. */
const STOP_WAIT_MS = 5_000;

/** When the next daemon starts, or that there is none. */
type Next =
  | { readonly leave: number }
  | { readonly leave?: never; readonly delayMs: number; readonly setAside: boolean };

const SET_ASIDE_PROBLEM =
  "the daemon ended by itself several times within a minute; what was captured is set aside";

const AT_ONCE: Next = { delayMs: 0, setAside: false };

export interface LifeParts {
  readonly announcer: Announcer;
  /** What an earlier image of this process left. */
  readonly state: KeeperState | undefined;
}

export class Life {
  readonly #options: KeeperOptions;
  readonly #ward: Ward;
  readonly #announcer: Announcer;
  readonly #hurry = new AbortController();
  #program: readonly string[];
  /** The program before an upgrade, until the new one serves. */
  #fallback: readonly string[] | undefined;
  #daemon: DaemonProcess | undefined;
  /** Of the daemon before the present one. */
  #lastPid: number | undefined;
  /** The child that Bun waits for. */
  #child: number | undefined;
  /** What the present daemon has said of its end. */
  #bye = false;
  #upgrade: string | undefined;
  #serving = false;
  #everServed = false;
  #isGivenUp = false;
  #stops = 0;
  #stopStarts = 0;
  readonly #backoff: Backoff;
  /** For the next daemon to show. */
  #problem: string | null;

  constructor(options: KeeperOptions, { announcer, state }: LifeParts) {
    this.#options = options;
    this.#program = options.program;
    this.#backoff = new Backoff(state?.deaths);
    this.#problem = state?.problem ?? null;
    this.#announcer = announcer;
    this.#ward = new Ward({
      journal: exitJournal(options.home),
      runs: state?.runs ?? [],
      isAwaited: (pid) => pid === this.#child,
      isDaemon: (pid) => pid === this.#daemon?.identity?.pid || pid === this.#lastPid,
      daemon: () => this.#daemon,
      onFault: (message) => logLine("warn", message),
    });
  }

  /** Starts the first daemon; resolves with an exit code when there will be no further one. */
  start(): Promise<number> {
    return this.#follow(this.#start(false));
  }

  /** Joins a daemon that serves already; resolves as `start` does. */
  join(open: (handlers: LinkHandlers) => DaemonProcess): Promise<number> {
    this.#everServed = true;
    return this.#follow(open(this.#handlers()));
  }

  /** A normal stop: of the daemon, and so of the keeper. Asked again, it does not wait for it. */
  stop(): void {
    this.#stops += 1;
    this.#hurry.abort();
    this.#passStop();
  }

  /** If no daemon has served yet: whoever launched us waits no longer. What runs, runs on. */
  giveUp(): void {
    if (this.#everServed) return;
    this.#isGivenUp = true;
    this.#hurry.abort();
    this.#daemon?.signal("SIGKILL");
  }

  childEnded(): void {
    this.#ward.reap();
  }

  fault(thrown: unknown): void {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    logLine("error", text);
  }

  end(): void {
    this.#ward.endAbsence();
    this.#daemon?.link.end();
  }

  async #follow(first: DaemonProcess | undefined): Promise<number> {
    for (let daemon = first; ; ) {
      const outcome = await this.#attend(daemon);
      this.#ward.beginAbsence();
      const next = this.#decide(outcome);
      if (next.leave !== undefined) return next.leave;
      if (next.delayMs > 0) await pause(next.delayMs, this.#hurry.signal);
      if (this.#isGivenUp) return 1;
      if (this.#stops > 0) this.#stopStarts += 1;
      daemon = this.#start(next.setAside);
    }
  }

  #start(setAside: boolean): DaemonProcess | undefined {
    const { daemonArgs, env } = this.#options;
    const command = [...this.#program, ...daemonArgs];
    try {
      const daemon = startDaemon({ command, env, setAside }, this.#handlers());
      this.#child = daemon.identity?.pid;
      return daemon;
    } catch (thrown) {
      logLine("error", `cannot start ${command.join(" ")}: ${messageOf(thrown)}`);
      return undefined;
    }
  }

  #handlers(): LinkHandlers {
    return {
      onMessage: (message) => this.#handle(message),
      isEndExpected: () => this.#bye || this.#upgrade !== undefined,
      onFault: (thrown) => this.fault(thrown),
    };
  }

  #handle(message: ToKeeper): void {
    this.#ward.handle(message);
    if (message.bye) this.#bye = true;
    if (message.upgrade !== undefined) this.#upgrade = message.upgrade.binary;
    if (message.leave) this.#daemon?.link.end();
  }

  /** Resolves when the daemon has ended; at once when there is none. */
  async #attend(daemon: DaemonProcess | undefined): Promise<Outcome> {
    this.#daemon = daemon;
    this.#bye = false;
    this.#upgrade = undefined;
    this.#serving = false;
    let report: Report = { kind: "silent" };
    if (daemon === undefined) return { report, end: {}, bye: false };
    void daemon.report.then((found) => {
      report = found;
      if (this.#daemon === daemon) this.#hear(daemon, found);
    });
    daemon.link.send({ hello: this.#hello() });
    const limit = this.#limitTrial(daemon);
    const end = await daemon.ended;
    clearTimeout(limit);
    const pid = daemon.identity?.pid;
    this.#lastPid = pid;
    this.#daemon = undefined;
    this.#child = undefined;
    return { pid, end, report, bye: this.#bye, upgrade: this.#upgrade };
  }

  /** An executable that neither serves nor ends must not keep the old one away. */
  #limitTrial(daemon: DaemonProcess): Timer | undefined {
    if (this.#fallback === undefined) return undefined;
    return setTimeout(() => {
      if (!this.#serving) daemon.signal("SIGKILL");
    }, this.#options.upgradeTimeoutMs ?? UPGRADE_TIMEOUT_MS);
  }

  #hear(daemon: DaemonProcess, report: Report): void {
    if (report.kind === "silent") return;
    if (report.kind === "ready") {
      this.#serving = true;
      this.#everServed = true;
      this.#ward.endAbsence();
      if (this.#fallback !== undefined) this.#finishUpgrade(daemon);
    }
    this.#announcer.tell(report);
    this.#passStop();
  }

  #passStop(): void {
    const daemon = this.#daemon;
    if (this.#stops === 0 || daemon === undefined) return;
    // Before it listens for signals, this one would end it with its sessions left running.
    const wait = this.#serving || this.#stops > 1 ? 0 : STOP_WAIT_MS;
    setTimeout(() => daemon.signal("SIGTERM"), wait).unref();
  }

  #decide(outcome: Outcome): Next {
    const verdict = judge(outcome, {
      isTrial: this.#fallback !== undefined,
      everServed: this.#everServed,
      deaths: this.#backoff.count,
      stopping: this.#stops > 0,
      stopStarts: this.#stopStarts,
      isHomeGone: !existsSync(this.#options.home),
      isHomeTaken: () => FileLock.isTaken(this.#options.daemonLock),
    });
    const who = outcome.pid === undefined ? "the daemon" : `the daemon (pid ${outcome.pid})`;
    switch (verdict.kind) {
      case "leave":
        logLine("info", `${who} ${verdict.why}: leaving`);
        return { leave: verdict.code };
      case "upgrade":
        logLine("info", `${who} is followed by ${verdict.binary}`);
        this.#fallback = this.#program;
        this.#program = [verdict.binary];
        this.#problem = null;
        return AT_ONCE;
      case "fall back":
        this.#problem = `the upgrade to ${this.#program.join(" ")} failed: it ${verdict.why}`;
        logLine("error", `${this.#problem}; starting the one before it`);
        this.#program = this.#fallback ?? this.#program;
        this.#fallback = undefined;
        return AT_ONCE;
      case "again":
        logLine("warn", `${who} ${verdict.why}`);
        return this.#plan(outcome);
    }
  }

  #plan({ end, report }: Outcome): Next {
    const ready = report.kind === "ready";
    const { status } = end === "deserted" ? {} : end;
    const plan = this.#backoff.after({
      at: performance.now(),
      ready,
      // An end of which nothing is known is most likely a kill.
      killed: status === undefined ? ready : status.signal === "SIGKILL",
      refused: report.kind === "refused",
    });
    this.#problem = plan.setAside ? SET_ASIDE_PROBLEM : null;
    if (plan.setAside) logLine("warn", SET_ASIDE_PROBLEM);
    if (plan.delayMs > 0) logLine("info", `starting it again in ${plan.delayMs} ms`);
    return plan;
  }

  #hello(): KeeperHello {
    return {
      pid: process.pid,
      startTime: startTimeOf(process.pid) ?? 0,
      version: this.#options.version,
      protocol: PROTOCOL,
      deaths: this.#backoff.count,
      problem: this.#problem,
    };
  }

  /** The new executable serves: from now on it is what this process runs too. */
  #finishUpgrade(daemon: DaemonProcess): void {
    this.#fallback = undefined;
    logLine("info", `${this.#program.join(" ")} serves`);
    if (process.platform !== "linux") return;
    const { home, keeperArgs, env } = this.#options;
    handOverWhenIdle(daemon.link, () => {
      const { identity, link, hands } = daemon;
      if (this.#daemon !== daemon || identity === undefined) return undefined;
      return {
        state: {
          daemon: identity,
          link: link.fd,
          hands: hands?.fd,
          runs: this.#ward.runs,
          deaths: this.#backoff.count,
          problem: this.#problem,
        },
        descriptors: this.#ward.descriptors,
        command: [...this.#program, ...keeperArgs],
        env,
        home,
      };
    });
  }
}
