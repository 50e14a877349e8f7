// Whether another executable may take over, by what it says of itself.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkSuccessor } from "../../src/daemon/upgrade.ts";
import { waitFor } from "../support/wait.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-upgrade-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function executable(script: string): string {
  const path = join(folder, "korun");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("one that is not older may", async () => {
  expect(await checkSuccessor(executable("echo korun 1.2.3"), "1.2.3")).toBe("1.2.3");
  expect(checkSuccessor(executable("echo korun 1.2.3"), "1.3.0")).rejects.toMatchObject({
    code: "conflict",
  });
});

test("one that says something else may not, however much it is", async () => {
  const path = executable(`echo $$ > ${folder}/pid; exec yes`);
  await expect(checkSuccessor(path, "1.0.0")).rejects.toMatchObject({ code: "bad_request" });
  const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
  await waitFor("it to end", () => !isAlive(pid));
});

test("one that says nothing is refused in time, and nothing of it is left", async () => {
  const path = executable(`sleep 600 & echo $! > ${folder}/pid; wait`);
  await expect(checkSuccessor(path, "1.0.0", { waitMs: 1_000 })).rejects.toMatchObject({
    code: "bad_request",
    message: expect.stringContaining("it has not said its version within 1s"),
  });
  const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
  await waitFor("its child to end", () => !isAlive(pid));
});

test("nor is it waited for who left its group and holds its output", async () => {
  const path = executable(`setsid sh -c 'echo $$ > ${folder}/pid; exec sleep 600' & wait`);
  await expect(checkSuccessor(path, "1.0.0", { waitMs: 1_000 })).rejects.toMatchObject({
    code: "bad_request",
  });
  process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL");
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
