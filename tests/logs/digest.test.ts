import { describe, expect, test } from "bun:test";
import { type Digest, type DigestQuery, shapeOf } from "../../src/logs/digest.ts";
import type { SessionLog } from "../../src/logs/session-log.ts";
import { fakeSession, textOf } from "./support.ts";

function digest(log: SessionLog, query: Partial<DigestQuery> = {}): Promise<Digest> {
  return log.digest({ stream: "blended", run: 1, sinceMs: undefined, ...query });
}

describe("a digest", () => {
  test("counts messages by level, and lines that continue one with it", async () => {
    const { log, write } = fakeSession();
    write("stdout", "INFO up\nplain\n[warn] slow\n  by far\n");
    write("stderr", "ERROR boom\n    at one (a.js:1)\n    at two (b.js:2)\n");
    const { lines, levels, isComplete, nextSeq } = await digest(log);
    expect(levels).toEqual({ trace: 0, debug: 0, info: 2, warn: 1, error: 1 });
    expect([lines, isComplete, nextSeq]).toEqual([7, true, 8]);
  });

  test("counts a trace of Python once, and names it by what it ends with", async () => {
    const { log, write } = fakeSession();
    const trace =
      'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\n';
    write("stderr", `${trace}ValueError: bad\n${trace}app.Stopped: no\nup\n`);
    const { levels, errors } = await digest(log);
    expect(levels.error).toBe(2);
    expect(errors.map(({ last }) => textOf(last))).toEqual(["ValueError: bad", "app.Stopped: no"]);
  });

  test("names a panic of Rust by its message, and what Python logged by the message's", async () => {
    const { log, write } = fakeSession();
    write("stderr", "thread 'main' panicked at src/main.rs:2:5:\nindex out of bounds\n");
    write("stderr", "ERROR:root:failed\nTraceback (most recent call last):\n  f()\nKeyError: 1\n");
    const { levels, errors } = await digest(log);
    expect(levels.error).toBe(2);
    expect(errors.map(({ last }) => textOf(last))).toEqual([
      "index out of bounds",
      "ERROR:root:failed",
    ]);
  });

  test("shows the last errors that differ, each once, with how often it came", async () => {
    const { log, write } = fakeSession();
    for (let round = 1; round <= 12; round += 1) {
      write("stdout", `ERROR of kind ${"abcdefghijkl"[round - 1]}\nok\n`);
    }
    write("stdout", "ERROR of kind d\nERROR request 17 failed\nERROR request 4711 failed\n");
    const { errors } = await digest(log);
    const shown = errors.map(({ last, count }) => `${last.seq} ${textOf(last)} ${count}`);
    expect(shown.slice(-3)).toEqual([
      "23 ERROR of kind l 1",
      "25 ERROR of kind d 2",
      "27 ERROR request 4711 failed 2",
    ]);
    expect(shown).toHaveLength(10);
    expect(errors.at(-1)).toMatchObject({ shape: "ERROR request <n> failed", firstSeq: 26 });
  });

  test("shows the last errors also where more differ than it counts apart", async () => {
    const { log, write } = fakeSession();
    const word = (n: number) => [...String(n)].map((digit) => "abcdefghij"[Number(digit)]).join("");
    for (let error = 1; error <= 5_100; error += 1) write("stderr", `ERROR in ${word(error)}\n`);
    const { errors } = await digest(log);
    expect(errors.map(({ last }) => last.seq)).toEqual(
      Array.from({ length: 10 }, (_, place) => 5_091 + place),
    );
  });

  test("folds what was said again and again, the most frequent first", async () => {
    const { log, write } = fakeSession();
    for (let request = 1; request <= 300; request += 1) {
      write("stdout", `GET /users/${request} 200 in ${request % 7}.5ms\n`);
      if (request % 3 === 0) write("stdout", "warn: slow\n");
    }
    write("stdout", "once\n");
    const { repeated } = await digest(log);
    expect(
      repeated.map(({ count, level, shape, last }) => [count, level, shape, last.seq]),
    ).toEqual([
      [300, "info", "GET /users/<n> <n> in <n>ms", 399],
      [100, "warn", "warn: slow", 400],
    ]);
  });

  test("is of one run, and says whether its beginning is still held", async () => {
    const { log, write, flush } = fakeSession();
    write("stdout", "one\n");
    flush();
    write("stdout", "two\ntwo\n", { run: 2 });
    expect(await digest(log, { run: 2 })).toMatchObject({ lines: 2, isComplete: true });
    expect(await digest(log, { run: undefined })).toMatchObject({ lines: 3, isComplete: true });
    write("stdout", "x\n".repeat(30_000), { run: 2 });
    expect(await digest(log, { run: 2 })).toMatchObject({ lines: 20_000, isComplete: false });
    write("stdout", "three\n", { run: 3 });
    expect(await digest(log, { run: 3 })).toMatchObject({ lines: 1, isComplete: true });
  });

  test("of a time has what came since, whatever was dropped before", async () => {
    const { log, write } = fakeSession();
    write("stdout", "old\n".repeat(25_000), { time: 1_000 });
    write("stdout", "new\n", { time: 2_000 });
    const query = { run: undefined, sinceMs: 2_000 };
    expect(await digest(log, query)).toMatchObject({ lines: 1, isComplete: true });
    const all = { run: undefined, sinceMs: 500 };
    expect(await digest(log, all)).toMatchObject({ lines: 20_000, isComplete: false });
  });

  test("lets others have their turn, and stops when nobody waits for it any more", async () => {
    const { log, write } = fakeSession();
    write("stdout", `${"x".repeat(500)} 1\n`.repeat(20_000));
    const leaving = new AbortController();
    const reading = digest(log, { signal: leaving.signal });
    setImmediate(() => leaving.abort(new Error("left")));
    await expect(reading).rejects.toThrow("left");
  });
});

describe("lines are the same that differ only in", () => {
  test.each([
    ["numbers", "took 17.5ms for 3 of 1,000", "took <n>ms for <n> of <n>"],
    ["times", "2026-03-16T12:00:00.123Z up", "<time> up"],
    ["dates and clocks", "2026/03/16 at 12:00:01", "<time> at <time>"],
    ["ids", "job 9b2d6c33-8b13-4c51-8cd0-8de7d8f4ef01 done", "job <uuid> done"],
    ["addresses", "at 0x7ffee4 in 3fa9b1c", "at <hex> in <hex>"],
    ["nothing", "defaced beef feedback", "defaced beef feedback"],
  ])("%s", (_, line, shape) => {
    expect(shapeOf(line)).toBe(shape);
  });
});
