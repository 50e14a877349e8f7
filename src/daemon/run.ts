// The daemon, put together: this is the one place that knows every part. In order: its home, its
// lock, what an earlier daemon left, the parts, the doors; then it waits until it is to end, and
// takes all of it down again.

import { Capture } from "../capture/handle.ts";
import type { Happening } from "../domain/history.ts";
import { Problem } from "../domain/problem.ts";
import { type HttpServer, startServer } from "../http/server.ts";
import { type KeeperLegacy, takeLegacy } from "../keeper/link.ts";
import { FileLock } from "../native/lock.ts";
import { trimOnceSettled } from "../native/trim.ts";
import { ageMs } from "../process/adopt.ts";
import { Store } from "../store/store.ts";
import { attendChecks } from "../supervisor/attendants/checkup.ts";
import { limitsWith } from "../supervisor/attendants/limits.ts";
import { EventLog } from "../supervisor/event-log.ts";
import { createMachinery } from "../supervisor/machine.ts";
import { Registry } from "../supervisor/registry.ts";
import { archiveOf } from "./archive.ts";
import { catchUp } from "./catch-up.ts";
import { Collector } from "./collector.ts";
import { DaemonLog } from "./daemon-log.ts";
import { diskProblem } from "./disk.ts";
import { joinKeeper, unkept } from "./guardian.ts";
import { clearStaleSocket, setRingsAside } from "./heal.ts";
import { historyOf } from "./history.ts";
import { Idleness, resolveIdleTimeout } from "./idle.ts";
import { StopIntents } from "./intents.ts";
import type { Paths } from "./paths.ts";
import { rememberPort, usualPort } from "./port-choice.ts";
import { portProblem } from "./port-holder.ts";
import { homeProblem, preparePaths } from "./prepare.ts";
import { type DaemonRecord, findSocket, leaveRecord, readRecord } from "./record.ts";
import { resolveRetention } from "./retention.ts";
import { createSampler, LISTENERS } from "./sampling.ts";
import { failedStartup, reportStartup } from "./startup.ts";
import { describeDaemon } from "./status.ts";
import { checkSuccessor } from "./upgrade.ts";

/** Longest wait for a lock that somebody only looks at, in ms. */
const LOCK_WAIT_MS = 2_000;

const STDERR = 2;

export interface RunOptions {
  readonly version: string;
  /** Started by a client: no terminal, and a launcher that waits for word. */
  readonly detached: boolean;
}

/**
 * Runs a daemon in this process until it is told to end; resolves with its exit code. Throws a
 * Problem when it cannot start.
 */
export async function runDaemon(paths: Paths, options: RunOptions): Promise<number> {
  const intents = new StopIntents();
  intents.listen(options);
  // Before anything is started that could inherit it.
  const legacy = takeLegacy(process.env);
  try {
    await using parts = new AsyncDisposableStack();
    const daemon = await start(paths, { ...options, intents, parts, legacy });
    reportStartup({ ok: true, socket: paths.socket, port: daemon.server.port });
    trimOnceSettled();
    const exitCode = await untilStopped(daemon, intents);
    if (exitCode !== 0) daemon.comeBack();
    return exitCode;
  } catch (thrown) {
    const problem = homeProblem(paths, thrown);
    reportStartup(failedStartup(problem));
    throw problem;
  }
}

interface Daemon {
  readonly log: DaemonLog;
  readonly registry: Registry;
  readonly server: HttpServer;
  /** Tells of what happens to the daemon itself. */
  happened(fact: Happening): void;
  /** The next daemon is to be this executable. */
  handOver(successor: string): void;
  /** This end was not meant: the keeper is to start another daemon. */
  comeBack(): void;
}

interface StartContext extends RunOptions {
  readonly intents: StopIntents;
  /** What the keeper that started us left. */
  readonly legacy: KeeperLegacy;
  /** Takes down what was put up, last first, when the daemon ends or cannot start. */
  readonly parts: AsyncDisposableStack;
}

