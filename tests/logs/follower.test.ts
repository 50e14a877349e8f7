import { describe, expect, test } from "bun:test";
import { fakeSession, textOf } from "./support.ts";

describe("a follower", () => {
  test("gets the history and then what comes, without a gap or a repeat", async () => {
    const { log, write } = fakeSession();
    write("stdout", "1\n2\n3\n");
    const follower = log.follow({ stream: "blended", from: "newest", limit: 2 });
    expect((await follower.next())?.entries.map(textOf)).toEqual(["2", "3"]);
    const waiting = follower.next();
    write("stderr", "4\n");
    write("stdout", "5\n");
    expect((await waiting)?.entries.map(textOf)).toEqual(["4", "5"]);
  });

  test("of one stream is not bothered with the other", async () => {
    const { log, write } = fakeSession();
    const follower = log.follow({ stream: "stderr", from: { sinceSeq: 1 }, limit: 0 });
    const waiting = follower.next();
    write("stdout", "a\n");
    write("stderr", "b\n");
    expect((await waiting)?.entries.map(textOf)).toEqual(["b"]);
  });

  test("that does not read is told exactly how many entries it missed", async () => {
    const { log, write } = fakeSession();
    write("stdout", "first\n");
    const follower = log.follow({ stream: "stdout", from: { sinceSeq: 1 }, limit: 0 });
    expect((await follower.next())?.entries.map(textOf)).toEqual(["first"]);
    write("stdout", "x\n".repeat(50_000));
    let missed = 0;
    let got = 0;
    while (missed + got < 50_000) {
      const batch = await follower.next();
      missed += batch?.missed ?? 0;
      got += batch?.entries.length ?? 0;
    }
    expect(missed).toBeGreaterThanOrEqual(30_000 - 64);
    expect(missed + got).toBe(50_000);
  });

  test("since a dropped entry is told how many are gone", async () => {
    const { log, write } = fakeSession();
    write("stdout", "x\n".repeat(30_000));
    const follower = log.follow({ stream: "stdout", from: { sinceSeq: 101 }, limit: 0 });
    const batch = await follower.next();
    expect((batch?.missed ?? 0) + 101).toBe(batch?.entries[0]?.seq ?? 0);
  });

  test("is told what is gone between two streams, one of which kept all it had", async () => {
    const { log, write } = fakeSession();
    write("stderr", "first\n");
    write("stdout", "x\n".repeat(30_000));
    for (const [sinceSeq, wanted] of [
      [1, 30_001],
      [2, 30_000],
      [29_000, 1_002],
    ] as const) {
      const follower = log.follow({ stream: "blended", from: { sinceSeq }, limit: 0 });
      let accounted = 0;
      while (accounted < wanted) {
        const batch = await follower.next();
        accounted += (batch?.missed ?? 0) + (batch?.entries.length ?? 0);
      }
      expect(accounted).toBe(wanted);
    }
  });

  test("is told of a gap where it is, also of one that is torn while it reads", async () => {
    let reads = 0;
    const { log, write } = fakeSession({
      beforeRead() {
        reads += 1;
        if (reads === 6) write("stdout", "x\n".repeat(200));
      },
    });
    write("stdout", "x\n".repeat(20_000));
    const follower = log.follow({ stream: "stdout", from: { sinceSeq: 1 }, limit: 0 });
    const before = await follower.next();
    expect(before?.missed).toBe(0);
    expect(before?.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    const after = await follower.next();
    expect(after?.missed).toBeGreaterThan(100);
    expect(after?.entries[0]?.seq).toBe(6 + (after?.missed ?? 0));
  });

  test("ends once it has read all of a session that is over", async () => {
    const { log, write } = fakeSession();
    const follower = log.follow({ stream: "blended", from: "newest", limit: 10 });
    const waiting = follower.next();
    write("stdout", "last\n");
    log.settle(true);
    expect((await waiting)?.entries.map(textOf)).toEqual(["last"]);
    expect(await follower.next()).toBeUndefined();
  });

  test("stays while the session is not over, and ends when it is closed", async () => {
    const { log } = fakeSession();
    log.settle(false);
    const follower = log.follow({ stream: "blended", from: "newest", limit: 10 });
    const waiting = follower.next();
    follower.close();
    expect(await waiting).toBeUndefined();
  });
});
