// How long a command takes that asks the daemon something, beside curl asking the same: into a pipe,
// as scripts do, and on a terminal, as people do.

import { SESSIONS } from "../../../src/api/paths.ts";
import type { Bench, Result, Row } from "../bench.ts";
import { Korun } from "../korun.ts";
import { measurePeers } from "../peers/measure.ts";
import { quietJobs } from "../peers/peer.ts";
import { Place } from "../place.ts";
import { inTurn, median } from "../statistics.ts";

const JOBS = quietJobs(20);
const ROUNDS = 150;
const PEER_ROUNDS = 7;

export const list: Row = {
  name: "ls",
  async measure(bench) {
    await using korun = await Korun.start(bench);
    for (const { name, command } of JOBS) await korun.serve({ name, command });
    return [await compare(bench, korun, "a pipe"), await compare(bench, korun, "a terminal")];
  },
};

type Screen = "a pipe" | "a terminal";

async function compare(bench: Bench, korun: Korun, screen: Screen): Promise<Result> {
  const ls = korun.command("ls");
  const curl = ["curl", "--silent", "--fail", korun.url(SESSIONS)];
  const { ours, theirs } = await inTurn(bench.quick ? 20 : ROUNDS, {
    ours: () => timeOf(ls, { place: korun.place, screen }),
    theirs: () => timeOf(curl, { place: korun.place, screen }),
  });
  return {
    what: `korun ls with ${JOBS.length} sessions, to ${screen}`,
    unit: "ms",
    ours: median(ours),
    against: { what: "curl of the same", figure: median(theirs) },
    limit: { kind: "within", times: 1.5 },
    peers: await measurePeers(bench, {
      ability: "supervise",
      async measure(peer) {
        await using place = new Place();
        const { list } = await peer.supervise(place, JOBS);
        if (list === undefined) return undefined;
        const times: number[] = [];
        while (times.length < PEER_ROUNDS) times.push(await timeOf(list, { place, screen }));
        return median(times);
      },
    }),
  };
}

/** Milliseconds from the start of a program to its end. Throws when it fails. */
async function timeOf(
  command: readonly string[],
  { place, screen }: { place: Place; screen: Screen },
): Promise<number> {
  const start = performance.now();
  const child = screen === "a pipe" ? place.open(command) : place.show(command);
  const exitCode = await child.exited;
  const time = performance.now() - start;
  child.terminal?.close();
  if (exitCode === 0) return time;
  throw new Error(`${command.join(" ")} failed with ${exitCode}`);
}
