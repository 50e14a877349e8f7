// A place to measure in: a folder under the system's temporary one, an environment that keeps
// programs out of the user's own folders, and every process that was started with it, whoever
// daemonized in between. Leaving the place ends those processes and removes the folder.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FoundProcess, processesWith } from "./proc.ts";

/** Marks the processes of a place in their environment. */
const MARK = "KORUN_BENCH_PLACE";

/** Longest wait for processes that were asked to end, in ms. */
const GRACE_MS = 5_000;

export class Place {
  static readonly #open = new Set<Place>();
  static #closed = false;

  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;

  constructor() {
    if (Place.#closed) throw new Error("the benchmark is being ended");
    this.folder = mkdtempSync(join(tmpdir(), "korun-bench-"));
    this.env = environmentIn(this.folder);
    Place.#open.add(this);
  }

  /** Leaves every place there is, for good. */
  static async closeAll(): Promise<void> {
    Place.#closed = true;
    await Promise.all([...Place.#open].map((place) => place[Symbol.asyncDispose]()));
  }

  /** A path in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts a program whose output nobody wants. */
  start(command: readonly string[], { cwd }: { readonly cwd?: string } = {}) {
    return Bun.spawn([...command], { ...this.#options(), ...(cwd === undefined ? {} : { cwd }) });
  }

  /** Starts a program and gives what it prints, as it comes. */
  open(command: readonly string[]) {
    return Bun.spawn([...command], { ...this.#options(), stdout: "pipe" });
  }

  /** Starts a program in a terminal of its own, which nobody looks at. */
  show(command: readonly string[]) {
    const { cwd, env } = this.#options();
    return Bun.spawn([...command], { cwd, env, terminal: { cols: 120, rows: 40, data() {} } });
  }

  /** Runs a program to its end and gives what it printed. Throws when it fails. */
  async run(command: readonly string[]): Promise<string> {
    const options = { ...this.#options(), stdout: "pipe", stderr: "pipe" } as const;
    const child = Bun.spawn([...command], options);
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) === 0) return stdout;
    throw new Error(`${command.join(" ")} failed: ${(stderr || stdout).trim()}`);
  }

  /** What lives of this place. */
  processes(): readonly FoundProcess[] {
    return processesWith(`${MARK}=${this.folder}`);
  }

  /** In a session of its own, so that Ctrl-C is for the benchmark alone. */
  #options() {
    if (Place.#closed) throw new Error("the benchmark is being ended");
    return {
      cwd: this.folder,
      env: { ...this.env },
      detached: true,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    } as const;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!Place.#open.delete(this)) return;
    const deadline = performance.now() + GRACE_MS;
    const asked = new Set<number>();
    for (let left = this.processes(); left.length > 0; left = this.processes()) {
      const isLate = performance.now() > deadline;
      for (const { pid } of left) {
        if (isLate) signal(pid, "SIGKILL");
        else if (!asked.has(pid)) signal(pid, "SIGTERM");
        asked.add(pid);
      }
      await Bun.sleep(20);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function environmentIn(folder: string): Record<string, string> {
  const foreign = /^(KORUN_|XDG_|PM2_|PUEUE_|PC_|WATCHEXEC)/;
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || foreign.test(name) ? [] : [[name, value] as const],
  );
  const home = join(folder, "home");
  mkdirSync(home);
  return {
    ...Object.fromEntries(inherited),
    [MARK]: folder,
    HOME: home,
    KORUN_HOME: join(folder, "korun"),
    KORUN_PORT: "0",
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}
