// The daemon's API as typed calls over its Unix socket. A reply keeps the text it came as, so that
// `--json` shows the daemon's own words. `fetch` is the fastest start there is: node:http would
// double the time of a command, and it holds the daemon back while we do not read.

import {
  DAEMON,
  DAEMON_STOP,
  DAEMON_UPGRADE,
  EVENTS,
  PRUNE,
  SESSIONS,
  type SessionAction,
  sessionPath,
  VERSION_HEADER,
} from "../api/paths.ts";
import type {
  ActionReply,
  CreatedReply,
  DaemonReply,
  EventListReply,
  PruneReply,
  RunListReply,
  SessionListReply,
  SessionReply,
  TextFrameHead,
} from "../api/replies.ts";
import type { CreateSessionBody, PruneSessionsBody } from "../api/requests.ts";
import { Problem } from "../domain/problem.ts";
import type { LogStream } from "../domain/session.ts";
import { absentDaemon, brokenExchange, isAbsence, isDeath, problemOf } from "./failure.ts";
import { VERSION } from "./version.ts";

/** Longest wait for an answer that the daemon has at hand, in ms. */
const PATIENCE_MS = 10_000;

/** What the daemon answered: its text, and the same parsed. */
export interface Reply<Body> {
  readonly text: string;
  readonly body: Body;
}

/** Which entries to read, and in which form. What is left out is for the daemon to decide. */
export interface LogQuery {
  readonly stream?: LogStream | undefined;
  readonly limit?: number | undefined;
  readonly sinceSeq?: number | undefined;
  /** A number, or `last`. */
  readonly run?: string | undefined;
  readonly follow?: boolean | undefined;
  readonly format: "json" | "text" | "frames";
  /** With `frames`: what the text so far leaves open. */
  readonly open?: TextFrameHead["open"] | undefined;
}

/** Which events to read. */
export interface EventQuery {
  readonly limit?: number | undefined;
  readonly sinceSeq?: number | undefined;
  readonly follow?: boolean | undefined;
}

/** How long to wait for a stop or a restart, and how to end. */
export interface EndOptions {
  /** Answers when it is done. */
  readonly wait: boolean;
  /** Kills at once, without grace. */
  readonly force?: boolean;
}

export interface ClientOptions {
  readonly socket: string;
  /** Called when nobody answers; gives the socket to try then, or undefined: there is none. */
  readonly revive: () => Promise<string | undefined>;
  /** Called when the daemon died; gives the socket of the next one, or undefined: none came. */
  readonly rescue: (signal: AbortSignal | undefined) => Promise<string | undefined>;
  /** Told once, when the daemon is of another version. */
  readonly onOtherVersion: (theirs: string) => void;
}

interface RequestOptions {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
  /** The answer may take as long as it likes. */
  readonly patient?: boolean;
}

