// A made-up machine to install on: a home, and a PATH with nothing on it but the tools named.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const INSTALLER = join(import.meta.dir, "../../install.sh");

/** What install.sh may use besides a downloader and a checksum tool. */
const TOOLS = [
  ..."awk cat chmod cp cut dirname getconf grep head ldd mkdir mktemp mv rm sh uname".split(" "),
  ..."bash cmp node npm sysctl".split(" "),
];

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
}

export class Machine implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "korun-install-"));
  readonly home = join(this.root, "home");
  readonly bin = join(this.root, "bin");
  /** What install.sh sees. */
  env: Record<string, string | undefined>;

  /** With curl and sha256sum, or whatever else is named instead. */
  constructor(extra: readonly string[] = ["curl", "sha256sum"]) {
    mkdirSync(this.home);
    mkdirSync(this.bin);
    for (const tool of [...TOOLS, ...extra]) {
      const found = Bun.which(tool);
      if (found !== null) symlinkSync(found, join(this.bin, tool));
    }
    this.env = { HOME: this.home, PATH: this.bin, TMPDIR: this.root };
  }

  /** Where korun is installed unless told otherwise. */
  get target(): string {
    return join(this.home, ".local/bin/korun");
  }

  /** Puts a shell script on PATH in place of a tool. */
  fake(tool: string, script: string): void {
    rmSync(join(this.bin, tool), { force: true });
    write(join(this.bin, tool), script);
  }

  /** Installs a korun of an earlier version. */
  putOldKorun(): void {
    write(this.target, "echo korun 1.0.0");
  }

  /** What the installed korun says, or undefined when there is none. */
  installed(): string | undefined {
    if (!existsSync(this.target)) return undefined;
    return Bun.spawnSync([this.target, "--version"]).stdout.toString().trim();
  }

  /** Everything in the folder that korun is installed to. */
  leftovers(): string[] {
    const folder = dirname(this.target);
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  }

  /** As `curl … | sh` does it. */
  pipe(shell: readonly string[] = ["sh"], script = readFileSync(INSTALLER, "utf8")): Running {
    return this.start(shell, { input: script });
  }

  /** Runs a command with nothing but this machine's environment, as a group of its own. */
  start(command: readonly string[], options: { input?: string; cwd?: string } = {}): Running {
    const [tool = "sh", ...rest] = command;
    const child = Bun.spawn([Bun.which(tool) ?? tool, ...rest], {
      cwd: options.cwd ?? this.root,
      env: this.env,
      detached: true,
      stdin: options.input === undefined ? "ignore" : new Blob([options.input]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const outcome = Promise.all([
      child.exited,
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]).then(([code, stdout, stderr]) => ({ code, stdout, stderr }));
    return { pid: child.pid, outcome };
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function write(path: string, script: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}
