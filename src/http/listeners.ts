// The two doors: a port on the loopback interface, where every caller is examined, and a Unix
// socket, where the file system lets only the user in.

import { chmodSync } from "node:fs";
import type { Server } from "bun";
import { openSocketOwner, type SocketOwner } from "../native/socket-owner.ts";
import { type Conversation, websocketHandler } from "./attach/websocket.ts";
import { IDLE_SECONDS } from "./exchange.ts";
import { type Entrance, ownHosts } from "./guard.ts";
import type { RequestHandler } from "./handler.ts";
import { failure } from "./reply.ts";

const ADDRESS = "127.0.0.1";

/**
 * On a Unix socket `server.timeout` does nothing (oven-sh/bun#43816), so silence must be allowed to
 * all; whoever sends no request is still cut off after 10 s. Bun takes the option there, its types
 * do not.
 */
const UNTIMED: object = { idleTimeout: 0 };

/** How often to look whether all answers are out, in ms. */
const LOOK_MS = 5;

/** What both listeners serve. */
export interface Served {
  readonly handle: RequestHandler;
  readonly stopping: AbortSignal;
  readonly onDefect: (thrown: unknown) => void;
}

export interface Listener {
  /** The TCP port; 0 for the Unix socket. */
  readonly port: number;
  /** Takes no new connections; resolves when all answers under way are out. */
  refuse(): Promise<void>;
  /** Cuts off what is left. */
  close(): void;
}

/** Listens on 127.0.0.1. Throws EADDRINUSE and the like. */
export function listenTcp(wanted: number, served: Served): Listener {
  const { handle, stopping } = served;
  const server: Server<Conversation> = Bun.serve({
    ...common(served),
    hostname: ADDRESS,
    port: wanted,
    // `development: false` alone would share the port with whoever else of this user takes it.
    reusePort: false,
    idleTimeout: IDLE_SECONDS,
    fetch: (request) => handle(request, { server, entrance, transport: "tcp", stopping }),
  });
  const port = server.port ?? wanted;
  const owner = openSocketOwner({ address: ADDRESS, port });
  const entrance: Entrance = {
    hosts: ownHosts(port),
    isOwnUser: owner === undefined ? undefined : ownUserCheck(server, owner),
  };
  return {
    port,
    refuse: () => finish(server),
    close() {
      void server.stop(true);
      owner?.close();
    },
  };
}

/** Listens at `path`, which must not exist, for the user alone. */
export function listenUnix(path: string, served: Served): Listener {
  const { handle, stopping } = served;
  const entrance: Entrance = { hosts: undefined, isOwnUser: undefined };
  const server: Server<Conversation> = Bun.serve({
    ...common(served),
    ...UNTIMED,
    unix: path,
    fetch: (request) => handle(request, { server, entrance, transport: "unix", stopping }),
  });
  // Until here the folder's 0700 keeps others out.
  chmodSync(path, 0o600);
  return { port: 0, refuse: () => finish(server), close: () => void server.stop(true) };
}

function common({ onDefect }: Served) {
  return {
    development: false,
    // Bun's own answer to a long body is no envelope: body.ts holds the limit.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    websocket: websocketHandler(onDefect),
    error(thrown: unknown) {
      onDefect(thrown);
      return failure(thrown);
    },
  };
}

/**
 * Takes no new connections; resolves when nothing is under way. Bun's own promise waits for some
 * connections that only stay open: those of which it has discarded a long body.
 */
async function finish(server: Server<Conversation>): Promise<void> {
  let stopped = false;
  void server.stop().then(() => {
    stopped = true;
  });
  while (!stopped && server.pendingRequests + server.pendingWebSockets > 0) {
    await Bun.sleep(LOOK_MS);
  }
}

/** Whether a request comes from a program of the user who runs the daemon. */
function ownUserCheck(
  server: Server<Conversation>,
  owner: SocketOwner,
): (request: Request) => boolean {
  const own = process.geteuid?.();
  return (request) => {
    const peer = server.requestIP(request);
    return peer !== null && owner.uidOf(peer) === own;
  };
}
