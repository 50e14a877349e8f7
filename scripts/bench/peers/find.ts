// Which peers are here, and in which version.

import { Place } from "../place.ts";
import { concurrently } from "./concurrently.ts";
import { mprocs } from "./mprocs.ts";
import { originalKorun } from "./original-korun.ts";
import type { FoundPeer, Peer } from "./peer.ts";
import { pm2 } from "./pm2.ts";
import { processCompose } from "./process-compose.ts";
import { pueue } from "./pueue.ts";
import { entr, nodemon, watchexec } from "./reloaders.ts";
import { supervisord } from "./supervisord.ts";

const PEERS: readonly Peer[] = [
  pm2,
  supervisord,
  processCompose,
  pueue,
  concurrently,
  mprocs,
  nodemon,
  watchexec,
  entr,
  originalKorun,
];

/** The peers on PATH, and the names of those that are not. */
export async function findPeers(): Promise<{ found: FoundPeer[]; absent: string[] }> {
  await using place = new Place();
  const found: FoundPeer[] = [];
  const absent: string[] = [];
  for (const peer of PEERS) {
    const isThere = peer.programs.every((program) => Bun.which(program) !== null);
    if (!isThere || (await peer.isMeant?.(place)) === false) absent.push(peer.name);
    else found.push({ peer, version: await versionOf(peer, place) });
  }
  return { found, absent };
}

async function versionOf(peer: Peer, place: Place): Promise<string> {
  const { versionArgs = ["--version"], programs } = peer;
  if (versionArgs.length === 0) return "";
  const answer = await place.run([programs[0], ...versionArgs]).catch(() => "");
  return /\d+(\.\d+)+/.exec(answer)?.[0] ?? "";
}
