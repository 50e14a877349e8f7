// A follower that stops reading costs bounded memory, slows nobody, and is told what it missed.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FollowFrame } from "../../src/api/log-replies.ts";
import { openRaw } from "../http/support/raw.ts";
import { Korun } from "../support/korun.ts";
import { create, inspect, shell, untilExited, untilPrinted } from "./support/api.ts";
import { CurlFollower, follow, tally } from "./support/follow.ts";
import { peakMemory } from "./support/processes.ts";
import { requestOf } from "./support/raw.ts";

/** What a busy daemon may weigh at most: 300 MB held for one reader are more than 650 as JSON. */
const MOST_MIB = 450;

/** 82 bytes a line, as many as make 300 MB. */
const LINE = "x".repeat(81);
const LINES = 3_700_000;
const FLOOD = `echo waiting; until [ -e go ]; do sleep 0.01; done; yes ${LINE} | head -n ${LINES}`;

function release(korun: Korun): void {
  writeFileSync(join(korun.work, "go"), "");
}

test("one held still during 300 MB is told exactly how many entries it missed", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell(FLOOD));
  await untilPrinted(korun, id, /^waiting$/);
  using stalled = await CurlFollower.start(korun, id, "since_seq=1");
  await stalled.untilReceived("waiting");
  stalled.holdStill();
  await using reading = await follow(korun, id, "since_seq=1");
  release(korun);

  // The child finishes though one follower reads nothing, and the other is given all it can take.
  const all = tally(await reading.rest());
  expect(all.entries.length + all.missed).toBe(LINES + 1);
  const session = await untilExited(korun, id);
  expect(session.stdout_lines + session.stdout_dropped_lines).toBe(LINES + 1);
  expect(session.stdout_bytes).toBe(LINES * (LINE.length + 1) + "waiting\n".length);
  expect(peakMemory((await korun.status()).pid)).toBeLessThan(MOST_MIB);

  stalled.goOn();
  expect(await stalled.exited).toBe(0);
  const frames = stalled
    .received()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as FollowFrame);
  const late = tally(frames);
  expect(late.entries.length + late.missed).toBe(LINES + 1);
  expect(late.missed).toBeGreaterThan(3_000_000);
  expect(late.entries.at(-1)?.seq).toBe(LINES + 1);
});

test("in text the notice is a line of korun's own", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell(FLOOD.replace(String(LINES), "500000")));
  await untilPrinted(korun, id, /^waiting$/);
  using stalled = await CurlFollower.start(korun, id, "since_seq=1&stream=stdout&format=text");
  await stalled.untilReceived("waiting\n");
  stalled.holdStill();
  release(korun);
  await untilExited(korun, id);
  stalled.goOn();
  expect(await stalled.exited).toBe(0);
  let got = 0;
  let missed = 0;
  for (const line of stalled.received().trimEnd().split("\n")) {
    const notice = /^\[korun\] missed (\d+) lines$/.exec(line);
    if (notice !== null) missed += Number(notice[1]);
    else got += line === LINE || line === "waiting" ? 1 : Number.NaN;
  }
  expect(got + missed).toBe(500_001);
  expect(missed).toBeGreaterThan(400_000);
});

test("twenty that never read cost the daemon and the child nothing", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell(FLOOD.replace(String(LINES), "1000000")));
  await untilPrinted(korun, id, /^waiting$/);
  const { pid, port } = await korun.status();
  const path = `/v1/sessions/${id}/logs?follow=1&since_seq=1`;
  const stuck = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const { socket } = await openRaw({ port });
      socket.pause();
      socket.write(requestOf(port, { path }));
      return socket;
    }),
  );
  release(korun);
  const { stdout_bytes } = await untilExited(korun, id);
  expect(stdout_bytes).toBe(1_000_000 * (LINE.length + 1) + "waiting\n".length);
  expect(peakMemory(pid)).toBeLessThan(MOST_MIB);
  for (const socket of stuck) socket.destroy();
  expect((await inspect(korun, id)).state).toBe("exited");
});
