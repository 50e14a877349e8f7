// A korun of a test's own: the compiled binary, an empty home, a port that nobody else has. When
// the test is done its daemon is stopped and every process of its sessions must be gone.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { DaemonReply } from "../../src/api/daemon-replies.ts";
import type { LogReply } from "../../src/api/log-replies.ts";
import type { SessionReply } from "../../src/api/replies.ts";
import { holdToContract } from "./contract.ts";
import { pidsWith } from "./environ.ts";
import { waitFor } from "./wait.ts";

/** The binary under test. `npm test` builds it. */
export const BINARY = resolve(process.env.KORUN_BIN ?? "dist/korun");

/** What a command said and how it ended. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
}

export class Korun implements AsyncDisposable {
  /** A folder that is removed in the end; `home` and `work` lie in it. */
  readonly root = mkdtempSync(join(tmpdir(), "korun-e2e-"));
  /** KORUN_HOME. */
  readonly home = join(this.root, "home");
  /** Where commands are run unless a test says otherwise: the user's home as well. */
  readonly work = mkdtempSync(join(this.root, "work-"));
  readonly env: Readonly<Record<string, string>>;
  #url: string | undefined;

  /** Takes variables to set, or gives them what they need to know of the folder. */
  constructor(
    env:
      | Readonly<Record<string, string>>
      | ((root: string) => Readonly<Record<string, string>>) = {},
  ) {
    const inherited = Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(KORUN|XDG)_|^NO_COLOR$|^FORCE_COLOR$/.test(entry[0]),
    );
    this.env = {
      ...Object.fromEntries(inherited),
      HOME: this.work,
      KORUN_HOME: this.home,
      KORUN_PORT: "0",
      ...(typeof env === "function" ? env(this.root) : env),
    };
  }

  /** Runs `korun` with these arguments to its end. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const child = this.spawn(args, options);
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  }

  /** Runs `korun` and expects success; its stdout, trimmed. */
  async ok(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.run(args, options);
    if (result.code !== 0) {
      throw new Error(`korun ${args.join(" ")} exited with ${result.code}: ${result.stderr}`);
    }
    return result.stdout.trim();
  }

  /** Starts `korun` with pipes. */
  spawn(args: readonly string[], options: RunOptions = {}): Bun.Subprocess<"pipe", "pipe", "pipe"> {
    const child = Bun.spawn([BINARY, ...args], {
      cwd: options.cwd ?? this.work,
      env: { ...this.env, ...options.env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    if (options.input !== undefined) child.stdin.write(options.input);
    child.stdin.end();
    return child;
  }

  /** `korun serve` of a shell script; the session's id. */
  serve(script: string, flags: readonly string[] = [], options: RunOptions = {}): Promise<string> {
    return this.ok(["serve", ...flags, "--", "sh", "-c", script], options);
  }

  /** What `korun daemon status --json` says; the daemon must be up. */
  async status(): Promise<DaemonReply> {
    return JSON.parse(await this.ok(["daemon", "status", "--json"])) as DaemonReply;
  }

  /** The base URL of the HTTP API; starts the daemon. */
  async url(): Promise<string> {
    if (this.#url === undefined) {
      await this.ok(["daemon", "start"]);
      this.#url = `http://127.0.0.1:${(await this.status()).port}`;
    }
    return this.#url;
  }

  /** A request to the API over TCP. An answer in JSON is held to the contract. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`${await this.url()}${path}`, init);
    const { method = "GET" } = init;
    const type = response.headers.get("content-type");
    if (type === "application/json" && method !== "HEAD") {
      const text = await response.clone().text();
      holdToContract({ method, path, status: response.status, type, text });
    }
    return response;
  }

  /** The JSON body of a request to the API over TCP. */
  async json<T = unknown>(path: string, init?: RequestInit): Promise<T> {
    return (await (await this.fetch(path, init)).json()) as T;
  }

  /** A session's metadata. */
  async session(reference: string): Promise<SessionReply> {
    return JSON.parse(await this.ok(["inspect", "--json", reference])) as SessionReply;
  }

  /** Waits until a session is as wanted, and returns it. */
  until(
    reference: string,
    wanted: (session: SessionReply) => boolean,
    what = "a session to change",
  ): Promise<SessionReply> {
    return waitFor(what, async () => {
      const session = await this.session(reference);
      return wanted(session) ? session : undefined;
    });
  }

  /** The newest lines of a session, blended unless another stream is named. */
  async lines(reference: string, stream = "blended"): Promise<string[]> {
    const query = `limit=20000&stream=${stream}`;
    const page = await this.json<LogReply>(`/v1/sessions/${reference}/logs?${query}`);
    return page.entries.map(({ line }) => line);
  }

  /** Stops the daemon and removes everything; throws when a process of a session is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = existsSync(this.home) ? await this.run(["daemon", "stop"]) : undefined;
    const left = await waitFor("processes to go", () => {
      const found = processesWith(`KORUN_HOME=${this.home}`);
      return found.length === 0 ? "none" : undefined;
    }).catch(() => processesWith(`KORUN_HOME=${this.home}`).join(", "));
    rmSync(this.root, { recursive: true, force: true });
    if (left !== "none") throw new Error(`left behind: ${left} (${stopped?.stderr})`);
  }
}

/** Living processes whose environment has this variable, as `pid command`. Linux only. */
export function processesWith(variable: string): string[] {
  return pidsWith(variable).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return [`${pid} ${command}`];
    } catch {
      return []; // It ended while it was looked at.
    }
  });
}