/** Every call throws the Problem that the daemon answered, or `unavailable` when none answers. */
export class Client {
  readonly #options: ClientOptions;
  #socket: string;
  #versionSeen = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#socket = options.socket;
  }

  list(): Promise<Reply<SessionListReply>> {
    return this.#call(SESSIONS, {});
  }

  /** Starts a session; answers once the command runs or could not be started. */
  create(body: CreateSessionBody): Promise<Reply<CreatedReply>> {
    return this.#call(`${SESSIONS}?wait=1`, { method: "POST", body, patient: true });
  }

  inspect(reference: string): Promise<Reply<SessionReply>> {
    return this.#call(sessionPath(reference), {});
  }

  stop(reference: string, options: EndOptions): Promise<Reply<ActionReply>> {
    return this.#end(reference, "stop", options);
  }

  restart(reference: string, options: EndOptions): Promise<Reply<ActionReply>> {
    return this.#end(reference, "restart", options);
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
    return this.#call(DAEMON_STOP, { method: "POST" });
  }

  /** Hands the daemon over to another executable; it answers before it does. */
  upgradeDaemon(binary: string): Promise<Reply<{ readonly ok: true; readonly version: string }>> {
    return this.#call(DAEMON_UPGRADE, { method: "POST", body: { binary } });
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
    const path = `${sessionPath(reference, options.action)}?${queryString(options.query)}`;
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
  async outlive(lost: unknown, signal: AbortSignal | undefined): Promise<void> {
    const socket = await this.#options.rescue(signal);
    if (socket === undefined) throw lost;
    this.#socket = socket;
  }

  async #stream(
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#request(path, { signal, patient: true });
    if (!response.ok) throw problemOf(response.status, await response.text());
    return response.body ?? new Response("").body ?? new ReadableStream();
  }

  #end(
    reference: string,
    action: SessionAction,
    { wait, force = false }: EndOptions,
  ): Promise<Reply<ActionReply>> {
    const query = [...(wait ? ["wait=1"] : []), ...(force ? ["force=1"] : [])].join("&");
    const path = sessionPath(reference, action);
    return this.#call(query === "" ? path : `${path}?${query}`, { method: "POST", patient: wait });
  }

  async #call<Body>(path: string, options: RequestOptions): Promise<Reply<Body>> {
    const response = await this.#request(path, options);
    const text = await response.text().catch((thrown: unknown) => {
      throw brokenExchange(thrown);
    });
    if (!response.ok) throw problemOf(response.status, text);
    return { text, body: parse(text) as Body };
  }

  async #request(path: string, options: RequestOptions): Promise<Response> {
    try {
      return await this.#fetch(path, options);
    } catch (thrown) {
      const isLost = isDeath(thrown) && isRepeatable(path, options);
      if (!isAbsence(thrown) && !isLost) throw brokenExchange(thrown);
    }
    const socket = await this.#options.revive();
    if (socket === undefined) throw absentDaemon();
    this.#socket = socket;
    return await this.#fetch(path, options).catch((thrown: unknown) => {
      throw isAbsence(thrown) ? absentDaemon() : brokenExchange(thrown);
    });
  }

  async #fetch(path: string, options: RequestOptions): Promise<Response> {
    const { method = "GET", body, patient = false } = options;
    const signal = options.signal ?? (patient ? undefined : AbortSignal.timeout(PATIENCE_MS));
    const response = await fetch(`http://localhost${path}`, {
      unix: this.#socket,
      method,
      // A connection kept for later could be one that the daemon has just closed.
      keepalive: false,
      // Bun gives up after six silent minutes otherwise, and a quiet session is no fault.
      timeout: false,
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    } satisfies BunFetchRequestInit & { timeout: boolean });
    this.#compareVersion(response.headers.get(VERSION_HEADER));
    return response;
  }

  #compareVersion(theirs: string | null): void {
    if (theirs === null || theirs === VERSION || this.#versionSeen) return;
    this.#versionSeen = true;
    this.#options.onOtherVersion(theirs);
  }
}

/** Whether to ask twice means no more than to ask once. */
function isRepeatable(path: string, { method = "GET" }: RequestOptions): boolean {
  return method === "GET" || method === "DELETE" || /\/stop(\?|$)/.test(path);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem("internal", "the daemon answered something that is not JSON", { cause });
  }
}

function queryString(query: LogQuery): string {
  const parts = [`format=${query.format}`];
  if (query.stream !== undefined) parts.push(`stream=${query.stream}`);
  if (query.limit !== undefined) parts.push(`limit=${query.limit}`);
  if (query.sinceSeq !== undefined) parts.push(`since_seq=${query.sinceSeq}`);
  if (query.run !== undefined) parts.push(`run=${query.run}`);
  if (query.follow) parts.push("follow=1");
  if (query.open !== undefined && query.open !== "nothing") parts.push(`open=${query.open}`);
  return parts.join("&");
}

function eventPath({ limit, sinceSeq, follow }: EventQuery): string {
  const parts: string[] = [];
  if (sinceSeq !== undefined) parts.push(`since_seq=${sinceSeq}`);
  if (limit !== undefined) parts.push(`limit=${limit}`);
  if (follow) parts.push("follow=1");
  return parts.length === 0 ? EVENTS : `${EVENTS}?${parts.join("&")}`;
}
