// A child that waits for its reader: in what order its streams are read, and how much at its end.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SessionCapture } from "../../src/capture/session-capture.ts";
import type { FollowQuery } from "../../src/logs/follower.ts";
import { waitFor } from "../support/wait.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
let directory: string;
let session: SessionCapture;

beforeEach(() => {
  stage = new Stage();
  ({ directory, session } = stage);
  session.log.expectPacedReader();
});

afterEach(() => stage.close());

const start = (script: string, run = 1) => stage.start(script, run);

/** A file that the child makes. */
function made(name: string): Promise<boolean> {
  return waitFor(`${name} to be made`, () => existsSync(join(directory, name)));
}

/** The next lines for a reader from the beginning, in groups of the same: `3 a`. */
async function read(lines: number, stream: FollowQuery["stream"] = "blended"): Promise<string[]> {
  const from = { sinceSeq: 1 };
  const follower = session.log.follow({ stream, from, limit: 0, paced: true });
  const groups: { line: string; count: number }[] = [];
  for (let seen = 0; seen < lines; ) {
    const batch = await follower.next();
    for (const { bytes } of batch?.entries ?? []) {
      const line = Buffer.from(bytes).toString();
      const last = groups.at(-1);
      if (last?.line === line) last.count += 1;
      else groups.push({ line, count: 1 });
      seen += 1;
    }
  }
  follower.close();
  return groups.map(({ line, count }) => `${count} ${line}`);
}

// When the child has written the last of the first stream, so much of it is taken that it waits; the
// rest, and the second stream, fit in the pipes.
test.each([
  ["stdout", "yes a | head -n 9113; yes b | head -n 2000 >&2"],
  ["stderr", "yes a | head -n 9113 >&2; yes b | head -n 2000"],
])("whoever reads both streams gets them in order, though %s waited", async (_, script) => {
  const child = start(`${script}; touch printed; exec sleep 60`);
  await made("printed");
  expect(await read(11_113)).toEqual(["9113 a", "2000 b"]);
  child.kill();
});

test("what is left in the pipes at the end is read in order, too", async () => {
  await start("yes a | head -n 9113 >&2; yes b | head -n 2000").exited;
  await session.drain();
  expect(await read(11_113)).toEqual(["9113 a", "2000 b"]);
});

test("of what outlives its run and pours, an end takes no more than the pipe holds", async () => {
  const child = start("exec yes");
  const { log } = session;
  await waitFor("it to wait", () => log.counters().stdoutBytes > 10_000);
  for (let end = 0; end < 20; end += 1) {
    const { stdoutBytes } = log.counters();
    await session.drain();
    // What is taken before it waits, and its pipe.
    expect(log.counters().stdoutBytes - stdoutBytes).toBeLessThanOrEqual(12_288);
  }
  child.kill();
});

test("of two readers, one for each stream, one does not wait for the other", async () => {
  const script = "yes b | head -n 100000; touch printed; exec sleep 60";
  const child = start(`yes a | head -n 9113 >&2; ${script}`);
  const other = session.log.follow({
    ...{ stream: "stderr", from: { sinceSeq: 1 } },
    ...{ limit: 0, paced: true },
  });
  expect(await read(100_000, "stdout")).toEqual(["100000 b"]);
  await made("printed");
  other.close();
  child.kill();
});
