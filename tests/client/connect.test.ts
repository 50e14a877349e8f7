import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../src/client/connect.ts";
import { keeperLock } from "../../src/keeper/options.ts";
import { FileLock } from "../../src/native/lock.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "korun-connect-"));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

test("a daemon that its keeper cannot bring up is not said to be none: the reason is told", async () => {
  const lock = FileLock.tryTake(keeperLock(home));
  const refusal = { reason: "port 7 is held by pid 12 (node)", hint: "Take another." };
  lock?.write(JSON.stringify({ pid: 4_444, refusal }));
  const asked = connect({ launch: "never", env: { KORUN_HOME: home }, onOtherVersion() {} });
  await expect(asked.daemon()).rejects.toMatchObject({
    code: "unavailable",
    message: `the daemon of ${home} cannot start: port 7 is held by pid 12 (node)`,
    hint: "Take another. It is tried again by itself.",
  });
  lock?.release();
  await expect(asked.daemon()).rejects.toThrow("no daemon is running");
});

test.each(["file/sub", "x".repeat(300)])("a home that cannot be one is told: %s", async (place) => {
  writeFileSync(join(home, "file"), "x");
  const path = join(home, place);
  for (const launch of ["never", "remembered"] as const) {
    const asked = connect({ launch, env: { KORUN_HOME: path }, onOtherVersion() {} });
    await expect(asked.list()).rejects.toMatchObject({
      code: "bad_request",
      field: "KORUN_HOME",
      message: expect.stringContaining(`cannot use the home ${path}: `),
    });
  }
});

test("nobody waits long for a daemon after one that was stopped", async () => {
  const asked = connect({ launch: "remembered", env: { KORUN_HOME: home }, onOtherVersion() {} });
  // Where there is somebody to wait for, it would take longer than this test may.
  await expect(asked.outlive(new Error("it went"), undefined)).rejects.toThrow("it went");
}, 8_000);
