// How long an answer takes while four children print as fast as they can: ours beside four captured
// children, a bare server's beside four that `wc -l` reads.

import { HEALTH } from "../../../src/api/paths.ts";
import { BareServer } from "../bare-server.ts";
import type { Bench, Result, Row } from "../bench.ts";
import { Probe, timeFresh, timeKept } from "../http-probe.ts";
import { Korun } from "../korun.ts";
import { inTurn, median, quantile } from "../statistics.ts";

const CHILDREN = 4;
const REQUESTS = 1_500;
const ROUNDS = 5;
const FLOOD: [string, ...string[]] = ["yes", "x".repeat(81)];

type Connection = "kept" | "fresh";

export const healthz: Row = {
  name: "healthz",
  async measure(bench) {
    return [await compare(bench, "kept"), await compare(bench, "fresh")];
  },
};

async function compare(bench: Bench, connection: Connection): Promise<Result> {
  const requests = bench.quick ? 300 : REQUESTS;
  const { ours, theirs } = await inTurn(bench.quick ? 1 : ROUNDS, {
    ours: () => besideCaptured(bench, { connection, requests }),
    theirs: () => besideCounted(bench, { connection, requests }),
  });
  return {
    what: `p99 of GET /healthz beside ${CHILDREN} floods, ${connection} connection`,
    unit: "ms",
    ours: median(ours),
    against: { what: "bare Bun.serve beside | wc -l", figure: median(theirs) },
    limit: { kind: "within", times: 3 },
    peers: [],
  };
}

interface Load {
  readonly connection: Connection;
  readonly requests: number;
}

async function besideCaptured(bench: Bench, load: Load): Promise<number> {
  await using korun = await Korun.start(bench);
  for (let child = 0; child < CHILDREN; child += 1) await korun.serve({ command: FLOOD });
  return await slowest(korun.port, load);
}

async function besideCounted(bench: Bench, load: Load): Promise<number> {
  await using server = await BareServer.start(bench);
  for (let child = 0; child < CHILDREN; child += 1) {
    server.place.start(["sh", "-c", '"$@" | wc -l', "sh", ...FLOOD]);
  }
  return await slowest(server.port, load);
}

/** The 99th percentile in ms. */
async function slowest(port: number, { connection, requests }: Load): Promise<number> {
  await Bun.sleep(500);
  const probe = await Probe.connect(port);
  const times: number[] = [];
  for (let request = 0; request < requests; request += 1) {
    // At moments that keep step with nothing.
    await Bun.sleep(Math.random() * 2);
    const time = connection === "kept" ? timeKept(probe, HEALTH) : timeFresh(port, HEALTH);
    times.push(await time);
  }
  probe.close();
  return quantile(times, 0.99);
}
