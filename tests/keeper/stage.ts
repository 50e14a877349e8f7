// A home with a real keeper and stand-in daemons, and its end: whatever a test leaves alive is
// killed, and counts as a failure where the test says that nothing is left.

import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readExits } from "../../src/keeper/exits.ts";
import { exitJournal } from "../../src/keeper/options.ts";
import type { ExitRecord, Held, HoldRequest, KeeperHello } from "../../src/keeper/protocol.ts";
import { isAlive } from "../../src/process/identity.ts";
import type { ProcessIdentity } from "../../src/process/process-info.ts";
import { pidsWith } from "../support/environ.ts";
import { waitFor } from "../support/wait.ts";

export const PROGRAM = join(import.meta.dir, "fixtures/program.ts");

/** A line that each daemon leaves with its first instruction. */
export interface Start extends ProcessIdentity {
  readonly setAside: boolean;
  readonly hasLink: boolean;
  readonly at: number;
  readonly execPath: string;
}

export interface Status {
  readonly pid: number;
  readonly losses: number;
  readonly ended: readonly ExitRecord[];
  readonly keeper: KeeperHello | null;
}

export class Stage {
  readonly home = mkdtempSync(join(tmpdir(), "korun-keeper-"));
  keeper: ReturnType<typeof Bun.spawn> | undefined;

  constructor(mode = "serve") {
    this.setMode(mode);
  }

  setMode(mode: string): void {
    writeFileSync(join(this.home, "mode"), mode);
  }

  /** As a client launches it; resolves with what came over the start-up pipe. */
  async launch(env: Record<string, string> = {}): Promise<string> {
    const log = openSync(join(this.home, "log"), "a");
    this.keeper = Bun.spawn([process.execPath, PROGRAM, "keep", this.home], {
      detached: true,
      env: { ...process.env, KORUN_HOME: this.home, ...env },
      stdio: ["ignore", log, log, "pipe"],
    });
    closeSync(log);
    return await new Response(Bun.file(Number(this.keeper.stdio[3])).stream()).text();
  }

  get keeperPid(): number {
    return this.keeper?.pid ?? 0;
  }

  /** Everything keeper and daemons wrote. */
  log(): string {
    return readFileSync(join(this.home, "log"), "utf8");
  }

  starts(): Start[] {
    return this.#lines().filter((line) => "pid" in line) as unknown as Start[];
  }

  terminations(): number {
    return this.#lines().filter((line) => "terminated" in line).length;
  }

  exits(): readonly ExitRecord[] {
    return readExits(exitJournal(this.home));
  }

  /** Asks the daemon that serves now. */
  async ask<T = unknown>(action: string, input: unknown = null): Promise<T> {
    const response = await fetch(`http://daemon/${action}`, {
      unix: join(this.home, "control.sock"),
      method: "POST",
      body: JSON.stringify(input),
    });
    return (await response.json()) as T;
  }

  status(): Promise<Status> {
    return this.ask<Status>("status");
  }

  hold(request: HoldRequest): Promise<Held | null> {
    return this.ask("hold", request);
  }

  spawn(script: string, stdout?: string): Promise<ProcessIdentity> {
    return this.ask("spawn", { script, stdout });
  }

  /** Waits until a daemon other than these serves and has met its keeper; its status. */
  next(...earlier: readonly number[]): Promise<Status> {
    return waitFor("the next daemon", async () => {
      const status = await this.status().catch(() => undefined);
      return status?.keeper && !earlier.includes(status.pid) ? status : undefined;
    });
  }

  /** Every living process of this home, children of its daemons included. */
  processes(): number[] {
    return pidsWith(`KORUN_HOME=${this.home}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await waitFor("every process to be gone", () => {
      const left = this.processes();
      for (const pid of left) kill(pid);
      return left.length === 0;
    });
    rmSync(this.home, { recursive: true, force: true });
  }

  #lines(): Record<string, unknown>[] {
    const path = join(this.home, "daemons.ndjson");
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Waits until a process has ended; one that only waits to be reaped has. */
export function gone(identity: ProcessIdentity): Promise<boolean> {
  return waitFor(`process ${identity.pid} to end`, () => !isAlive(identity));
}
