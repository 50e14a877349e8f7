// A daemon without processes, on a real Unix socket in a home of its own: each test says what it
// answers, and sees what was asked.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TextFrameHead } from "../../../src/api/log-replies.ts";
import { VERSION_HEADER } from "../../../src/api/paths.ts";
import type { SessionReply } from "../../../src/api/replies.ts";
import { VERSION } from "../../../src/client/version.ts";
import { resolvePaths } from "../../../src/daemon/paths.ts";

/** What a client asked. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
}

export type Answer = (asked: Asked, request: Request) => Response | Promise<Response>;

/** Answers by `METHOD /path`, with or without the query. */
export type Answers = Readonly<Record<string, Answer>>;

export class FakeDaemon implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), "korun-cli-"));
  readonly asked: Asked[] = [];
  readonly socket: string;
  /** Its `daemon.log`. */
  readonly log: string;
  readonly #server: Bun.Server<undefined> | undefined;

  /** Without answers there is a home, and nobody in it. */
  constructor(answers?: Answers, version: string = VERSION) {
    const paths = resolvePaths({ KORUN_HOME: this.home });
    this.socket = paths.socket;
    this.log = paths.log;
    if (answers === undefined) return;
    this.#server = Bun.serve({
      unix: this.socket,
      fetch: async (request, server) => {
        server.timeout(request, 0);
        const response = await this.#answer(answers, request);
        response.headers.set(VERSION_HEADER, version);
        return response;
      },
    });
  }

  /** What was asked, as `METHOD /path`. */
  get lines(): string[] {
    return this.asked.map(({ method, path }) => `${method} ${path}`);
  }

  /** As if it were killed: an answer that never comes. */
  die(): Promise<Response> {
    void this.#server?.stop(true);
    return new Promise(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.stop(true);
    rmSync(this.home, { recursive: true, force: true });
  }

  async #answer(answers: Answers, request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const asked = { method: request.method, path: pathname + search, body: await request.text() };
    this.asked.push(asked);
    const answer =
      answers[`${asked.method} ${asked.path}`] ?? answers[`${asked.method} ${pathname}`];
    if (answer === undefined) return refusal(404, "not_found", `nothing at ${asked.path}`);
    return await answer(asked, request);
  }
}

/** The envelope of an error. */
export function refusal(status: number, code: string, message: string, hint?: string): Response {
  const error = { code, message, ...(hint === undefined ? {} : { hint }) };
  return Response.json({ error }, { status });
}

/** An answer that is always the same. */
export function always(body: object | string, status = 200): Answer {
  const text = typeof body === "string" ? body : `${JSON.stringify(body)}\n`;
  return () => new Response(text, { status });
}

/** Everything about a session, the rest as usual. */
export function session(facts: Partial<SessionReply> = {}): SessionReply {
  return {
    id: "9b2d6c33-8b13-4c51-8cd0-8de7d8f4ef01",
    name: "web",
    state: "running",
    command: ["cargo", "run"],
    cwd: "/tmp/app",
    pid: 43122,
    started_at: "2026-03-16T12:00:00.000Z",
    uptime_ms: 81_000,
    restart_count: 0,
    exit_code: null,
    term_signal: null,
    error: null,
    last_end: null,
    ready: true,
    health: null,
    next_restart_at: null,
    gave_up: false,
    lost: false,
    env_overrides: {},
    watch: [],
    ignore: [],
    grace_ms: 2_000,
    debounce_ms: 250,
    run: 1,
    created_at: "2026-03-16T12:00:00.000Z",
    last_started_at: "2026-03-16T12:00:00.000Z",
    last_stopped_at: null,
    manual_restart_count: 0,
    watch_restart_count: 0,
    last_restart_cause: null,
    file_change_count: 0,
    last_change_at: null,
    last_change_path: null,
    left_behind: [],
    watching: { state: "off", directories: 0, problem: null },
    stdout_lines: 1,
    stderr_lines: 0,
    blended_lines: 1,
    stdout_dropped_lines: 0,
    stderr_dropped_lines: 0,
    blended_dropped_lines: 0,
    stdout_bytes: 12,
    stderr_bytes: 0,
    policy_restart_count: 0,
    health_restart_count: 0,
    ready_at: "2026-03-16T12:00:00.000Z",
    waiting_for: [],
    ready_timed_out: false,
    waited_for: [],
    gave_up_reason: null,
    called_off: null,
    restart_policy: { kind: "never" },
    ready_checks: [],
    health_check: null,
    max_rss: null,
    max_runtime_ms: null,
    stdin: "none",
    pty: null,
    terminal: null,
    ...facts,
  };
}

/** A piece of followed text as the daemon sends it. */
export function textFrame(text: string, facts: Partial<TextFrameHead> = {}): string {
  const bytes = Buffer.byteLength(text);
  return `${JSON.stringify({ next_seq: 1, open: "nothing", bytes, ...facts })}\n${text}`;
}

/** Answers to `GET /v1/events`: no history, then what `feed` brings. */
export function eventsFrom(feed: Feed): Answer {
  return (asked, request) =>
    asked.path.includes("follow=1")
      ? feed.answer(asked, request)
      : Response.json({ events: [], next_seq: 1 });
}

/** A log that is followed: what is pushed arrives, until it ends. */
export class Feed {
  readonly #gone = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<void>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly #waiting: Uint8Array[] = [];
  #ended = false;

  /** Resolves once somebody follows. */
  readonly opened = this.#opened.promise;
  /** Resolves once the follower has left. */
  readonly gone = this.#gone.promise;

  readonly answer: Answer = () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        for (const bytes of this.#waiting) controller.enqueue(bytes);
        if (this.#ended) controller.close();
        this.#opened.resolve();
      },
      cancel: () => {
        this.#controller = undefined;
        this.#gone.resolve();
      },
    });
    return new Response(stream);
  };

  push(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    if (this.#controller === undefined) this.#waiting.push(bytes);
    else this.#controller.enqueue(bytes);
  }

  end(): void {
    this.#ended = true;
    this.#controller?.close();
  }
}
