import { expect, test } from "bun:test";
import type { LogFilter } from "../../src/logs/filter.ts";
import type { FollowQuery } from "../../src/logs/follower.ts";
import { compilePattern } from "../../src/logs/pattern.ts";
import type { SessionLog } from "../../src/logs/session-log.ts";
import type { SiftedFollower } from "../../src/logs/sifted-follower.ts";
import { fakeSession, textOf } from "./support.ts";

const yes: LogFilter = { patterns: [await compilePattern({ text: "yes" })] };

function follow(
  log: SessionLog,
  filter: LogFilter = yes,
  from: FollowQuery["from"] = "newest",
): SiftedFollower {
  return log.followFiltered({ stream: "blended", limit: 2, from, filter });
}

async function next(follower: SiftedFollower): Promise<string[] | undefined> {
  return (await follower.next())?.entries.map(textOf);
}

test("a filter leaves of the history the newest that are wanted, then what comes", async () => {
  const { log, write } = fakeSession();
  write("stdout", "yes 1\nyes 2\nyes 3\nno\nno\n");
  const follower = follow(log);
  expect(await next(follower)).toEqual(["yes 2", "yes 3"]);
  const waiting = next(follower);
  write("stderr", "no\n");
  write("stdout", "no\nyes 4\n");
  expect(await waiting).toEqual(["yes 4"]);
});

test("from an entry on, all that is wanted is given", async () => {
  const { log, write } = fakeSession();
  write("stdout", "yes 1\nyes 2\nno\nyes 3\nyes 4\n");
  expect(await next(follow(log, yes, { sinceSeq: 2 }))).toEqual(["yes 2", "yes 3", "yes 4"]);
});

test("what comes is judged by what came before it", async () => {
  const { log, write } = fakeSession();
  write("stdout", "ERROR yes\n");
  const follower = follow(log, { patterns: [], level: "error" });
  expect(await next(follower)).toEqual(["ERROR yes"]);
  const waiting = next(follower);
  write("stdout", "    at here\nfine\n");
  expect(await waiting).toEqual(["    at here"]);
});

test("entries that were gone before it came to them are counted, wanted or not", async () => {
  const { log, write } = fakeSession();
  write("stdout", "yes\n".repeat(30_000));
  const follower = follow(log, yes, { sinceSeq: 101 });
  const batch = await follower.next();
  expect((batch?.missed ?? 0) + 101).toBe(batch?.entries[0]?.seq ?? 0);
});

test("it ends with the session, when it is closed, and with the log", async () => {
  const { log, write } = fakeSession();
  write("stdout", "no\n");
  const followers = [follow(log), follow(log), follow(log)];
  const waiting = followers.map(next);
  followers[0]?.close();
  log.settle(true);
  expect(await Promise.all(waiting)).toEqual([undefined, undefined, undefined]);
});

test("closed while it looks through the history, it ends", async () => {
  const { log, write } = fakeSession();
  write("stdout", "no\n".repeat(20_000));
  const follower = follow(log);
  const waiting = next(follower);
  follower.close();
  expect(await waiting).toBeUndefined();
});

test("until a time that is over, it gives what came before, and ends", async () => {
  const { log, write } = fakeSession();
  write("stdout", "yes 1\n", { time: 1_000 });
  write("stdout", "yes 2\n", { time: 2_000 });
  const follower = follow(log, { ...yes, untilMs: 2_000 });
  expect(await next(follower)).toEqual(["yes 1"]);
  expect(await next(follower)).toBeUndefined();
});

test("until a time to come, it gives what comes before, and ends at that time", async () => {
  const { log, write } = fakeSession();
  const untilMs = Date.now() + 100;
  const follower = follow(log, { ...yes, untilMs });
  const waiting = next(follower);
  write("stdout", "yes 1\n", { time: untilMs - 1 });
  write("stdout", "yes 2\n", { time: untilMs });
  expect(await waiting).toEqual(["yes 1"]);
  expect(await next(follower)).toBeUndefined();
  expect(Date.now()).toBeGreaterThanOrEqual(untilMs - 1);
});
