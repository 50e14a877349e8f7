// One client's requests over the daemon's socket, whatever becomes of the daemon meanwhile: one that
// is absent is started, one that died is followed by the next, one that is about to end is waited
// for. `fetch` is the fastest start there is: node:http would double the time of a command, and it
// holds the daemon back while we do not read.

import { VERSION_HEADER } from "../api/paths.ts";
import { REQUEST_HEADER } from "../api/request-id.ts";
import { Problem } from "../domain/problem.ts";
import { brokenExchange, isAbsence, isDeath, NoDaemon, problemOf } from "./failure.ts";
import { VERSION } from "./version.ts";

/** Longest wait for an answer that the daemon has at hand, in ms. */
const PATIENCE_MS = 10_000;

const UNAVAILABLE = 503;

/** How often a daemon is looked for, or started, for one request. */
const MOST_REVIVALS = 3;

export interface TransportOptions {
  readonly socket: string;
  /** Called when nobody answers; gives the socket to try then, or undefined: there is none. */
  readonly revive: () => Promise<string | undefined>;
  /** Called when the daemon died; gives the socket of the next one, or undefined: none came. */
  readonly rescue: (signal: AbortSignal | undefined) => Promise<string | undefined>;
  /** Called when the daemon is about to end; gives the socket of the next one, as `revive` does. */
  readonly succeed?: () => Promise<string | undefined>;
  /** Told once, when the daemon is of another version. */
  readonly onOtherVersion: (theirs: string) => void;
  /** Told once, when a daemon has answered. */
  readonly onAnswer?: (() => void) | undefined;
}

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
  /** The answer may take as long as it likes. */
  readonly patient?: boolean;
  /** Asked again, it would no longer mean the same. */
  readonly once?: boolean;
  /** Asked twice, a POST means no more than asked once. */
  readonly repeatable?: boolean;
  /** Names the request, so that it may be repeated. */
  readonly id?: string;
  /** The next daemon can do it as well, where this one is about to end. */
  readonly forNext?: boolean;
}

/** What the daemon answered: its text, and the same parsed. */
export interface Answer<Body> {
  readonly text: string;
  readonly body: Body;
}

export class Transport {
  readonly #options: TransportOptions;
  #socket: string;
  #versionSeen = false;
  #isAnswered = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#socket = options.socket;
  }

  /** Where the daemon was last found. */
  get socket(): string {
    return this.#socket;
  }

  /** Throws the Problem that the daemon answered, or `unavailable` when none answers. */
  async call<Body>(path: string, options: RequestOptions): Promise<Answer<Body>> {
    const first = await this.#askWhole(path, options);
    const isLeft = first.status === UNAVAILABLE && options.forNext === true;
    const { status, text } = isLeft ? await this.#askNext(first, path, options) : first;
    if (status >= 400) throw problemOf(status, text);
    return { text, body: parse(text) as Body };
  }

  /** The bytes of an answer as they come. Throws as `call` does. */
  async stream(path: string, signal: AbortSignal | undefined): Promise<ReadableStream<Uint8Array>> {
    const options = { signal, patient: true };
    const response = await this.#surviving(options, () => this.#fetch(path, options));
    if (!response.ok) throw problemOf(response.status, await response.text());
    return response.body ?? new Response("").body ?? new ReadableStream();
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

  #askWhole(path: string, options: RequestOptions): Promise<Whole> {
    return this.#surviving(options, async () => {
      const response = await this.#fetch(path, options);
      return { status: response.status, text: await response.text() };
    });
  }

  /** Asks the next daemon; what this one said stands when none comes. */
  async #askNext(first: Whole, path: string, options: RequestOptions): Promise<Whole> {
    const socket = await this.#options.succeed?.();
    if (socket === undefined) return first;
    this.#socket = socket;
    return await this.#askWhole(path, options);
  }

  async #surviving<T>(options: RequestOptions, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (thrown) {
      const isLost = isDeath(thrown) && isRepeatable(options);
      if (!isAbsence(thrown) && !isLost) throw brokenExchange(thrown);
    }
    for (let revival = 1; revival <= MOST_REVIVALS; revival += 1) {
      const socket = await this.#options.revive();
      if (socket === undefined) break;
      this.#socket = socket;
      try {
        return await ask();
      } catch (thrown) {
        // One that dies may still have been found at its socket.
        if (!isAbsence(thrown)) throw brokenExchange(thrown);
      }
    }
    throw new NoDaemon();
  }

  async #fetch(path: string, options: RequestOptions): Promise<Response> {
    expectNoDots(path);
    const { method = "GET", body, id, patient = false } = options;
    const signal = options.signal ?? (patient ? undefined : AbortSignal.timeout(PATIENCE_MS));
    const response = await fetch(`http://localhost${path}`, {
      unix: this.#socket,
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(id === undefined ? {} : { [REQUEST_HEADER]: id }),
      },
      // A connection kept for later could be one that the daemon has just closed.
      keepalive: false,
      // Bun gives up after six silent minutes otherwise, and a quiet session is no fault.
      timeout: false,
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    } satisfies BunFetchRequestInit & { timeout: boolean });
    this.#compareVersion(response.headers.get(VERSION_HEADER));
    if (!this.#isAnswered) this.#options.onAnswer?.();
    this.#isAnswered = true;
    return response;
  }

  #compareVersion(theirs: string | null): void {
    if (theirs === null || theirs === VERSION || this.#versionSeen) return;
    this.#versionSeen = true;
    this.#options.onOtherVersion(theirs);
  }
}

interface Whole {
  readonly status: number;
  readonly text: string;
}

/** Whether to ask twice means no more than to ask once. */
function isRepeatable(options: RequestOptions): boolean {
  const { method = "GET", once = false, id, repeatable = id !== undefined } = options;
  return !once && (method !== "POST" || repeatable);
}

/**
 * A URL takes `.` and `..` for folders, `%2E` too, so another endpoint would be asked. Only a name
 * of a session can be such a segment, and no session has one.
 */
function expectNoDots(path: string): void {
  const [place = ""] = path.split("?", 1);
  const dots = place.split("/").find((segment) => segment === "." || segment === "..");
  if (dots === undefined) return;
  throw new Problem("not_found", `No session is called ${dots} or has an id like it`, {
    hint: "List the sessions with: korun ls",
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem("internal", "the daemon answered something that is not JSON", { cause });
  }
}
