import { describe, expect, test } from "bun:test";
import { BLENDED_LINES, STREAM_LINES } from "../../src/logs/session-log.ts";
import { TextFormatter } from "../../src/logs/text.ts";
import { fakeSession, textOf } from "./support.ts";

function lines(from: number, to: number): string {
  let text = "";
  for (let line = from; line <= to; line += 1) text += `line ${line}\n`;
  return text;
}

describe("lines", () => {
  test("become entries with one seq over both streams", () => {
    const { log, write } = fakeSession();
    write("stdout", "one\ntwo\n");
    write("stderr", "three\n");
    write("stdout", "four\n");
    const page = log.page({ stream: "blended", limit: 100, from: "newest" });
    expect(page.entries.map((entry) => [entry.seq, entry.stream, textOf(entry)])).toEqual([
      [1, "stdout", "one"],
      [2, "stdout", "two"],
      [3, "stderr", "three"],
      [4, "stdout", "four"],
    ]);
    expect(page.nextSeq).toBe(5);
  });

  test("wait for their newline, and the last words of a run get none", () => {
    const { log, write, flush } = fakeSession();
    write("stdout", "prompt> ");
    expect(log.counters().stdoutLines).toBe(0);
    expect(log.counters().stdoutBytes).toBe(8);
    flush();
    const { entries } = log.page({ stream: "stdout", limit: 1, from: "newest" });
    expect(entries.map(textOf)).toEqual(["prompt> "]);
    expect(entries[0]?.unterminated).toBe(true);
  });

  test("keep every byte but the carriage return before a newline", () => {
    const { log, write } = fakeSession();
    const raw = Buffer.from("a\r\n\xff\x00b\n50%\r100%\n\r\n\n", "latin1");
    write("stdout", raw);
    const { entries } = log.page({ stream: "stdout", limit: 100, from: "oldest" });
    expect(entries.map((entry) => Buffer.from(entry.bytes).toString("latin1"))).toEqual([
      "a",
      "\xff\x00b",
      "50%\r100%",
      "",
      "",
    ]);
    expect(log.counters().stdoutBytes).toBe(raw.length);
  });

  test("longer than 64 KiB become several entries, cut between characters", () => {
    const { log, write } = fakeSession();
    const long = `${"é".repeat(50_000)}x`;
    write("stdout", `${long}\nnext\n`, { chunk: 999 });
    const { entries } = log.page({ stream: "stdout", limit: 10, from: "oldest" });
    expect(entries.map((entry) => entry.partial)).toEqual([true, false, false]);
    expect(entries.map(textOf).join("|")).toBe(`${"é".repeat(32_768)}|${"é".repeat(17_232)}x|next`);
  });

  test("of exactly 64 KiB stay one entry", () => {
    const { log, write } = fakeSession();
    write("stdout", `${"x".repeat(65_536)}\n`, { chunk: 4_096 });
    expect(log.counters().stdoutLines).toBe(1);
  });

  test("more than the limits drop the oldest, and the counts stay exact", () => {
    const { log, write } = fakeSession();
    write("stdout", lines(1, 25_000));
    write("stderr", lines(1, 5));
    expect(log.counters()).toMatchObject({
      stdoutLines: STREAM_LINES,
      stdoutDropped: 15_000,
      stderrLines: 5,
      stderrDropped: 0,
      blendedLines: BLENDED_LINES,
      blendedDropped: 5_005,
    });
    const oldest = log.page({ stream: "stdout", limit: 1, from: "oldest" });
    expect(oldest.entries.map(textOf)).toEqual(["line 15001"]);
    const blended = log.page({ stream: "blended", limit: 1, from: "oldest" });
    expect(blended.entries.map(textOf)).toEqual(["line 5006"]);
  });

  test("of no length, thousands in one read, are all counted", () => {
    const { log, write } = fakeSession();
    write("stdout", "\n".repeat(200_000));
    expect(log.counters().stdoutLines + log.counters().stdoutDropped).toBe(200_000);
    expect(log.page({ stream: "stdout", limit: 1, from: "newest" }).entries[0]?.seq).toBe(200_000);
  });
});

