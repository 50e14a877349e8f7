// An end in the foreground for which nobody was there.

import { describe, expect, test } from "bun:test";
import { result, start } from "../support/cli.ts";
import { FakeDaemon } from "../support/fake-daemon.ts";
import { FakeRun } from "../support/fake-run.ts";

describe("where neither daemon nor keeper saw the end of `run`,", () => {
  const GONE = "its last output may be missing: daemon and keeper were gone\n";
  test.each([
    ["that is told", { last_end: { kind: "unknown" } }, 1, "nobody saw how it ended, and "],
    ["after a reboot too", { last_end: { kind: "lost" } }, 1, "nobody saw how it ended, and "],
    ["its code may be known", { last_end: { kind: "exit", cut: true }, exit_code: 3 }, 3, ""],
  ] as const)("%s", async (_, how, code, told) => {
    const run = new FakeRun();
    await using daemon = new FakeDaemon(run.answers);
    const child = start(daemon, ["run", "--", "app"]);
    run.end(how);
    const stderr = `korun: ${told}${GONE}`;
    expect(await result(child)).toEqual({ code, stdout: "", stderr });
  });
});
