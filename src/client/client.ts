// The daemon's API as typed calls over its Unix socket. A reply keeps the text it came as, so that
// `--json` shows the daemon's own words.

import type { DaemonReply } from "../api/daemon-replies.ts";
import type { EventListReply, RunListReply } from "../api/history-replies.ts";
import type { InputReply, SendInputBody } from "../api/input.ts";
import {
  DAEMON,
  DAEMON_STOP,
  DAEMON_UPGRADE,
  PORTS,
  PRUNE,
  SESSIONS,
  type SessionAction,
  sessionPath,
} from "../api/paths.ts";
import type {
  ActionReply,
  CreatedReply,
  PruneReply,
  SessionListReply,
  SessionReply,
} from "../api/replies.ts";
import type { CreateSessionBody, PruneSessionsBody } from "../api/requests.ts";
import type { PortListReply, StatsReply } from "../api/stats.ts";
import type { WaitReply } from "../api/waiting.ts";
import type { WaitGoal } from "../domain/wait.ts";
import { type EventQuery, eventPath, type LogQuery, logPath } from "./queries.ts";
import { restartOnce } from "./restart.ts";
import { type Answer, type RequestOptions, Transport, type TransportOptions } from "./transport.ts";

/** What a call gives: the daemon's answer. */
export type Reply<Body> = Answer<Body>;

/** How long to wait for a stop or a restart, and how to end. */
export interface EndOptions {
  /** Answers when it is done. */
  readonly wait: boolean;
  /** Kills at once, without grace. */
  readonly force?: boolean;
}

export type ClientOptions = TransportOptions;

/** What to wait for, and how long at most. */
export interface WaitQuery {
  readonly goal: WaitGoal;
  readonly timeoutMs: number;
}

/** Every call throws the Problem that the daemon answered, or `unavailable` when none answers. */
export class Client {
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
  }

  /** Where the daemon was last found. */
  get socket(): string {
    return this.#transport.socket;
  }

  list(): Promise<Reply<SessionListReply>> {
    return this.#call(SESSIONS, {});
  }

  /**
   * Starts a session; answers once the command runs or could not be started. `paced`: its child
   * waits for those who follow its log as paced readers, from now on.
   */
  create(
    body: CreateSessionBody,
    { paced = false }: { readonly paced?: boolean } = {},
  ): Promise<Reply<CreatedReply>> {
    const id = crypto.randomUUID();
    const options = { method: "POST", body, patient: true, id, forNext: true } as const;
    return this.#call(`${SESSIONS}?wait=1${paced ? "&paced=1" : ""}`, options);
  }

  inspect(reference: string): Promise<Reply<SessionReply>> {
    return this.#call(sessionPath(reference), {});
  }

  stop(reference: string, options: EndOptions): Promise<Reply<ActionReply>> {
    return this.#end(reference, "stop", options);
  }

  restart(reference: string, options: EndOptions): Promise<Reply<ActionReply>> {
    return restartOnce({
      restart: () => this.#end(reference, "restart", options),
      inspect: () => this.inspect(reference),
      outlive: (lost) => this.outlive(lost, undefined),
    });
  }

  /** Answers once a session has come to what is waited for, or after `timeoutMs`. */
  wait(reference: string, { goal, timeoutMs }: WaitQuery): Promise<Reply<WaitReply>> {
    const path = `${sessionPath(reference, "wait")}?for=${goal}&timeout=${timeoutMs}`;
    return this.#call(path, { patient: true, once: true });
  }

  /** What a session uses now. */
  stats(reference: string): Promise<Reply<StatsReply>> {
    return this.#call(sessionPath(reference, "stats"), {});
  }

  /** Who listens on a port of this machine, or on any. */
  ports(port: number | undefined): Promise<Reply<PortListReply>> {
    return this.#call(port === undefined ? PORTS : `${PORTS}?port=${port}`, {});
  }

  /** Writes to a session's stdin; answers once all of it was written. */
  send(reference: string, body: SendInputBody): Promise<Reply<InputReply>> {
    return this.#call(sessionPath(reference, "input"), { method: "POST", body, patient: true });
  }

  runs(reference: string): Promise<Reply<RunListReply>> {
    return this.#call(sessionPath(reference, "runs"), {});
  }

  /** Forgets sessions at rest. */
  prune(body: PruneSessionsBody): Promise<Reply<PruneReply>> {
    return this.#call(PRUNE, { method: "POST", body, patient: true });
  }

  events(query: EventQuery): Promise<Reply<EventListReply>> {
    return this.#call(eventPath(query), {});
  }

  /** Forgets a session at rest. */
  remove(reference: string): Promise<Reply<ActionReply>> {
    return this.#call(sessionPath(reference), { method: "DELETE", patient: true });
  }

  daemon(): Promise<Reply<DaemonReply>> {
    return this.#call(DAEMON, {});
  }

  /** Asks the daemon to stop; it answers before it does. */
  stopDaemon(): Promise<Reply<{ readonly ok: true }>> {
    return this.#call(DAEMON_STOP, { method: "POST", repeatable: true });
  }

  /** Hands the daemon over to another executable; it answers before it does. */
  upgradeDaemon(binary: string): Promise<Reply<{ readonly ok: true; readonly version: string }>> {
    return this.#call(DAEMON_UPGRADE, { method: "POST", body: { binary } });
  }

  /** What is at a path, however long the daemon takes; `once` when it is not to be asked again. */
  read<Body>(path: string, { once = false }: { once?: boolean } = {}): Promise<Reply<Body>> {
    return this.#call(path, { patient: true, once });
  }

  /** The bytes of a log, as they come. Ends when the log does, or when `signal` is aborted. */
  async log(
    reference: string,
    options: {
      action: "logs" | "head" | "tail";
      query: LogQuery;
      signal?: AbortSignal | undefined;
    },
  ): Promise<ReadableStream<Uint8Array>> {
    const path = logPath(reference, options);
    return await this.#stream(path, options.signal);
  }

  /** The bytes of events as they come, as NDJSON. */
  async followEvents(
    query: EventQuery,
    signal: AbortSignal | undefined,
  ): Promise<ReadableStream<Uint8Array>> {
    return await this.#stream(eventPath({ ...query, follow: true }), signal);
  }

  /**
   * After the daemon died: resolves once another answers. Throws `lost`, which told of the death,
   * when none comes.
   */
  outlive(lost: unknown, signal: AbortSignal | undefined): Promise<void> {
    return this.#transport.outlive(lost, signal);
  }

  #end(
    reference: string,
    action: SessionAction,
    { wait, force = false }: EndOptions,
  ): Promise<Reply<ActionReply>> {
    const query = [...(wait ? ["wait=1"] : []), ...(force ? ["force=1"] : [])].join("&");
    const path = sessionPath(reference, action);
    const isStop = action === "stop";
    return this.#call(query === "" ? path : `${path}?${query}`, {
      method: "POST",
      patient: wait,
      repeatable: isStop,
      forNext: !isStop,
    });
  }

  #stream(path: string, signal: AbortSignal | undefined): Promise<ReadableStream<Uint8Array>> {
    return this.#transport.stream(path, signal);
  }

  #call<Body>(path: string, options: RequestOptions): Promise<Reply<Body>> {
    return this.#transport.call(path, options);
  }
}
