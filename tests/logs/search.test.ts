import { describe, expect, test } from "bun:test";
import type { LogFilter } from "../../src/logs/filter.ts";
import type { LogPage, PageQuery } from "../../src/logs/page.ts";
import { compilePattern } from "../../src/logs/pattern.ts";
import type { SessionLog } from "../../src/logs/session-log.ts";
import { fakeSession, textOf } from "./support.ts";

const NEWEST: PageQuery = { stream: "blended", limit: 100, from: "newest" };

function search(
  log: SessionLog,
  filter: Partial<LogFilter>,
  query: Partial<PageQuery> = {},
): Promise<LogPage> {
  return log.search({ ...NEWEST, ...query, filter: { patterns: [], ...filter } });
}

async function texts(...args: Parameters<typeof search>): Promise<string[]> {
  return (await search(...args)).entries.map(textOf);
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join("");
}

const sevens: LogFilter = { patterns: [await compilePattern({ regex: "7$" })] };

describe("a search", () => {
  test("filters first and limits afterwards, and numbers stay those of the log", async () => {
    const { log, write } = fakeSession();
    write("stdout", numbered(100));
    expect(await texts(log, sevens, { limit: 2 })).toEqual(["line 87", "line 97"]);
    expect(await texts(log, sevens, { limit: 2, from: "oldest" })).toEqual(["line 7", "line 17"]);
    const { entries } = await search(log, sevens, { limit: 2 });
    expect(entries.map(({ seq }) => seq)).toEqual([87, 97]);
  });

  test("walks on by next_seq, skipping nothing, also where nothing was found", async () => {
    const { log, write } = fakeSession();
    write("stdout", numbered(95));
    const seen: number[] = [];
    const asked: number[] = [];
    for (let since = 0, last = -1; since !== last; ) {
      last = since;
      const page = await search(log, sevens, { limit: 4, from: { sinceSeq: since } });
      seen.push(...page.entries.map(({ seq }) => seq));
      asked.push(page.nextSeq);
      expect(page.dropped).toBe(0);
      since = page.nextSeq;
    }
    expect(seen).toEqual([7, 17, 27, 37, 47, 57, 67, 77, 87]);
    expect(asked).toEqual([38, 78, 96, 96]);
    write("stdout", "line 107\n");
    expect(await texts(log, sevens, { from: { sinceSeq: 96 } })).toEqual(["line 107"]);
  });

  test("counts what is gone as dropped, and not what was passed over", async () => {
    const { log, write } = fakeSession();
    write("stdout", numbered(30_000));
    for (const stream of ["blended", "stdout"] as const) {
      const held = stream === "blended" ? 20_000 : 10_000;
      const page = await search(log, sevens, { stream, limit: 3, from: { sinceSeq: 11 } });
      expect(page.dropped).toBe(30_000 - held - 10);
      expect(page.entries[0]?.seq).toBe(30_000 - held + 7);
      expect(page.nextSeq).toBe(30_000 - held + 28);
      const nothing: LogFilter = { patterns: [await compilePattern({ text: "nowhere" })] };
      const none = await search(log, nothing, { stream, from: { sinceSeq: 11 } });
      expect(none).toEqual({ entries: [], nextSeq: 30_001, dropped: 30_000 - held - 10 });
    }
  });

  test("of one run stays in it", async () => {
    const { log, write } = fakeSession();
    write("stdout", "a 7\nb 7\n");
    write("stdout", "c 7\nd 8\n", { run: 2 });
    expect(await texts(log, sevens, { run: 2 })).toEqual(["c 7"]);
    expect(await texts(log, sevens, { run: 1, from: { sinceSeq: 2 } })).toEqual(["b 7"]);
  });

  test("sees the text without its colours, and gives the line with them", async () => {
    const { log, write } = fakeSession();
    write("stdout", "\x1b[31mfai\x1b[1mled\x1b[0m\nfine\n");
    const failed = { patterns: [await compilePattern({ text: "failed" })] };
    expect(await texts(log, failed)).toEqual(["\x1b[31mfai\x1b[1mled\x1b[0m"]);
  });

  test("wants all of its patterns", async () => {
    const { log, write } = fakeSession();
    write("stdout", "GET /a 500\nGET /b 200\nPUT /a 500\n");
    const patterns = [
      await compilePattern({ text: "GET" }),
      await compilePattern({ regex: "5..$" }),
    ];
    expect(await texts(log, { patterns })).toEqual(["GET /a 500"]);
  });

  test("by time takes from the one time on and before the other", async () => {
    const { log, write } = fakeSession();
    for (const time of [1_000, 2_000, 3_000, 4_000]) write("stdout", `at ${time}\n`, { time });
    expect(await texts(log, { sinceMs: 2_000, untilMs: 4_000 })).toEqual(["at 2000", "at 3000"]);
    expect(await texts(log, { sinceMs: 2_000 }, { limit: 1, from: "oldest" })).toEqual(["at 2000"]);
    expect(await texts(log, { untilMs: 2_000 })).toEqual(["at 1000"]);
  });

  test("of a limit of nothing finds nothing, and says where to begin", async () => {
    const { log, write } = fakeSession();
    write("stdout", numbered(10));
    expect(await search(log, sevens, { limit: 0 })).toMatchObject({ entries: [], nextSeq: 11 });
    const since = await search(log, sevens, { limit: 0, from: { sinceSeq: 3 } });
    expect(since).toEqual({ entries: [], nextSeq: 3, dropped: 0 });
  });

  test("lets others have their turn, and stops when nobody waits for it any more", async () => {
    const { log, write } = fakeSession();
    write("stdout", `${"x".repeat(900)}\n`.repeat(10_000));
    write("stderr", `${"x".repeat(900)}\n`.repeat(10_000));
    const slow = { patterns: [await compilePattern({ regex: "(x+x+)+[0-9]" })] };
    const leaving = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
      if (turns === 3) leaving.abort(new Error("left"));
    }, 0);
    const found = log.search({ ...NEWEST, filter: slow, signal: leaving.signal });
    await expect(found).rejects.toThrow("left");
    clearInterval(timer);
    expect(turns).toBe(3);
  });
});

