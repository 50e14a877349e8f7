// What every kind of check is looked at through: a probe says in words what it looks at, and looks
// when it is asked to. How often, for how long, and what follows is for others to say.

import type { SessionSpec } from "../domain/session.ts";
import type { SessionLog } from "../logs/session-log.ts";
import type { ProcessIdentity } from "../process/process-info.ts";

/** What one look saw. */
export type Sight = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export const MET: Sight = { ok: true };

export interface Probe {
  /** What it looks at, in words: `port 3000`. */
  readonly what: string;
  /** What is true before the first look is done, in the words of a reason. */
  readonly outset: string;
  /** Where it is looked at again and again, the longest for one look, in ms; undefined: no limit. */
  readonly mostMs: number | undefined;
  /** One look. Once the signal is aborted it soon resolves with why it was not met so far. */
  look(signal: AbortSignal): Promise<Sight>;
}

/** The run that is looked at. */
export interface ProbedRun {
  readonly sessionId: string;
  /** From 1. */
  readonly number: number;
  readonly spec: Pick<SessionSpec, "cwd" | "env" | "inherited" | "name">;
  readonly leader: ProcessIdentity;
  readonly log: Pick<SessionLog, "scan">;
  /** Sockets that listened before the run began, by inode. */
  readonly strangers: ReadonlySet<number>;
}

/** A look that did not see what it was for. */
export function unmet(reason: string): Sight {
  return { ok: false, reason };
}

/** Enough of what somebody wrote to recognise it. */
export function brief(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
