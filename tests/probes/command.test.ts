import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { endChecks, markOf } from "../../src/probes/command.ts";
import { lookOnce } from "../../src/probes/look.ts";
import type { ProbedRun } from "../../src/probes/probe.ts";
import { leftBehind } from "../../src/process/group.ts";
import { scanProcesses } from "../../src/process/tree.ts";
import { waitFor } from "../support/wait.ts";
import { afterwards, cleanUp, look, makeFolder, probe, startRun } from "./support.ts";

afterEach(cleanUp);

function shell(line: string) {
  return { kind: "command", command: ["sh", "-c", line] } as const;
}

function runIn(cwd: string, env: Record<string, string> = {}): ProbedRun {
  const run = startRun({ spec: { cwd, env, inherited: undefined, name: "web" } });
  afterwards(() => endChecks(markOf(run.sessionId, "ready[0]")));
  return run;
}

/** What lives of the command of a run's check. */
function livingOf({ sessionId }: ProbedRun): readonly string[] {
  const target = { sessionId: markOf(sessionId, "ready[0]"), leader: undefined };
  return scanProcesses()
    .session(target)
    .map(({ name }) => name);
}

describe("A command", () => {
  test("that exits with 0 is met", async () => {
    expect(await look(shell("exit 0"), startRun())).toEqual({ ok: true });
  });

  test("that exits otherwise gives its code and its last words", async () => {
    const run = startRun();
    expect(await look(shell("exit 3"), run)).toEqual({ ok: false, reason: "exits with 3" });
    expect(await look(shell("echo first >&2; echo no response >&2; exit 2"), run)).toEqual({
      ok: false,
      reason: "exits with 2: no response",
    });
    expect(await look(shell("kill -9 $$"), run)).toEqual({
      ok: false,
      reason: "exits with SIGKILL",
    });
  });

  test("that does not exist is not met, and says so", async () => {
    const sight = await lookOnce(
      probe({ kind: "command", command: ["no-such-command"] }, startRun()),
      { ms: 10_000, signal: new AbortController().signal },
    );
    expect(sight).toMatchObject({ ok: false, reason: expect.stringContaining("no-such-command") });
  });

  test("sees the session's folder and environment", async () => {
    const cwd = makeFolder();
    const run = runIn(cwd, { PORT: "3000" });
    const line = 'echo "$PWD $PORT $KORUN_SESSION_ID $KORUN_NAME $KORUN_RUN" > seen';
    expect(await look(shell(line), run)).toEqual({ ok: true });
    const seen = `${cwd} 3000 ${run.sessionId} web 1\n`;
    expect(readFileSync(join(cwd, "seen"), "utf8")).toBe(seen);
  });

  test("may print as much as it likes", async () => {
    const line = "head -c 5000000 /dev/zero | tr '\\0' x >&2; head -c 5000000 /dev/zero";
    expect(await look(shell(line), startRun())).toEqual({ ok: true });
  });

  test("is killed whole when its time is over", async () => {
    const run = runIn("/");
    const hanging = probe(shell("trap '' TERM; setsid sleep 600 & sleep 600"), run);
    const { signal } = new AbortController();
    expect(await lookOnce(hanging, { ms: 100, signal })).toEqual({
      ok: false,
      reason: "has not ended in time",
    });
    expect(livingOf(run)).toEqual([]);
  });

  test("leaves nothing in its group when it has ended", async () => {
    const run = runIn("/");
    expect(await look(shell("sleep 600 & exit 0"), run)).toEqual({ ok: true });
    expect(livingOf(run)).toEqual([]);
  });

  test("is none of the session's processes", async () => {
    const cwd = makeFolder();
    const run = runIn(cwd);
    const over = new AbortController();
    const looking = probe(shell("touch begun; exec sleep 600"), run).look(over.signal);
    await waitFor("the command to run", () => existsSync(join(cwd, "begun")));
    const found = await leftBehind(run.sessionId);
    expect(found.map(({ pid }) => pid)).toEqual([run.leader.pid]);
    expect(livingOf(run)).toEqual(["sleep"]);
    over.abort();
    expect(await looking).toEqual({ ok: false, reason: "has not ended in time" });
  });

  test("of a daemon that was killed is ended by the next one", async () => {
    const cwd = makeFolder();
    const run = runIn(cwd);
    const looking = look(shell("touch begun; exec sleep 600"), run);
    await waitFor("the command to run", () => existsSync(join(cwd, "begun")));
    await endChecks(markOf(run.sessionId, "ready[0]"));
    expect(await looking).toEqual({ ok: false, reason: "exits with SIGKILL" });
  });
});
