// A project that a session watches, and how many restarts its changes caused.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SessionReply } from "../../../src/api/replies.ts";
import type { Korun } from "../../support/korun.ts";

/** What became of a burst of changes. */
export interface Effect {
  /** Restarts. */
  readonly restarts: number;
  /** Changes that counted. */
  readonly changes: number;
}

export const NOTHING: Effect = { restarts: 0, changes: 0 };

export class Project {
  readonly root: string;
  readonly #korun: Korun;
  #id = "";
  #before: SessionReply | undefined;
  #sentinels = 0;

  constructor(korun: Korun) {
    this.#korun = korun;
    this.root = join(korun.work, "project");
    mkdirSync(this.root);
  }

  at(path: string): string {
    return join(this.root, path);
  }

  /** Writes a file, with the folders it needs. */
  write(path: string, content = path): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
  }

  /** Runs a script of a tool's in the project. */
  run(script: string): void {
    const env = { ...process.env, HOME: this.root, GIT_CONFIG_GLOBAL: "/dev/null" };
    const done = Bun.spawnSync(["sh", "-euc", script], { cwd: this.root, env });
    if (!done.success) throw new Error(`${script}: ${done.stderr.toString()}`);
  }

  /** Starts a session that watches it, here with these flags. */
  async watch(...flags: string[]): Promise<void> {
    this.#id = await this.#korun.serve("exec sleep 600", flags, { cwd: this.root });
    this.#before = await this.session();
  }

  session(): Promise<SessionReply> {
    return this.#korun.session(this.#id);
  }

  /** Waits until a change of this path has restarted the session. */
  async restartedBy(path: string): Promise<SessionReply> {
    return await this.#korun.until(
      this.#id,
      ({ state, last_restart_cause: cause }) =>
        state === "running" && cause?.kind === "watch" && cause.path === path,
      `a restart by ${path}`,
    );
  }

  /** Waits until changes have restarted the session so many times. */
  async restarted(times: number): Promise<SessionReply> {
    return await this.#korun.until(
      this.#id,
      ({ state, watch_restart_count }) => state === "running" && watch_restart_count >= times,
      `${times} restarts`,
    );
  }

  /**
   * What all changes until now did. They are over once a later one, of a new file in this folder,
   * has caused its own restart.
   */
  async effect({ sentinelIn = "." } = {}): Promise<Effect> {
    const before = this.#before ?? (await this.session());
    this.#sentinels += 1;
    const sentinel = join(sentinelIn, `sentinel-${this.#sentinels}.ts`);
    // Whole from the first moment, so that it is one change.
    const elsewhere = join(this.#korun.root, "sentinel");
    writeFileSync(elsewhere, sentinel);
    renameSync(elsewhere, this.at(sentinel));
    const after = await this.restartedBy(sentinel);
    this.#before = after;
    return {
      restarts: after.watch_restart_count - before.watch_restart_count - 1,
      changes: after.file_change_count - before.file_change_count - 1,
    };
  }
}
