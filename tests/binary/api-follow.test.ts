// follow=1: history, then live, with no gap and none twice between them, until the session is over.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FollowFrame } from "../../src/api/log-replies.ts";
import { Korun } from "../support/korun.ts";
import { act, create, inspect, shell, until, untilExited, untilPrinted } from "./support/api.ts";
import { type FollowReader, follow, tally } from "./support/follow.ts";

/** Waits at this point of a script until the test says `go`. */
const UNTIL_GO = "echo waiting; until [ -e go ]; do sleep 0.01; done";

function go(korun: Korun): void {
  writeFileSync(join(korun.work, "go"), "");
}

async function gated(korun: Korun, script: string): Promise<string> {
  const id = await create(korun, shell(script));
  await untilPrinted(korun, id, /^waiting$/);
  return id;
}

async function linesOf(reader: FollowReader, count: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) lines.push((await reader.line()) ?? "the end");
  return lines;
}

test("JSON comes as NDJSON: an entry a line, from the newest `limit` on", async () => {
  await using korun = new Korun();
  const id = await gated(korun, `seq 10; ${UNTIL_GO}; echo last`);
  await using reader = await follow(korun, id, "limit=2");
  expect(reader.response.status).toBe(200);
  expect(reader.response.headers.get("content-type")).toBe("application/x-ndjson");
  expect(await reader.frame()).toMatchObject({ seq: 10, stream: "stdout", line: "10", run: 1 });
  expect(await reader.frame()).toMatchObject({ seq: 11, line: "waiting" });
  go(korun);
  expect(await reader.frame()).toMatchObject({ seq: 12, line: "last" });
  expect(await reader.frame()).toBeUndefined();
});

test("history and a flood that fits the buffer join without a gap or a repeat", async () => {
  await using korun = new Korun();
  const id = await gated(korun, `seq 200; ${UNTIL_GO}; seq 201 15000`);
  const readers = await Promise.all(
    Array.from({ length: 5 }, () => follow(korun, id, "limit=51&stream=stdout")),
  );
  go(korun);
  for (const frames of await Promise.all(readers.map((reader) => reader.rest()))) {
    const { entries, missed } = tally(frames);
    expect(missed).toBe(0);
    expect(entries.map(({ seq }) => seq)).toEqual(numbers(151, 14_851));
    const lines = entries.map(({ line }) => line);
    expect(lines).toEqual([...numbers(151, 50), "waiting", ...numbers(201, 14_800)].map(String));
  }
});

test("followers that start in the middle of a flood account for every entry of it", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["seq", "1500000"] });
  const queries = ["limit=10", "since_seq=1", "since_seq=1&stream=stdout"];
  const readers = await Promise.all(queries.map((query) => follow(korun, id, query)));
  const logs = await Promise.all(readers.map((reader) => reader.rest()));
  for (const [index, frames] of logs.entries()) {
    // Where the newest ten began is for the follower to find out.
    let next = queries[index]?.startsWith("since_seq") ? 1 : startOf(frames[0]);
    for (const frame of frames) {
      if ("missed" in frame) next += frame.missed;
      if (seqOf(frame) !== next) expect(seqOf(frame)).toBe(next);
      if ("missed" in frame) continue;
      if (frame.line !== String(next)) expect(frame.line).toBe(String(next));
      next += 1;
    }
    expect(next).toBe(1_500_001);
  }
});

/** The seq that a frame gives, or goes on from. */
function seqOf(frame: FollowFrame): number {
  return "missed" in frame ? frame.next_seq : frame.seq;
}

/** The first seq that a frame accounts for. */
function startOf(frame: FollowFrame | undefined): number {
  if (frame === undefined) return 0;
  return "missed" in frame ? frame.next_seq - frame.missed : frame.seq;
}

test("of both streams of a flood, entries and what was missed add up", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("seq 400000 & seq 400000 >&2; wait"));
  await using reader = await follow(korun, id, "since_seq=1");
  const { entries, missed } = tally(await reader.rest());
  expect(entries.length + missed).toBe(800_000);
  const seqs = entries.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
});

