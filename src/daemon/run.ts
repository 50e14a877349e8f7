// The daemon, put together: this is the one place that knows every part. In order: its home, the
// parts that run sessions and go on with those of an earlier daemon, the doors; then it waits until
// it is to end, and takes all of it down again.

import { Capture } from "../capture/handle.ts";
import type { Happening } from "../domain/history.ts";
import { Problem } from "../domain/problem.ts";
import { type HttpServer, startServer } from "../http/server.ts";
import type { Visitors } from "../http/visitors.ts";
import { takeLegacy } from "../keeper/link.ts";
import { trimOnceSettled } from "../native/trim.ts";
import { ageMs } from "../process/adopt.ts";
import { isAlive } from "../process/identity.ts";
import { Store } from "../store/store.ts";
import { attendChecks } from "../supervisor/attendants/checkup.ts";
import { limitsWith } from "../supervisor/attendants/limits.ts";
import type { Sampler } from "../supervisor/attendants/sampler.ts";
import { EventLog } from "../supervisor/event-log.ts";
import { createMachinery } from "../supervisor/machine.ts";
import { Registry } from "../supervisor/registry.ts";
import { archiveOf } from "./archive.ts";
import { catchUp } from "./catch-up.ts";
import { Collector } from "./collector.ts";
import { diskProblem } from "./disk.ts";
import { historyOf } from "./history.ts";
import { Idleness, resolveIdleTimeout } from "./idle.ts";
import { StopIntents } from "./intents.ts";
import type { Paths } from "./paths.ts";
import { rememberPort, usualPort } from "./port-choice.ts";
import { portProblem } from "./port-holder.ts";
import { homeProblem } from "./prepare.ts";
import { type Retention, resolveRetention } from "./retention.ts";
import { createSampler, LISTENERS } from "./sampling.ts";
import { failedStartup, reportStartup } from "./startup.ts";
import { describeDaemon } from "./status.ts";
import { type HomeContext, type TakenHome, takeHome } from "./take-home.ts";
import { KeptOutput } from "./unknown-output.ts";
import { checkSuccessor } from "./upgrade.ts";

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
    if (exitCode !== 0) daemon.home.comeBack();
    return exitCode;
  } catch (thrown) {
    const problem = homeProblem(paths, thrown);
    reportStartup(failedStartup(problem));
    throw problem;
  }
}

interface Daemon {
  readonly home: TakenHome;
  readonly registry: Registry;
  readonly server: HttpServer;
  /** Tells of what happens to the daemon itself. */
  happened(fact: Happening): void;
}

interface StartContext extends HomeContext {
  readonly intents: StopIntents;
}

async function start(paths: Paths, context: StartContext): Promise<Daemon> {
  const settings = {
    retention: resolveRetention(process.env),
    idleTimeoutMs: resolveIdleTimeout(process.env),
  };
  const home = await takeHome(paths, context);
  const supervision = await supervise(paths, { ...context, ...settings, home });
  const server = await serve(paths, { ...context, home, supervision });
  supervision.begin();
  const { log } = home;
  home.leaveRecord({ ...home.record, port: server.port });
  log.info(
    `korun ${context.version} (pid ${process.pid}) listens on http://127.0.0.1:${server.port}`,
  );
  log.info(`and for its user alone at ${paths.socket}`);
  return { home, registry: supervision.registry, server, happened: supervision.happened };
}

/** What there is to serve, and who must hear of those that are served. */
interface Supervision {
  readonly store: Store;
  readonly kept: KeptOutput;
  readonly events: EventLog;
  readonly registry: Registry;
  readonly sampler: Sampler;
  readonly visitors: Visitors | undefined;
  happened(fact: Happening): void;
  /** Somebody asks for something. */
  asked(): void;
  /** The daemon serves. From now on it may leave, and its end is no start that failed. */
  begin(): void;
}

interface SuperviseContext extends StartContext {
  readonly home: TakenHome;
  readonly retention: Retention;
  readonly idleTimeoutMs: number | undefined;
}

/** Puts the parts that run sessions together, and takes over what an earlier daemon left. */
async function supervise(paths: Paths, context: SuperviseContext): Promise<Supervision> {
  const { intents, parts, version, home, retention, idleTimeoutMs } = context;
  const { log, keeping } = home;
  const store = Store.open(paths.database, { report: (what) => log.warn(what) });
  parts.defer(() => store.close());
  const saved = await catchUp(store, { sessions: paths.sessions, log });
  const kept = new KeptOutput(paths.sessions, { known: store.sessions.ids() });

  const capture = Capture.start({
    directory: paths.home,
    isAlive,
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
  return {
    ...{ store, kept, events, registry, sampler, happened },
    visitors: idleness.visitors,
    asked() {
      capture.giveWay();
      collector.happened();
    },
    begin() {
      isUp = true;
      idleness.begin();
    },
  };
}

interface ServeContext extends StartContext {
  readonly home: TakenHome;
  readonly supervision: Supervision;
}

/** Opens both doors. */
async function serve(paths: Paths, context: ServeContext): Promise<HttpServer> {
  const { intents, parts, version, home, supervision } = context;
  const { store, kept, events, registry, sampler, visitors } = supervision;
  const { log, keeping } = home;
  const since = performance.now();
  const server: HttpServer = await listen(paths, {
    registry,
    history: historyOf(store, events),
    cursors: store.cursors,
    usage: sampler,
    machine: LISTENERS,
    version,
    daemon: () =>
      describeDaemon({
        paths,
        record: { ...home.record, port: server.port },
        counts: registry.counts(),
        uptimeMs: performance.now() - since,
        problems: [store.problem ?? keeping.problem ?? diskProblem(paths), kept.problem],
      }),
    requestStop: () => intents.request("asked to by a client"),
    async requestUpgrade(binary) {
      if (keeping.link === undefined) throw unkeptProblem();
      const next = await checkSuccessor(binary, version);
      intents.requestHandover(binary);
      return next;
    },
    onRequest: () => supervision.asked(),
    visitors,
    onDefect: (thrown) => log.error("answering a request", thrown),
  });
  parts.defer(() => server.stop());
  return server;
}

/** Sessions end within their grace; a second request kills them. */
async function untilStopped(daemon: Daemon, intents: StopIntents): Promise<number> {
  const { registry } = daemon;
  const { log, keeping } = daemon.home;
  const { reason, exitCode, successor } = await intents.first;
  log.info(`stopping: ${reason}`);
  daemon.happened({ type: "daemon_stopping", reason });
  if (successor !== undefined) {
    daemon.server.breakOff();
    keeping.link?.upgrade(successor);
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

function unkeptProblem(): Problem {
  return new Problem("conflict", "A daemon in the foreground cannot be replaced in place", {
    hint: "Stop it and start the new one yourself; its sessions come back at rest.",
  });
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
    throw await portProblem(paths, thrown);
  }
}
