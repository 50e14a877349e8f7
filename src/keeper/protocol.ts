// What keeper and daemon say to each other: one JSON object a line, over a pair of sockets that
// whoever starts the other makes. There is no path to guard, nobody to ask who they are, nothing to
// connect to, and the link is there with the first instruction of the one that was started.

import type { ExitStatus } from "../domain/session.ts";
import type { ProcessIdentity } from "../process/process-info.ts";

/** Raised when an older peer could misunderstand; what is only added is passed over by it. */
export const PROTOCOL = 1;

/** The descriptor at which whoever was started finds the link. */
export const LINK_FD = 4;

/** Set for a daemon that has a link at `LINK_FD`. */
export const LINK_VARIABLE = "KORUN_KEEPER";

/** Set for a daemon that is to begin with fresh rings, since those it has may be its death. */
export const SET_ASIDE_VARIABLE = "KORUN_SET_ASIDE";

/** How and when a process ended. */
export interface ExitRecord extends ProcessIdentity, ExitStatus {
  /** The boot in which `startTime` was counted. */
  readonly boot: string;
  /** Epoch ms. */
  readonly at: number;
}

/** What the keeper is to keep alive of a run. A later one for the same run adds to it. */
export interface HoldRequest {
  readonly session: string;
  readonly run: number;
  /** FIFOs whose unread bytes must outlive daemon and child. */
  readonly fifos?: readonly string[];
  /** FIFOs that the child reads, and whose end it must not see when the daemon dies. */
  readonly inputs?: readonly string[];
  /** The run's leader, whose exit status must outlive the daemon. */
  readonly leader?: ProcessIdentity;
}

/** Of one run, or of all runs of a session. */
export interface DropRequest {
  readonly session: string;
  readonly run?: number;
}

/** Who a peer is. */
export interface Hello extends ProcessIdentity {
  readonly version: string;
  readonly protocol: number;
}

/** A run. */
export type RunKey = Pick<HoldRequest, "session" | "run">;

/** A run as a key of maps. */
export function keyOfRun({ session, run }: RunKey): string {
  return `${session}/${run}`;
}

export interface KeeperHello extends Hello {
  /** Daemons that died under this keeper. */
  readonly deaths: number;
  /** What went wrong with them, in words: rings set aside, an upgrade that failed. */
  readonly problem: string | null;
}

/** A line to the keeper: it has one of these. */
export interface ToKeeper {
  readonly hello?: Hello;
  /** `terminal`: the tag with which the master of the run's terminal was handed over. */
  readonly hold?: HoldRequest & { readonly id: number; readonly terminal?: number };
  /** The end of input was sent to the run of this session: its inputs are held no longer. */
  readonly endInput?: { readonly session: string };
  /** A copy of the master of this run's terminal is wanted, with `id` as its tag. */
  readonly claim?: RunKey & { readonly id: number };
  readonly drop?: DropRequest;
  /** After a recovery: drop all sessions but these. */
  readonly retain?: { readonly sessions: readonly string[] };
  /** The daemon is about to end on purpose. */
  readonly bye?: true;
  /** Once the daemon has ended, the next one is to be this executable. */
  readonly upgrade?: { readonly binary: string };
  /** The keeper is to go, for the daemon prefers one of its own version. */
  readonly leave?: true;
}

/** A line from the keeper: it has one of these. */
export interface FromKeeper {
  readonly hello?: KeeperHello;
  readonly held?: Held & { readonly id: number };
  /** The answer to a claim: the master was handed over, or there is none. */
  readonly claimed?: { readonly id: number; readonly ok: boolean };
  /** A process of a session that fell to the keeper has ended. */
  readonly ended?: ExitRecord;
}

/** The answer to a hold. */
export interface Held {
  /** How the leader ended, if the keeper knows. */
  readonly ended: ExitRecord | null;
  /** The run was held before that; an older keeper does not say. */
  readonly wasHeld?: boolean;
  /** What could not be held, and why. */
  readonly problem: string | null;
}
