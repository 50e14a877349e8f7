import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DaemonLog } from "../../src/daemon/daemon-log.ts";
import { joinKeeper, type Keeping } from "../../src/daemon/guardian.ts";
import { type Paths, resolvePaths } from "../../src/daemon/paths.ts";
import type { KeeperHello } from "../../src/keeper/protocol.ts";
import { waitFor } from "../support/wait.ts";

let paths: Paths;
let log: DaemonLog;

beforeEach(() => {
  const home = mkdtempSync(join(tmpdir(), "korun-guardian-"));
  paths = resolvePaths({ KORUN_HOME: home });
  log = new DaemonLog(paths.log);
});

afterEach(() => {
  log.close();
  rmSync(paths.home, { recursive: true, force: true });
});

test("a keeper is logged once, though it says hello again as its next version", async () => {
  const hello: KeeperHello = {
    pid: 4_444,
    startTime: 1,
    version: "1",
    protocol: 1,
    deaths: 0,
    problem: null,
  };
  const { keeper, keeping } = keptBy([hello, { ...hello, version: "2", problem: "the second" }]);
  await waitFor("both to be heard", () => keeping.problem === "the second");
  expect(readFileSync(paths.log, "utf8").match(/kept by pid 4444\n/g)).toHaveLength(1);
  keeping.link?.close();
  expect(await keeper.exited).toBe(0);
});

/** A process at the other end of the link that says these, and ends with the link. */
function keptBy(hellos: readonly KeeperHello[]): { keeper: Bun.Subprocess; keeping: Keeping } {
  const lines = hellos.map((hello) => JSON.stringify({ hello })).join("\n");
  const keeper = Bun.spawn(["sh", "-c", 'echo "$LINES_TO_SAY" >&3; cat <&3 >/dev/null'], {
    env: { ...process.env, LINES_TO_SAY: lines },
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const legacy = { fd: Number(keeper.stdio[3]), setAside: false };
  return { keeper, keeping: joinKeeper(paths, { legacy, version: "1", log }) };
}