describe("a page", () => {
  test("walks the whole buffer by next_seq, each entry once", () => {
    for (const stream of ["stdout", "stderr", "blended"] as const) {
      const { log, write } = fakeSession();
      for (let round = 0; round < 50; round += 1) {
        write("stdout", lines(1, 10));
        write("stderr", lines(1, 3));
      }
      const seen: number[] = [];
      let since = 1;
      for (;;) {
        const page = log.page({ stream, limit: 7, from: { sinceSeq: since } });
        if (page.entries.length === 0) break;
        seen.push(...page.entries.map((entry) => entry.seq));
        since = page.nextSeq;
      }
      const all = log.page({ stream, limit: 10_000, from: "oldest" });
      expect(seen).toEqual(all.entries.map((entry) => entry.seq));
      expect(seen.length).toBe({ stdout: 500, stderr: 150, blended: 650 }[stream]);
    }
  });

  test("since a dropped entry says how many are gone", () => {
    const { log, write } = fakeSession();
    write("stdout", lines(1, 25_000));
    const since = (sinceSeq: number, stream: "stdout" | "blended") =>
      log.page({ stream, limit: 1, from: { sinceSeq } });
    expect(since(1, "stdout").dropped).toBe(15_000);
    expect(since(14_999, "stdout").dropped).toBe(2);
    expect(since(15_001, "stdout").dropped).toBe(0);
    expect(since(1, "blended").dropped).toBe(5_000);
    expect(since(1, "blended").entries.map(textOf)).toEqual(["line 5001"]);
  });

  test("says of each gap once how many are gone, so that a walk accounts for all", () => {
    // The other stream's lines, small and rare, outlive what the byte limit drops between them.
    const { log, write } = fakeSession({ limits: { entries: 1_000, bytes: 200_000 } });
    for (let round = 0; round < 100; round += 1) {
      write("stderr", "rare\n");
      write("stdout", `${"x".repeat(999)}\n`.repeat(10));
    }
    let since = 1;
    let accounted = 0;
    for (;;) {
      const page = log.page({ stream: "blended", limit: 30, from: { sinceSeq: since } });
      if (page.entries.length === 0) break;
      accounted += page.entries.length + (page.dropped ?? 0);
      since = page.nextSeq;
    }
    expect(accounted).toBe(1_100);
  });

  test("ends where the lines that follow are dropped while it is read", () => {
    let reads = 0;
    const { log, write } = fakeSession({
      beforeRead() {
        reads += 1;
        if (reads === 6) write("stdout", lines(20_001, 20_200));
      },
    });
    write("stdout", lines(1, 20_000));
    const read = (from: "oldest" | { sinceSeq: number }) => {
      const page = log.page({ stream: "blended", limit: 100, from });
      return { ...page, entries: page.entries.map(textOf) };
    };
    const torn = read({ sinceSeq: 1 });
    expect(torn.entries).toEqual(["line 1", "line 2", "line 3", "line 4", "line 5"]);
    expect(torn).toMatchObject({ nextSeq: 6, dropped: 0 });
    const next = read({ sinceSeq: 6 });
    expect(next.entries[0]).toBe(`line ${6 + (next.dropped ?? 0)}`);
    expect(next.dropped).toBeGreaterThan(100);

    reads = 0;
    const oldest = read("oldest");
    expect(oldest.entries.length).toBe(100);
    const [first] = oldest.entries;
    expect(oldest.entries.at(-1)).toBe(`line ${Number(first?.slice(5)) + 99}`);
  });

  test("of nothing new asks again from the same place", () => {
    const { log, write } = fakeSession();
    write("stderr", "x\n");
    const page = log.page({ stream: "stdout", limit: 5, from: { sinceSeq: 7 } });
    expect(page).toMatchObject({ entries: [], nextSeq: 7, dropped: 0 });
  });

  test("with a limit of none has no entries and the next seq", () => {
    const { log, write } = fakeSession();
    write("stdout", "x\n");
    const page = log.page({ stream: "blended", limit: 0, from: "newest" });
    expect(page).toMatchObject({ entries: [], nextSeq: 2 });
  });
});

describe("a ring", () => {
  test("holds exactly the tail of what was written, however it came and wrapped", () => {
    const random = seeded(7);
    const { log, write, flush } = fakeSession({ limits: { entries: 500, bytes: 400_000 } });
    const written: Buffer[] = [];
    for (let step = 0; step < 3_000; step += 1) {
      const length = Math.floor(random() ** 6 * 90_000);
      const line = Buffer.alloc(length, 97 + (step % 26));
      const text = Buffer.concat([Buffer.from(`${step} `), line, Buffer.from("\n")]);
      written.push(text);
      write("stdout", text, { chunk: 1 + Math.floor(random() * 70_000) });
    }
    flush();
    const { entries } = log.page({ stream: "stdout", limit: 10_000, from: "oldest" });
    const tail = Buffer.from(new TextFormatter("stdout").format({ missed: 0, entries }));
    const whole = Buffer.concat(written);
    expect(entries.length).toBeGreaterThan(20);
    expect(tail.equals(whole.subarray(whole.length - tail.length))).toBe(true);
    expect(log.counters().stdoutBytes).toBe(whole.length);
    expect(tail.length).toBeGreaterThan(300_000);
  });

  test("that finds no storage to grow keeps less and loses nothing silently", () => {
    const { log, write } = fakeSession({ backed: 1_000_000 });
    write("stdout", `${"x".repeat(999)}\n`.repeat(1_000));
    const { stdoutLines, stdoutDropped, stdoutBytes } = log.counters();
    expect(stdoutLines).toBeGreaterThan(100);
    expect(stdoutLines).toBeLessThan(400);
    expect(stdoutLines + stdoutDropped).toBe(1_000);
    expect(stdoutBytes).toBe(1_000_000);
  });

  test("of a gigabyte without a newline keeps 32 MiB of fragments", () => {
    const { log, write } = fakeSession();
    const mebibyte = new Uint8Array(1_048_576).fill(120);
    for (let count = 0; count < 1_024; count += 1) write("stdout", mebibyte);
    const { stdoutLines, stdoutDropped, stdoutBytes } = log.counters();
    expect(stdoutBytes).toBe(1_073_741_824);
    expect(stdoutLines).toBe(512);
    expect(stdoutLines + stdoutDropped).toBe(16_383);
  });
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
