// The HTTP server: one handler behind a TCP port of the loopback interface and a Unix socket.

import { HEALTH } from "../api/paths.ts";
import { within } from "../process/within.ts";
import { BROKEN_OFF } from "./follow/follow.ts";
import { createHandler } from "./handler.ts";
import { type Listener, listenTcp, listenUnix } from "./listeners.ts";
import type { Cursors, History, SessionDirectory } from "./ports.ts";
import { Router, type Routes } from "./router.ts";
import { attachRoutes } from "./routes/attach.ts";
import { type DaemonControl, daemonRoutes } from "./routes/daemon.ts";
import { diffRoutes } from "./routes/diff.ts";
import { digestRoutes } from "./routes/digest.ts";
import { eventRoutes } from "./routes/events.ts";
import { expectRoutes } from "./routes/expect.ts";
import { getHealth } from "./routes/health.ts";
import { inputRoutes } from "./routes/input.ts";
import { logRoutes } from "./routes/logs.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import { portRoutes } from "./routes/ports.ts";
import { pruneRoutes } from "./routes/prune.ts";
import { runRoutes } from "./routes/runs.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { type ListenerSource, statsRoutes, type UsageSource } from "./routes/stats.ts";
import { waitRoutes } from "./routes/wait.ts";
import type { Visitors } from "./visitors.ts";

/** Longest wait of a stop for answers that are under way, in ms. */
const STOP_MS = 1_000;

export interface ServerOptions extends DaemonControl {
  readonly registry: SessionDirectory;
  readonly history: History;
  readonly cursors: Cursors;
  readonly usage: UsageSource;
  readonly machine: ListenerSource;
  /** TCP port on 127.0.0.1; 0 for any free one. */
  readonly port: number;
  /** Must not exist; its folder is the user's alone. */
  readonly socketPath: string;
  readonly version: string;
  /** Told of each request, before it is looked at. */
  readonly onRequest?: () => void;
  /** Who is being served, if anybody wants to know. */
  readonly visitors?: Visitors | undefined;
  /** Told of defects; by default they go to stderr. */
  readonly onDefect?: (thrown: unknown) => void;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no new connections from now on; those there are go on. */
  refuse(): void;
  /** The same, and ends followers and lets other answers finish, for a second at most. */
  stop(): Promise<void>;
  /**
   * Takes no new connections, since there is nothing left to ask for, and breaks followers off,
   * rather than ends them: they then know that another daemon goes on.
   */
  breakOff(): void;
}

/**
 * Listens on both, the socket for the user alone. Throws the system's error, such as EADDRINUSE,
 * when one cannot be had; then neither is left behind.
 */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { onDefect = (thrown) => console.error(thrown) } = options;
  const stopping = new AbortController();
  const shared = {
    handle: createHandler({
      router: new Router(routesOf({ ...options, onDefect })),
      version: options.version,
      onDefect,
      onRequest: options.onRequest,
      visitors: options.visitors,
    }),
    stopping: stopping.signal,
    onDefect,
  };
  const tcp = listenTcp(options.port, shared);
  const unix = listenOrGiveUp(tcp, () => listenUnix(options.socketPath, shared));
  const listeners = [tcp, unix];
  return {
    port: tcp.port,
    refuse: () => void refuse(listeners),
    async stop() {
      stopping.abort();
      await within(STOP_MS, refuse(listeners));
      for (const listener of listeners) listener.close();
    },
    breakOff() {
      void refuse(listeners);
      stopping.abort(BROKEN_OFF);
    },
  };
}

/** Every path there is, and what each of its methods does. */
export function routesOf(options: ServerOptions): Routes {
  return {
    [HEALTH]: { GET: getHealth },
    ...daemonRoutes(options),
    ...sessionRoutes(options.registry),
    ...inputRoutes(options.registry),
    ...attachRoutes(options.registry, options),
    ...runRoutes(options.registry, options.history),
    ...logRoutes(options.registry, options.history),
    ...expectRoutes(options.registry),
    ...diffRoutes(options.registry, options.cursors),
    ...digestRoutes(options.registry),
    ...eventRoutes(options.history),
    ...openApiRoutes(options.version),
    ...pruneRoutes(options.registry),
    ...statsRoutes(options.registry, options),
    ...waitRoutes(options.registry, options.history),
    ...portRoutes(options.registry, options),
  };
}

function listenOrGiveUp(other: Listener, listen: () => Listener): Listener {
  try {
    return listen();
  } catch (thrown) {
    other.close();
    throw thrown;
  }
}

async function refuse(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.refuse()));
}
