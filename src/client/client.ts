// The daemon's API as typed calls over its Unix socket. A reply keeps the text it came as, so that
// `--json` shows the daemon's own words. `fetch` is the fastest start there is: node:http would
// double the time of a command, and it holds the daemon back while we do not read.

import {
  DAEMON,
  DAEMON_STOP,
  SESSIONS,
  type SessionAction,
  sessionPath,
  VERSION_HEADER,
} from "../api/paths.ts";
import type {
  ActionReply,
  CreatedReply,
  DaemonReply,
  SessionListReply,
  SessionReply,
} from "../api/replies.ts";
import type { CreateSessionBody } from "../api/requests.ts";
import { Problem } from "../domain/problem.ts";
import type { LogStream } from "../domain/session.ts";
import { absentDaemon, brokenExchange, isAbsence, problemOf } from "./failure.ts";
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
  readonly follow?: boolean | undefined;
  readonly format: "json" | "text";
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

  /** The bytes of a log, as they come. Ends when the log does, or when `signal` is aborted. */
  async log(
    reference: string,
    options: { action: "logs" | "head" | "tail"; query: LogQuery; signal?: AbortSignal },
  ): Promise<ReadableStream<Uint8Array>> {
    const path = `${sessionPath(reference, options.action)}?${queryString(options.query)}`;
    const response = await this.#request(path, { signal: options.signal, patient: true });
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
      if (!isAbsence(thrown)) throw brokenExchange(thrown);
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
  if (query.follow) parts.push("follow=1");
  return parts.join("&");
}
