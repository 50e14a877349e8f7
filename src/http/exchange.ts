// One request on its way through the layer: what handlers may know of it and do with it.

import type { Server } from "bun";
import { VERSION_HEADER } from "../api/paths.ts";
import { Problem } from "../domain/problem.ts";
import {
  type Conversation,
  noHandshake,
  otherVersion,
  speaksAnotherVersion,
} from "./attach/websocket.ts";
import { accompanied, type Visit } from "./visitors.ts";

/** How long a connection may be silent, in seconds; what waits, follows or is long says otherwise. */
export const IDLE_SECONDS = 30;

/** What every request of one server shares. */
export interface Connection {
  readonly server: Server<Conversation>;
  /** Only the user's own programs can have come in by the Unix socket. */
  readonly transport: "tcp" | "unix";
  /** Aborted when the daemon stops serving. */
  readonly stopping: AbortSignal;
}

/** The client went away while it was being waited for: nobody reads the answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** For a wait that the end of this daemon cuts short. */
export function leaving(): Problem {
  return new Problem("unavailable", "The daemon leaves, and waits for nothing any more", {
    hint: "Ask the next one again.",
  });
}

export class Exchange {
  readonly request: Request;
  /** What the path named, decoded: a UUID, prefix or name of a session. */
  readonly reference: string;
  /** The raw query, without its question mark. */
  readonly query: string;
  readonly transport: "tcp" | "unix";
  readonly stopping: AbortSignal;
  readonly #server: Server<Conversation>;
  readonly #version: string;
  readonly #visit: Visit | undefined;

  constructor(
    request: Request,
    options: Connection & {
      readonly reference: string;
      readonly query: string;
      /** The daemon's. */
      readonly version: string;
      readonly visit: Visit | undefined;
    },
  ) {
    this.request = request;
    this.reference = options.reference;
    this.query = options.query;
    this.transport = options.transport;
    this.stopping = options.stopping;
    this.#server = options.server;
    this.#version = options.version;
    this.#visit = options.visit;
  }

  /** Lets the connection be silent for as long as it likes. */
  allowSilence(): void {
    this.#server.timeout(this.request, 0);
  }

  /** The answer goes on after it is given: the caller says when that is over. */
  stay(): () => void {
    return this.#visit?.stay() ?? (() => {});
  }

  /**
   * Makes the connection a WebSocket, with this behind it.
   * Throws Problem `bad_request` when the client did not ask for one, and answers the same when it
   * asked for one of another version.
   */
  upgrade(conversation: Conversation): Response {
    // Bun's own answer to another version is no envelope.
    if (speaksAnotherVersion(this.request)) return otherVersion();
    const headers = { [VERSION_HEADER]: this.#version };
    const gone = this.stay();
    const data = accompanied(conversation, gone);
    if (!this.#server.upgrade(this.request, { data, headers })) {
      gone();
      throw noHandshake();
    }
    // Bun has answered, and sends nothing of this.
    return new Response(null);
  }

  /**
   * Waits for `promise` however long it takes, but no longer than the client does.
   * Throws ClientGone when it has left, which frees all that this request held.
   */
  async wait<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.request;
    const gone = Promise.withResolvers<never>();
    const onAbort = () => gone.reject(new ClientGone());
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    this.allowSilence();
    try {
      return await Promise.race([promise, gone.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      // The next request of a kept connection is timed again.
      this.#server.timeout(this.request, IDLE_SECONDS);
    }
  }
}