describe("a search by level", () => {
  const errors: Partial<LogFilter> = { level: "error" };
  const trace = [
    "INFO up",
    "ERROR boom",
    "    at one (a.js:1)",
    "",
    "    at two (b.js:2)",
    "INFO on",
    "  indented",
    "plain",
  ];

  test("takes lines of at least that level, and with them those that continue them", async () => {
    const { log, write } = fakeSession();
    write("stdout", `${trace.join("\n")}\n`);
    expect(await texts(log, errors)).toEqual(trace.slice(1, 5));
    expect(await texts(log, { level: "info" })).toEqual(trace);
    expect(await texts(log, { level: "warn" })).toEqual(trace.slice(1, 5));
  });

  test("keeps the streams apart, and the runs", async () => {
    const { log, write, flush } = fakeSession();
    write("stderr", "ERROR boom\n");
    write("stdout", "  fine\n");
    write("stderr", "    at one\n");
    flush();
    write("stderr", "  indented\n", { run: 2 });
    expect(await texts(log, errors)).toEqual(["ERROR boom", "    at one"]);
  });

  test("judges each line as it does from the beginning, wherever it begins", async () => {
    const { log, write } = fakeSession();
    write("stdout", `${trace.join("\n")}\n`);
    for (let since = 1; since <= trace.length + 1; since += 1) {
      const found = await search(log, errors, { from: { sinceSeq: since } });
      const wanted = [2, 3, 4, 5].filter((seq) => seq >= since);
      expect(found.entries.map(({ seq }) => seq)).toEqual(wanted);
    }
  });
});

test("a search by level sees what was announced before the line at which it begins", async () => {
  const announced = [
    ["plain", "thread 'main' panicked at a.rs:1:2:", "INFO no", "note: this", "note: that"],
    ["plain", "Traceback (most recent call last):", '  File "a.py"', "app.Stopped: no"],
    ["plain", "panic: boom", "", "goroutine 1 [running]:", "main.main()", "\t/a.go:1"],
  ];
  for (const lines of announced) {
    const { log, write } = fakeSession();
    write("stderr", `${lines.join("\n")}\n`);
    for (let since = 1; since <= lines.length; since += 1) {
      const found = await texts(log, { level: "error" }, { from: { sinceSeq: since } });
      expect(found).toEqual(lines.slice(Math.max(since - 1, 1)));
    }
  }
});

describe("a line of several entries", () => {
  const long = `${"x".repeat(65_536)}${"y".repeat(65_536)}z`;

  test("that is wanted is wanted from the piece on that says why", async () => {
    const { log, write } = fakeSession();
    write("stdout", `before\n${long}\nafter\n`);
    const y = { patterns: [await compilePattern({ text: "yyy" })] };
    const found = await search(log, y);
    expect(found.entries.map(({ seq, partial }) => [seq, partial])).toEqual([
      [3, true],
      [4, false],
    ]);
    expect((await search(log, y, { from: { sinceSeq: 4 } })).entries.length).toBe(1);
  });

  test("has one level", async () => {
    const { log, write } = fakeSession();
    write("stdout", `ERROR ${long}\nafter\n`);
    const found = await search(log, { level: "error" });
    expect(found.entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect((await search(log, { level: "error" }, { from: { sinceSeq: 3 } })).entries.length).toBe(
      1,
    );
  });
});
