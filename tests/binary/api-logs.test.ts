// Reading the log by pages: walking it with `next_seq` gives each entry once, also while the child
// writes and the rings drop.

import { expect, test } from "bun:test";
import type { LogReply } from "../../src/api/log-replies.ts";
import { Korun } from "../support/korun.ts";
import { create, inspect, page, shell, until, untilExited } from "./support/api.ts";

/** Walks a stream from its first entry until the session is at rest and all is read. */
async function* walk(
  korun: Korun,
  id: string,
  { stream, limit }: { stream: string; limit: number },
): AsyncGenerator<LogReply & { since: number }> {
  let since = 1;
  for (;;) {
    // Asked before reading: what was printed before the end is read below.
    const { state } = await inspect(korun, id);
    const read = await page(korun, id, `stream=${stream}&limit=${limit}&since_seq=${since}`);
    yield { ...read, since };
    if (state === "exited" && read.entries.length === 0) return;
    since = read.next_seq;
  }
}

test("next_seq walks each stream while the child writes, every entry once", async () => {
  await using korun = new Korun();
  const block = "seq -f 'out %g' 90; seq -f 'err %g' 30 >&2";
  const id = await create(korun, shell(`for i in $(seq 60); do ${block}; done`));
  const walks = ["stdout", "stderr", "blended"].map(async (stream) => {
    const seen: { seq: number; stream: string; line: string }[] = [];
    for await (const { entries, dropped } of walk(korun, id, { stream, limit: 37 })) {
      expect(dropped).toBe(0);
      seen.push(...entries);
    }
    return seen;
  });
  const [stdout = [], stderr = [], blended = []] = await Promise.all(walks);
  expect(stdout.map(({ line }) => line)).toEqual(repeat("out", { count: 90, times: 60 }));
  expect(stderr.map(({ line }) => line)).toEqual(repeat("err", { count: 30, times: 60 }));
  expect(blended.map(({ seq }) => seq)).toEqual(numbers(1, 7_200));
  expect(blended.filter(({ stream }) => stream === "stdout")).toEqual(stdout);
  expect(blended.filter(({ stream }) => stream === "stderr")).toEqual(stderr);
});

test("a walk that is too slow for a flood is told exactly what it did not get", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["seq", "2000000"] });
  for (const stream of ["stdout", "blended"]) {
    let got = 0;
    let gone = 0;
    for await (const { since, entries, dropped = 0 } of walk(korun, id, { stream, limit: 5_000 })) {
      gone += dropped;
      got += entries.length;
      const first = entries[0];
      if (first === undefined) continue;
      expect(first.seq).toBe(since + dropped);
      expect(entries.map(({ seq }) => seq)).toEqual(numbers(first.seq, entries.length));
      // Each line says which it is.
      expect(entries.map(({ line }) => Number(line))).toEqual(numbers(first.seq, entries.length));
    }
    expect(got + gone).toBe(2_000_000);
  }
});

test("so is one over both streams of a flood", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("seq 700000 & seq 700000 >&2; wait"));
  let got = 0;
  let gone = 0;
  let last = 0;
  for await (const { entries, dropped = 0 } of walk(korun, id, {
    stream: "blended",
    limit: 3_000,
  })) {
    gone += dropped;
    got += entries.length;
    for (const { seq } of entries) {
      expect(seq).toBeGreaterThan(last);
      last = seq;
    }
  }
  expect(got + gone).toBe(1_400_000);
  expect(last).toBe(1_400_000);
});

test("since_seq is inclusive, and limit then counts upward", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["seq", "10"] });
  await untilExited(korun, id);
  const read = async (query: string) => {
    const { entries, next_seq, dropped } = await page(korun, id, query);
    return { seqs: entries.map(({ seq }) => seq), next_seq, dropped };
  };
  expect(await read("since_seq=4&limit=3")).toEqual({ seqs: [4, 5, 6], next_seq: 7, dropped: 0 });
  expect(await read("since_seq=9")).toEqual({ seqs: [9, 10], next_seq: 11, dropped: 0 });
  expect(await read("since_seq=11")).toEqual({ seqs: [], next_seq: 11, dropped: 0 });
  expect(await read("since_seq=500")).toEqual({ seqs: [], next_seq: 500, dropped: 0 });
  expect(await read("since_seq=0&limit=1")).toMatchObject({ seqs: [1], next_seq: 2 });
  expect(await read("limit=3")).toEqual({ seqs: [8, 9, 10], next_seq: 11, dropped: undefined });
  expect(await read("limit=0")).toEqual({ seqs: [], next_seq: 11, dropped: undefined });
});

test("since a dropped entry says how many are gone", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["seq", "25000"] });
  await untilExited(korun, id);
  const gone = async (stream: string, since: number) =>
    (await page(korun, id, `stream=${stream}&limit=1&since_seq=${since}`)).dropped;
  expect(await gone("stdout", 1)).toBe(15_000);
  expect(await gone("stdout", 14_999)).toBe(2);
  expect(await gone("stdout", 15_001)).toBe(0);
  expect(await gone("stderr", 1)).toBe(0);
  expect(await gone("blended", 1)).toBe(5_000);
  const text = await korun.fetch(
    `/v1/sessions/${id}/logs?stream=stdout&limit=1&since_seq=1&format=text`,
  );
  expect(await text.text()).toBe("[korun] missed 15000 lines\n15001\n");
});

test("the views hold 10000 lines of a stream and 20000 blended", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("seq 12000; seq 11000 >&2"));
  const session = await until(korun, id, ({ state }) => state === "exited");
  expect(session).toMatchObject({
    stdout_lines: 10_000,
    stderr_lines: 10_000,
    blended_lines: 20_000,
    stdout_dropped_lines: 2_000,
    stderr_dropped_lines: 1_000,
    blended_dropped_lines: 3_000,
    stdout_bytes: 60_894,
    stderr_bytes: 54_894,
  });
  for (const [stream, held] of [
    ["stdout", 10_000],
    ["stderr", 10_000],
    ["blended", 20_000],
  ] as const) {
    const { entries } = await page(korun, id, `stream=${stream}&limit=1000000`);
    expect([stream, entries.length]).toEqual([stream, held]);
  }
});

test("seq goes on over restarts, and each entry says its run", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["seq", "3"] });
  await untilExited(korun, id);
  const restart = `/v1/sessions/${id}/restart?wait=1`;
  await korun.fetch(restart, { method: "POST" });
  await until(korun, id, (it) => it.run === 2 && it.state === "exited");
  const { entries, next_seq } = await page(korun, id);
  expect(entries.map(({ seq, run, line }) => [seq, run, line])).toEqual([
    [1, 1, "1"],
    [2, 1, "2"],
    [3, 1, "3"],
    [4, 2, "1"],
    [5, 2, "2"],
    [6, 2, "3"],
  ]);
  expect(next_seq).toBe(7);
});

function numbers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function repeat(word: string, { count, times }: { count: number; times: number }): string[] {
  const lines = numbers(1, count).map((number) => `${word} ${number}`);
  return Array.from({ length: times }, () => lines).flat();
}