async function start(paths: Paths, context: StartContext): Promise<Daemon> {
  const { intents, parts, version, detached, legacy } = context;
  let isMeant = true;
  const retention = resolveRetention(process.env);
  const idleTimeoutMs = resolveIdleTimeout(process.env);
  preparePaths(paths);
  const lock = await takeLock(paths);
  parts.defer(() => lock.release());
  const log = new DaemonLog(paths.log, { echo: detached ? undefined : STDERR });
  parts.defer(() => log.close());
  surviveDefects(log);

  const keeping = detached ? joinKeeper(paths, { legacy, version, log }) : unkept(paths);
  // Taken down last: the keeper learns that this end was meant. Of a start that was refused it
  // knows better, and tries again if there are sessions to come back to.
  parts.defer(() => (isMeant ? keeping.link?.bye() : keeping.link?.close()));
  if (legacy.setAside) setRingsAside(paths, log);

  let record = describeSelf(paths, version);
  leaveRecord(lock, record, log);
  await clearStaleSocket(paths);

  const store = Store.open(paths.database, { report: (what) => log.warn(what) });
  parts.defer(() => store.close());
  const saved = await catchUp(store, { sessions: paths.sessions, log });

  const capture = Capture.start({
    directory: paths.home,
    onFailure: (reason) => {
      log.error(`the capture thread ended: ${reason}`);
      intents.request("no output can be captured any more", 1);
    },
  });
  parts.defer(() => capture.close());
  const events = new EventLog(store.events);
  const report = (what: string, cause: unknown) => log.error(what, cause);
  const sampler = createSampler(report);
  const collector = new Collector();
  parts.defer(() => collector.close());
  const idleness = new Idleness({
    timeoutMs: idleTimeoutMs,
    // What could not be saved would be lost.
    isAtRest: () => store.problem === null && registry.list().every((one) => one.isIdle()),
    leave: (reason) => intents.request(reason),
  });
  parts.defer(() => idleness.close());
  const registry: Registry = new Registry({
    machinery: createMachinery({
      capture,
      home: paths.home,
      sessions: paths.sessions,
      guardian: keeping.guardian,
      report,
    }),
    archive: archiveOf(store, events, () => {
      idleness.changed();
      collector.happened();
    }),
    attendants: [attendChecks, (charge) => sampler.attend(charge), limitsWith({ sampler, ageMs })],
    report,
    ...retention,
  });
  let isUp = false;
  // A start that fails has taken over what runs, and leaves it to the next one as it is.
  parts.defer(() => (isUp ? registry.close({ keep: true }) : registry.leave()));
  const happened = (fact: Happening) =>
    events.append({ ...fact, time: Date.now(), sessionId: null });
  happened({ type: "daemon_started", pid: process.pid, version });
  await keeping.recall(saved);
  await registry.restore(saved);
  store.caughtUp();
  keeping.link?.retain(registry.list().map(({ id }) => id));

  const since = performance.now();
  const server = await listen(paths, {
    registry,
    history: historyOf(store, events),
    cursors: store.cursors,
    usage: sampler,
    machine: LISTENERS,
    version,
    daemon() {
      const uptimeMs = performance.now() - since;
      return describeDaemon({
        paths,
        record,
        counts: registry.counts(),
        uptimeMs,
        problem: store.problem ?? keeping.problem ?? diskProblem(paths),
      });
    },
    requestStop: () => intents.request("asked to by a client"),
    async requestUpgrade(binary) {
      if (keeping.link === undefined) throw unkeptProblem();
      const next = await checkSuccessor(binary, version);
      intents.requestHandover(binary);
      return next;
    },
    onRequest() {
      capture.giveWay();
      collector.happened();
    },
    visitors: idleness.visitors,
    onDefect: (thrown) => log.error("answering a request", thrown),
  });
  parts.defer(() => server.stop());
  isUp = true;
  idleness.begin();

  record = { ...record, port: server.port };
  leaveRecord(lock, record, log);
  log.info(`korun ${version} (pid ${process.pid}) listens on http://127.0.0.1:${server.port}`);
  log.info(`and for its user alone at ${paths.socket}`);
  const comeBack = () => {
    isMeant = false;
  };
  const handOver = (successor: string) => keeping.link?.upgrade(successor);
  return { log, registry, server, happened, comeBack, handOver };
}

/** Sessions end within their grace; a second request kills them. */
async function untilStopped(daemon: Daemon, intents: StopIntents): Promise<number> {
  const { log, registry } = daemon;
  const { reason, exitCode, successor } = await intents.first;
  log.info(`stopping: ${reason}`);
  daemon.happened({ type: "daemon_stopping", reason });
  if (successor !== undefined) {
    daemon.server.breakOff();
    daemon.handOver(successor);
    await registry.leave();
    return exitCode;
  }
  const kill = intents.second.then(() => {
    log.warn("killing what still runs: asked to stop again");
    return registry.shutdown();
  });
  await Promise.race([registry.shutdown(), kill]);
  log.info("stopped");
  return exitCode;
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

function unkeptProblem(): Problem {
  return new Problem("conflict", "A daemon in the foreground cannot be replaced in place", {
    hint: "Stop it and start the new one yourself; its sessions come back at rest.",
  });
}

/** A daemon supervises others' programs: a defect of its own must not end them. */
function surviveDefects(log: DaemonLog): void {
  process.on("uncaughtException", (thrown) => log.error("uncaught", thrown));
  process.on("unhandledRejection", (thrown) => log.error("unhandled rejection", thrown));
}

type Listening = Omit<Parameters<typeof startServer>[0], "port" | "socketPath">;

async function listen(paths: Paths, options: Listening): Promise<HttpServer> {
  const at = (port: number) => startServer({ ...options, port, socketPath: paths.socket });
  const usual = usualPort(paths);
  // Taken by another program meanwhile, any other will do.
  const found = usual === undefined ? undefined : await at(usual).catch(() => undefined);
  try {
    const server = found ?? (await at(paths.port));
    rememberPort(paths, server.port);
    return server;
  } catch (thrown) {
    throw await portProblem(paths.port, thrown);
  }
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
