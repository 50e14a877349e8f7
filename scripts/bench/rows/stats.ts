// What it costs a daemon to know what its sessions use: the share of a processor that it takes with
// quiet children, looking at them every five seconds, and every second where one has a limit.

import { BareServer } from "../bare-server.ts";
import type { Bench, Result, Row } from "../bench.ts";
import { Korun } from "../korun.ts";
import { quietJobs } from "../peers/peer.ts";
import { cpuMsOf } from "../proc.ts";

const SESSION_COUNT = 50;
/** Of one processor, in per cent. */
const MOST_PERCENT = 0.5;
/** Bun's own garbage collector looks around for half a minute before it comes to rest. */
const SETTLE_MS = 45_000;
const WATCH_MS = 60_000;

export const stats: Row = {
  name: "stats",
  async measure(bench) {
    const results: Result[] = [];
    for (const limited of [false, true]) results.push(await measureOne(bench, limited));
    return results;
  },
};

async function measureOne(bench: Bench, limited: boolean): Promise<Result> {
  await using korun = await Korun.start(bench);
  await using server = await BareServer.start(bench);
  const [first, ...others] = quietJobs(SESSION_COUNT);
  if (first === undefined) throw new Error("there are no jobs");
  await korun.serve({ ...first, ...(limited ? { max_rss: "1G" } : {}) });
  for (const { name, command } of others) await korun.serve({ name, command });
  const [ours = 0, theirs = 0] = await shares([korun.pids(), [server.pid]], bench);
  const look = limited ? "one with a limit of memory" : "no limits";
  return {
    what: `processor time of a daemon with ${SESSION_COUNT} quiet sessions, ${look}`,
    unit: "%",
    ours,
    against: { what: "bare Bun.serve", figure: theirs },
    limit: { kind: "under", value: MOST_PERCENT },
    peers: [],
  };
}

/** Of one processor, in per cent, all watched at once. */
async function shares(
  groups: readonly (readonly number[])[],
  { quick }: Bench,
): Promise<readonly number[]> {
  await Bun.sleep(quick ? 3_000 : SETTLE_MS);
  const [since, before] = [performance.now(), groups.map(cpuMsOf)];
  await Bun.sleep(quick ? 10_000 : WATCH_MS);
  const elapsed = performance.now() - since;
  return groups.map((pids, index) => ((cpuMsOf(pids) - (before[index] ?? 0)) / elapsed) * 100);
}
