// The daemon under test, asked over its Unix socket; while it is away, asked again.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Longest wait for a daemon to come back, in ms: past that, it does not. */
const BACK_WITHIN_MS = 20_000;

export class Daemon {
  readonly #home: string;

  constructor(home: string) {
    this.#home = home;
  }

  /** The pid in the lock file. */
  get pid(): number {
    return (JSON.parse(readFileSync(join(this.#home, "daemon.lock"), "utf8")) as { pid: number })
      .pid;
  }

  /** A JSON answer; waits for a daemon that is away. Throws when it refuses. */
  async ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this.#fetch(path, init);
    const body = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${body}`);
    return JSON.parse(body) as T;
  }

  /** The raw bytes of an answer. */
  async bytes(path: string): Promise<Buffer> {
    return Buffer.from(await (await this.#fetch(path, {})).arrayBuffer());
  }

  /** Kills the daemon; resolves when the API answers again, with the ms that it did not. */
  async kill(): Promise<number> {
    const { pid } = this;
    const since = performance.now();
    process.kill(pid, "SIGKILL");
    await this.ask("/healthz");
    return performance.now() - since;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const deadline = performance.now() + BACK_WITHIN_MS;
    for (;;) {
      try {
        return await fetch(`http://korun${path}`, {
          ...init,
          unix: join(this.#home, "korun.sock"),
        });
      } catch (thrown) {
        if (performance.now() > deadline) throw thrown;
        await Bun.sleep(2);
      }
    }
  }
}