test("a follower that comes again with since_seq goes on where it was", async () => {
  await using korun = new Korun();
  const id = await gated(korun, `seq 50; ${UNTIL_GO}; seq 50`);
  const seqs: number[] = [];
  for (const part of [7, 20, 24]) {
    await using reader = await follow(korun, id, `since_seq=${(seqs.at(-1) ?? 0) + 1}`);
    for (const line of await linesOf(reader, part)) seqs.push(JSON.parse(line).seq);
  }
  go(korun);
  await using reader = await follow(korun, id, `since_seq=${(seqs.at(-1) ?? 0) + 1}`);
  for (const { seq } of tally(await reader.rest()).entries) seqs.push(seq);
  expect(seqs).toEqual(numbers(1, 101));
});

test("it stays open across restarts, and ends when the session is stopped", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("echo up; exec sleep 600"));
  await using reader = await follow(korun, id, "stream=stdout");
  expect(await reader.frame()).toMatchObject({ run: 1, line: "up" });
  for (const run of [2, 3]) {
    await act(korun, id, "restart");
    expect(await reader.frame()).toMatchObject({ run, line: "up" });
  }
  await act(korun, id, "stop");
  expect(await reader.frame()).toBeUndefined();
  expect((await inspect(korun, id)).state).toBe("exited");
});

test("it ends with a command that ends by itself, and at once at rest", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("printf 'one\\ntwo'"));
  for (let time = 0; time < 2; time += 1) {
    await using reader = await follow(korun, id, "format=text&stream=stdout");
    expect(await reader.response.text()).toBe("one\ntwo");
  }
});

test("it stays with a crashed session whose watch can revive it, and ends with a stop", async () => {
  await using korun = new Korun();
  const file = join(korun.work, "file");
  writeFileSync(file, "one");
  const command = shell('echo "$(cat file)"; exit 1');
  const id = await create(korun, { ...command, watch: ["file"], debounce: 1 });
  await using reader = await follow(korun, id, "format=text&stream=stdout");
  expect(await reader.line()).toBe("one");
  await untilExited(korun, id);
  writeFileSync(file, "two");
  expect(await reader.line()).toBe("two");
  await until(korun, id, (it) => it.run === 2 && it.state === "exited");
  await act(korun, id, "stop");
  expect(await reader.line()).toBeUndefined();
});

test("it ends when the session is forgotten, and when the daemon stops", async () => {
  await using korun = new Korun();
  const watching = { ...shell("echo up"), watch: ["."] };
  const forgotten = await create(korun, watching);
  await untilExited(korun, forgotten);
  await using first = await follow(korun, forgotten);
  expect(await first.frame()).toMatchObject({ line: "up" });
  await korun.fetch(`/v1/sessions/${forgotten}`, { method: "DELETE" });
  expect(await first.frame()).toBeUndefined();

  const other = await create(korun, shell("echo up; exec sleep 600"));
  await using second = await follow(korun, other);
  expect(await second.frame()).toMatchObject({ line: "up" });
  await korun.ok(["daemon", "stop"]);
  expect(await second.frame()).toBeUndefined();
});

test("a follower of a quiet session gets its headers at once", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["sleep", "600"] });
  await using reader = await follow(korun, id);
  expect(reader.response.status).toBe(200);
  await act(korun, id, "stop");
  expect(await reader.frame()).toBeUndefined();
});

test("twenty followers that leave in the middle disturb nobody", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("while :; do seq 100; done"));
  for (let round = 0; round < 20; round += 1) {
    await using reader = await follow(korun, id, "limit=5");
    await linesOf(reader, 10);
  }
  await using reader = await follow(korun, id, "limit=5");
  expect((await linesOf(reader, 100)).length).toBe(100);
  await act(korun, id, "stop?wait=1");
});

function numbers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
