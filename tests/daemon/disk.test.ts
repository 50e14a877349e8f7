import { expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolvePaths, thisMachine } from "../../src/daemon/paths.ts";

const STRANGER = 12_345;

/** Nothing is forbidden to root: as root, somebody else looks, with modules that root has loaded. */
const LOOK = `
  const { diskProblem } = await import(${JSON.stringify(import.meta.resolve("../../src/daemon/disk.ts"))});
  const { makeRings } = await import(${JSON.stringify(import.meta.resolve("../../src/capture/rings.ts"))});
  const { RING_LIMITS } = await import(${JSON.stringify(import.meta.resolve("../../src/logs/session-log.ts"))});
  const [paths, user] = process.argv.slice(1).map((text) => JSON.parse(text));
  if (process.getuid() === 0) process.setuid(user);
  const hintOf = () => {
    try {
      makeRings(\`\${paths.sessions}/\${crypto.randomUUID()}\`, RING_LIMITS);
    } catch (thrown) {
      return thrown.hint;
    }
  };
  console.log(JSON.stringify({ problem: diskProblem(paths), hint: hintOf() }));
`;

test("a home that was closed to its own user is told, with the way out", () => {
  const home = mkdtempSync(join(tmpdir(), "korun-disk-"));
  try {
    const paths = resolvePaths({ KORUN_HOME: home }, thisMachine());
    mkdirSync(paths.sessions);
    if (process.getuid?.() === 0) {
      for (const folder of [home, paths.sessions]) chownSync(folder, STRANGER, STRANGER);
    }
    const look = () => {
      const args = [JSON.stringify(paths), JSON.stringify(STRANGER)];
      const { stdout } = Bun.spawnSync([process.execPath, "-e", LOOK, ...args]);
      return JSON.parse(stdout.toString()) as { problem: string | null; hint?: string };
    };
    expect(look()).toEqual({ problem: null });

    chmodSync(paths.sessions, 0o500);
    const { problem, hint } = look();
    expect(problem).toStartWith(
      `korun may not write in ${paths.sessions}: no new session can start`,
    );
    expect(hint).toStartWith("Make that folder writable for you again");
    chmodSync(paths.sessions, 0o700);

    chmodSync(home, 0o500);
    expect(look().problem).toStartWith(`korun may not write in ${home}:`);
  } finally {
    chmodSync(home, 0o700);
    rmSync(home, { recursive: true, force: true });
  }
});
