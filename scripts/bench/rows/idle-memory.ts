// What a daemon weighs that has nothing to do: all processes of korun together.

import { BareServer } from "../bare-server.ts";
import type { Bench, Result, Row } from "../bench.ts";
import { Korun } from "../korun.ts";
import { measurePeers } from "../peers/measure.ts";
import { ownPids } from "../peers/peer.ts";
import { Place } from "../place.ts";
import { memoryOf } from "../proc.ts";
import { median } from "../statistics.ts";

const ROUNDS = 3;
const SETTLE_MS = 10_000;
const QUICK_SETTLE_MS = 2_000;

export const idleMemory: Row = {
  name: "memory",
  async measure(bench) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < (bench.quick ? 1 : ROUNDS); round += 1) {
      const sizes = await weighBoth(bench);
      ours.push(sizes.ours);
      theirs.push(sizes.theirs);
    }
    const result: Result = {
      what: "memory (PSS) of an idle daemon",
      unit: "MiB",
      ours: median(ours),
      against: { what: "bare Bun.serve", figure: median(theirs) },
      limit: { kind: "within", times: 2 },
      peers: await measurePeers(bench, {
        ability: "supervise",
        async measure(peer) {
          if (!peer.isDaemon) return undefined;
          await using place = new Place();
          await peer.supervise(place, []);
          await Bun.sleep(QUICK_SETTLE_MS);
          return memoryOf(ownPids(place));
        },
      }),
    };
    return [result];
  },
};

/** Side by side, since both only wait. */
async function weighBoth(bench: Bench): Promise<{ ours: number; theirs: number }> {
  await using korun = await Korun.start(bench);
  await using server = await BareServer.start(bench);
  await Bun.sleep(bench.quick ? QUICK_SETTLE_MS : SETTLE_MS);
  return { ours: memoryOf(korun.pids()), theirs: memoryOf([server.pid]) };
}
