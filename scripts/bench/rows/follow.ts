// From a child's write to the byte on a follower's socket. The child prints the time of each write;
// who reads compares it with the time then, on the one clock that processes share.

import { join } from "node:path";
import { sessionPath } from "../../../src/api/paths.ts";
import type { Bench, Result, Row } from "../bench.ts";
import { monotonicNs } from "../clock.ts";
import { Korun } from "../korun.ts";
import { measurePeers } from "../peers/measure.ts";
import { Place } from "../place.ts";
import { inTurn, median } from "../statistics.ts";
import { within } from "../wait.ts";

const TICKER = [process.execPath, join(import.meta.dir, "../ticker.ts")] as const;
const ROUNDS = 5;
const SAMPLES = 200;
const PEER_SAMPLES = 50;
/** What comes first may be history. */
const SKIPPED = 5;
const PATIENCE_MS = 60_000;

export const follow: Row = {
  name: "follow",
  async measure(bench) {
    const samples = bench.quick ? 50 : SAMPLES;
    const { ours, theirs } = await inTurn(bench.quick ? 1 : ROUNDS, {
      ours: () => throughKorun(bench, samples),
      theirs: () => throughPipe(samples),
    });
    const result: Result = {
      what: "a child's write → the byte on a follower's socket",
      unit: "ms",
      ours: median(ours),
      against: { what: "a pipe between the two", figure: median(theirs) },
      limit: { kind: "under", value: 2 },
      peers: await measurePeers(bench, {
        ability: "supervise",
        async measure(peer) {
          await using place = new Place();
          const job = { name: "ticker", command: TICKER };
          const { follow } = await peer.supervise(place, [job]);
          return follow === undefined ? undefined : await delayOf(follow(job), PEER_SAMPLES);
        },
      }),
    };
    return [result];
  },
};

async function throughKorun(bench: Bench, samples: number): Promise<number> {
  await using korun = await Korun.start(bench);
  const id = await korun.serve({ command: [...TICKER] });
  const path = `${sessionPath(id, "tail")}?follow=1&format=text&stream=stdout`;
  const arrivals = new Arrivals(samples);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: korun.port,
    socket: { data: (_, bytes) => arrivals.take(bytes) },
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${korun.port}\r\n\r\n`);
  const delay = await arrivals.median();
  socket.end();
  return delay;
}

async function throughPipe(samples: number): Promise<number> {
  await using place = new Place();
  return await delayOf(place.open(TICKER).stdout, samples);
}

async function delayOf(stream: AsyncIterable<Uint8Array>, samples: number): Promise<number> {
  const arrivals = new Arrivals(samples);
  void (async () => {
    for await (const bytes of stream) arrivals.take(bytes);
  })();
  return await arrivals.median();
}

/** Collects how long each line was under way. */
class Arrivals {
  readonly #wanted: number;
  readonly #delays: number[] = [];
  readonly #done = Promise.withResolvers<void>();
  #rest = "";

  constructor(samples: number) {
    this.#wanted = samples + SKIPPED;
  }

  take(bytes: Uint8Array): void {
    const now = monotonicNs();
    const lines = (this.#rest + Buffer.from(bytes).toString("latin1")).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const stamp = /T(\d+)/.exec(line)?.[1];
      if (stamp !== undefined) this.#delays.push(Number(now - BigInt(stamp)) / 1e6);
    }
    if (this.#delays.length >= this.#wanted) this.#done.resolve();
  }

  /** The median in ms, once there are enough. */
  async median(): Promise<number> {
    await within(PATIENCE_MS, "lines to arrive", this.#done.promise);
    return median(this.#delays.slice(SKIPPED));
  }
}
