// What a row of the table is, and what it has to measure with.

import type { FoundPeer } from "./peers/peer.ts";

/** What all rows share. */
export interface Bench {
  /** Fewer rounds and smaller volumes: to see that it works, not for results. */
  readonly quick: boolean;
  /** The korun that is measured: a copy that nobody else runs. */
  readonly korun: string;
  /** A bare compiled server. */
  readonly bare: string;
  readonly peers: readonly FoundPeer[];
  /** Tells a person who waits what is going on. */
  readonly progress: (text: string) => void;
}

export type Unit = "MB/s" | "ms" | "MiB" | "/s" | "%";

/** `atLeast` and `within`: times what it is measured against; `under`: an absolute figure. */
export type Limit =
  | { readonly kind: "atLeast" | "within"; readonly times: number }
  | { readonly kind: "under"; readonly value: number };

export interface PeerFigure {
  readonly name: string;
  /** The figure in the row's unit, or why there is none. */
  readonly figure: number | string;
}

/** A line of the table. */
export interface Result {
  readonly what: string;
  readonly unit: Unit;
  readonly ours: number;
  readonly against: { readonly what: string; readonly figure: number };
  readonly limit: Limit;
  readonly peers: readonly PeerFigure[];
}

export interface Row {
  /** For `--only`. */
  readonly name: string;
  measure(bench: Bench): Promise<readonly Result[]>;
}

/** Whether a result keeps its limit. */
export function isKept({ ours, against, limit }: Result): boolean {
  switch (limit.kind) {
    case "atLeast":
      return ours >= against.figure * limit.times;
    case "within":
      return ours <= against.figure * limit.times;
    case "under":
      return ours < limit.value;
    default:
      return limit satisfies never;
  }
}
