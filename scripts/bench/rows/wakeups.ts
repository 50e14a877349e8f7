// How often the threads of a daemon run that has nothing to do but to look after quiet children.

import { BareServer } from "../bare-server.ts";
import type { Result, Row } from "../bench.ts";
import { Korun } from "../korun.ts";
import { measurePeers } from "../peers/measure.ts";
import { ownPids, quietJobs } from "../peers/peer.ts";
import { Place } from "../place.ts";
import { switchesBetween, switchesOf } from "../proc.ts";

const SESSION_COUNT = 20;
/** Bun's own garbage collector looks around for half a minute before it comes to rest. */
const SETTLE_MS = 45_000;
const WATCH_MS = 20_000;

export const wakeups: Row = {
  name: "wakeups",
  async measure(bench) {
    const times: Times = bench.quick
      ? { settle: 3_000, watch: 5_000 }
      : { settle: SETTLE_MS, watch: WATCH_MS };
    await using korun = await Korun.start(bench);
    await using server = await BareServer.start(bench);
    const jobs = quietJobs(SESSION_COUNT);
    for (const { name, command } of jobs) await korun.serve({ name, command });
    const [ours = 0, theirs = 0] = await switchRates([korun.pids(), [server.pid]], times);
    const result: Result = {
      what: `context switches of a daemon with ${SESSION_COUNT} quiet sessions, all threads`,
      unit: "/s",
      ours,
      against: { what: "bare Bun.serve", figure: theirs },
      limit: { kind: "under", value: 2 },
      peers: await measurePeers(bench, {
        ability: "supervise",
        together: true,
        async measure(peer) {
          if (!peer.isDaemon) return undefined;
          await using place = new Place();
          await peer.supervise(place, jobs);
          const [rate = 0] = await switchRates([ownPids(place)], times);
          return rate;
        },
      }),
    };
    return [result];
  },
};

interface Times {
  /** Before the first look, in ms. */
  readonly settle: number;
  /** Between the looks, in ms. */
  readonly watch: number;
}

/** Context switches a second of some groups of processes, all watched at once. */
async function switchRates(
  groups: readonly (readonly number[])[],
  { settle, watch }: Times,
): Promise<number[]> {
  await Bun.sleep(settle);
  const before = groups.map(switchesOf);
  await Bun.sleep(watch);
  return groups.map((pids, index) => {
    const count = switchesBetween(before[index] ?? new Map(), switchesOf(pids));
    return count / (watch / 1_000);
  });
}
