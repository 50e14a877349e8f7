// Scripts in a real shell, with `korun` on PATH as it is for a user.

import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { BINARY, type Korun, type Result } from "../../support/korun.ts";

export interface ShellOptions {
  readonly shell?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a script. */
export function startInShell(korun: Korun, script: string, options: ShellOptions = {}) {
  const { shell = "sh", cwd = korun.work, env = {} } = options;
  return Bun.spawn([shell, "-c", script], {
    cwd,
    env: { ...korun.env, PATH: pathWithKorun(korun), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs a script to its end. */
export async function inShell(
  korun: Korun,
  script: string,
  options: ShellOptions = {},
): Promise<Result> {
  const child = startInShell(korun, script, options);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** A PATH on which the binary under test comes first, by the name `korun`. */
export function pathWithKorun(korun: Korun): string {
  const folder = join(korun.root, "bin");
  if (!existsSync(folder)) {
    mkdirSync(folder);
    symlinkSync(BINARY, join(folder, "korun"));
  }
  return `${folder}:${process.env.PATH}`;
}
