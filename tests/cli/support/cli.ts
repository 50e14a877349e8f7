// Runs the CLI from its source, as a process of its own.

import { join } from "node:path";
import type { FakeDaemon } from "./fake-daemon.ts";

const ENTRY = join(import.meta.dir, "../../../index.ts");

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The environment of a CLI that talks to this daemon, without this one's own choices. */
export function environment(daemon: FakeDaemon, env: Readonly<Record<string, string>> = {}) {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(KORUN|XDG)_|^NO_COLOR$|^FORCE_COLOR$|^TERM$|^NODE_ENV$/.test(name),
  );
  return { ...Object.fromEntries(own), KORUN_HOME: daemon.home, KORUN_PORT: "0", ...env };
}

/** Starts the CLI with pipes. */
export function start(daemon: FakeDaemon, args: readonly string[], options: CliOptions = {}) {
  return Bun.spawn([process.execPath, ENTRY, ...args], {
    env: environment(daemon, options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs the CLI to its end. */
export async function korun(
  daemon: FakeDaemon,
  args: readonly string[],
  options: CliOptions = {},
): Promise<Result> {
  return await result(start(daemon, args, options));
}

/** What a started CLI said and how it ended. */
export async function result(child: ReturnType<typeof start>): Promise<Result> {
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Runs the CLI on a terminal of this width; everything it showed, and its exit code. */
export async function onTerminal(
  daemon: FakeDaemon,
  args: readonly string[],
  { columns = 80, env = {} }: { columns?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<{ code: number; shown: string }> {
  const decoder = new TextDecoder();
  let shown = "";
  const child = Bun.spawn([process.execPath, ENTRY, ...args], {
    env: environment(daemon, { TERM: "xterm", ...env }),
    terminal: {
      cols: columns,
      rows: 24,
      data(_, bytes) {
        shown += decoder.decode(bytes, { stream: true });
      },
    },
  });
  const code = await child.exited;
  child.terminal?.close();
  return { code, shown };
}
