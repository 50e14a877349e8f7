// Measuring every peer that can do something. One that fails says so in the table; it does not end
// the benchmark.

import type { Bench, PeerFigure } from "../bench.ts";
import type { Ability, Peer } from "./peer.ts";

export interface PeerMeasurement<Wanted extends Ability> {
  readonly ability: Wanted;
  /** All at once: for those that only wait. */
  readonly together?: boolean;
  /** Answers undefined for a peer that has no such thing. */
  measure(peer: Peer<Wanted>): Promise<PeerFigure["figure"] | undefined>;
}

export async function measurePeers<Wanted extends Ability>(
  { peers, progress }: Bench,
  { ability, together = false, measure }: PeerMeasurement<Wanted>,
): Promise<PeerFigure[]> {
  const able = peers.flatMap(({ peer }) => (can(peer, ability) ? [peer] : []));
  const figureOf = async (peer: Peer<Wanted>): Promise<PeerFigure[]> => {
    progress(peer.name);
    const figure = await measure(peer).catch(reasonOf);
    return figure === undefined ? [] : [{ name: peer.name, figure }];
  };
  if (together) return (await Promise.all(able.map(figureOf))).flat();
  const figures: PeerFigure[] = [];
  for (const peer of able) figures.push(...(await figureOf(peer)));
  return figures;
}

function can<Wanted extends Ability>(peer: Peer, ability: Wanted): peer is Peer<Wanted> {
  return peer[ability] !== undefined;
}

function reasonOf(thrown: unknown): string {
  const [reason = ""] = String(thrown instanceof Error ? thrown.message : thrown).split("\n", 1);
  return `failed: ${reason.slice(0, 80)}`;
}
