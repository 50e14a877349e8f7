// Runs a built executable as far as this machine can: natively, under musl's loader, or under
// qemu's emulation of another processor. What cannot be run here is said to be so.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Runner {
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Longest wait for anything, in ms: emulation is slow. */
const PATIENCE_MS = 60_000;

/** One line: what the executable answered, or why it was not asked. Throws when it failed. */
export async function smokeTest(platform: string, file: string): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), "korun-smoke-"));
  try {
    const runner = await findRunner(platform, scratch);
    if (typeof runner === "string") return `skipped ${platform}: ${runner}`;
    const command = [...runner.prefix, file];
    const home = { KORUN_HOME: join(scratch, "home"), KORUN_PORT: "0" };
    return `ran ${platform}: ${await tryOut(command, { ...process.env, ...home, ...runner.env })}`;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type Environment = Record<string, string | undefined>;

/** Its version, once a daemon of it has run a command and ended. */
async function tryOut(command: readonly string[], env: Environment): Promise<string> {
  const version = ask([...command, "--version"], env);
  // In the foreground, since an emulated korun cannot start itself.
  const daemon = Bun.spawn([...command, "daemon", "run"], { env, stderr: "ignore" });
  try {
    const deadline = performance.now() + PATIENCE_MS;
    while (!answers(command, env)) {
      if (performance.now() > deadline) throw new Error(`${command.join(" ")} starts no daemon`);
      await Bun.sleep(100);
    }
    const said = ask([...command, "run", "--", "echo", "hello"], env);
    if (said !== "hello") throw new Error(`${command.join(" ")} ran echo, and got ${said}`);
    ask([...command, "daemon", "stop"], env);
    await daemon.exited;
    return version;
  } finally {
    daemon.kill("SIGKILL");
  }
}

function answers(command: readonly string[], env: Environment): boolean {
  return Bun.spawnSync([...command, "daemon", "status"], { env, timeout: PATIENCE_MS }).success;
}

/** What a command prints. Throws when it fails. */
function ask(command: readonly string[], env: Environment): string {
  const result = Bun.spawnSync([...command], { env, timeout: PATIENCE_MS });
  if (result.success) return result.stdout.toString().trim();
  throw new Error(`${command.join(" ")} failed: ${result.stderr.toString()}`);
}

/** How to run a platform's executable, or why this machine cannot. */
async function findRunner(platform: string, scratch: string): Promise<Runner | string> {
  const [os = "", arch = "", libc] = platform.split("-");
  if (os !== process.platform) return `this is ${process.platform}`;
  if (arch !== process.arch) return findEmulator(arch, libc);
  if (libc === "musl") return findMusl(scratch);
  return { prefix: [], env: {} };
}

function findEmulator(arch: string, libc: string | undefined): Runner | string {
  if (arch !== "arm64") return `this is ${process.arch}`;
  if (libc === "musl") return "no musl for another processor";
  const emulator = Bun.which("qemu-aarch64") ?? Bun.which("qemu-aarch64-static");
  if (emulator === null) return "qemu-aarch64 is missing (Debian: qemu-user libc6-arm64-cross)";
  return { prefix: [emulator, "-L", "/usr/aarch64-linux-gnu"], env: {} };
}

/**
 * musl's loader with the C++ library that Bun's executable wants. Alpine has one of its own
 * (libstdc++); Debian has only glibc's, which runs on musl with the few symbols of musl-shim.c.
 */
async function findMusl(scratch: string): Promise<Runner | string> {
  const loader = `/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
  if (!(await Bun.file(loader).exists())) return `${loader} is missing (Debian: musl)`;
  if (await Bun.file("/etc/alpine-release").exists()) return { prefix: [], env: {} };
  const compiler = Bun.which("cc");
  if (compiler === null) return "a C compiler is missing";
  const made = Bun.spawnSync([
    "sh",
    "-euc",
    `"$1" -shared -fPIC -nostdlib -o "$2/$3" "$4"
     cp "$("$1" -print-file-name=libstdc++.so.6)" "$("$1" -print-file-name=libgcc_s.so.1)" "$2"`,
    "sh",
    compiler,
    scratch,
    process.arch === "arm64" ? "ld-linux-aarch64.so.1" : "ld-linux-x86-64.so.2",
    join(import.meta.dir, "musl-shim.c"),
  ]);
  if (!made.success) return `glibc's C++ library: ${made.stderr.toString().trim()}`;
  return { prefix: [], env: { LD_LIBRARY_PATH: scratch } };
}
