import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { PipeEnds } from "../../src/capture/child-ends.ts";
import type { Capture } from "../../src/capture/handle.ts";
import type { SessionCapture } from "../../src/capture/session-capture.ts";
import { TextFormatter } from "../../src/logs/text.ts";
import { makeFifo } from "../../src/native/pipe.ts";
import { waitFor } from "../support/wait.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
let directory: string;
let capture: Capture;
let session: SessionCapture;

beforeEach(() => {
  stage = new Stage();
  ({ directory, capture, session } = stage);
});

afterEach(() => stage.close());

async function run(script: string, number = 1): Promise<void> {
  await start(script, number).exited;
  await session.drain();
}

const start = (script: string, number?: number) => stage.start(script, number);

function stdoutText(): string {
  const { entries } = session.log.page({ stream: "stdout", limit: 20_000, from: "oldest" });
  return Buffer.from(new TextFormatter("stdout").format({ missed: 0, entries })).toString();
}

describe("capture", () => {
  test("has every byte of a child by the time it is drained", async () => {
    await run("seq 5000; printf 'last words'; echo oops >&2");
    const expected = `${Array.from({ length: 5_000 }, (_, index) => index + 1).join("\n")}\nlast words`;
    expect(stdoutText()).toBe(expected);
    expect(session.log.counters()).toMatchObject({ stdoutLines: 5_001, stderrLines: 1 });
  });

  test("keeps the runs of a session apart and their seq going", async () => {
    await run("echo one", 1);
    await run("echo two", 2);
    const { entries } = session.log.page({ stream: "blended", limit: 10, from: "oldest" });
    expect(entries.map(({ seq, run: number }) => [seq, number])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("counts a flood exactly", async () => {
    await run("yes 0123456789012345678901234567890123456789 | head -c 41000000");
    const { stdoutLines, stdoutDropped, stdoutBytes } = session.log.counters();
    expect(stdoutBytes).toBe(41_000_000);
    expect(stdoutLines + stdoutDropped).toBe(1_000_000);
  });

  test("wakes a follower for what a living child writes", async () => {
    const follower = session.log.follow({ stream: "stdout", from: "newest", limit: 0 });
    const child = start("echo here; exec sleep 600");
    const batch = await follower.next();
    expect(batch?.entries.map((entry) => Buffer.from(entry.bytes).toString())).toEqual(["here"]);
    child.kill();
    await child.exited;
  });

  test("is not held up by a process that outlives its run and goes on writing", async () => {
    const child = start("yes & echo $! >&2");
    await child.exited;
    await session.drain();
    const before = session.log.counters().stdoutBytes;
    await waitFor("more output", () => session.log.counters().stdoutBytes > before);
    const { entries } = session.log.page({ stream: "stderr", limit: 1, from: "newest" });
    process.kill(Number(Buffer.from(entries[0]?.bytes ?? []).toString()), "SIGKILL");
  });

  test("goes on where an earlier daemon left a session, with what was written meanwhile", async () => {
    makeFifo(join(directory, "wait"));
    const child = start(
      "echo one; printf two; while [ ! -e go ]; do read line < wait; done; echo three; printf four",
    );
    await waitFor("the first words", () => session.log.counters().stdoutBytes === 7);
    await session.release({ keep: true });
    // The next daemon opens the pipes by their paths while the child still has them.
    session = capture.adopt(join(directory, "session"), { run: 1 });
    writeFileSync(join(directory, "go"), "");
    writeFileSync(join(directory, "wait"), "\n");
    await child.exited;
    await session.drain();
    expect(stdoutText()).toBe("one\ntwothree\nfour");
    const { entries } = session.log.page({ stream: "stdout", limit: 10, from: "oldest" });
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(session.log.counters().stdoutBytes).toBe(17);
  });

  test("tells when a process is gone", async () => {
    const child = Bun.spawn(["sleep", "600"]);
    const gone = capture.whenGone(child.pid);
    child.kill();
    await gone;
    expect(await child.exited).not.toBe(0);
  });

  test("looks at no ring of a session that is released while its pipes end", async () => {
    for (let round = 0; round < 200; round += 1) {
      const one = capture.open(join(directory, `${round}`));
      writeSync((one.begin(1) as PipeEnds).stdout, "one\n");
      await waitFor("its line", () => one.log.counters().stdoutLines > 0);
      // Lets go of the only writing ends, too.
      await one.release();
    }
    expect(existsSync(join(directory, "199"))).toBe(false);
  });

  test("leaves nothing behind when a session is released", async () => {
    await run("echo x");
    const other = capture.open(join(directory, "other"));
    await other.release();
    expect(existsSync(join(directory, "other"))).toBe(false);
  });
});
