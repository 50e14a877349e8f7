import { expect, test } from "bun:test";
import { join } from "node:path";
import { reapChild } from "../../src/native/reaper.ts";

const FIXTURE = join(import.meta.dir, "../keeper/fixtures/reaper.ts");

test.if(process.platform === "linux")(
  "An orphan falls to a subreaper, is found until it is reaped, and Bun keeps its own",
  async () => {
    const child = Bun.spawn([process.execPath, FIXTURE], { stdout: "pipe" });
    expect(await child.exited).toBe(0);
    expect(JSON.parse(await child.stdout.text())).toEqual({
      isReaper: true,
      none: null,
      status: { code: 5, signal: null },
      isSame: true,
      reaped: true,
      reapedAgain: false,
      own: 6,
    });
  },
);

test("A child that lives, and a process that is no child, are not reaped", async () => {
  const child = Bun.spawn(["sleep", "600"]);
  expect(reapChild(child.pid)).toBe(false);
  expect(reapChild(1)).toBe(false);
  child.kill();
  expect(await child.exited).toBe(143);
});
