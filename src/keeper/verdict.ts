// What follows from the end of a daemon. Pure; when a next one is started, policy.ts says.

import type { ExitStatus } from "../domain/session.ts";
import type { DaemonEnd } from "./daemon-process.ts";
import type { Report } from "./report.ts";

/** How one daemon's life went. */
export interface Outcome {
  /** None for one that could not even be started. */
  readonly pid?: number | undefined;
  readonly end: DaemonEnd;
  readonly report: Report;
  /** It said that it would end on purpose. */
  readonly bye: boolean;
  /** The executable that it wanted as its successor. */
  readonly upgrade?: string | undefined;
}

/** Where things stand when it ends. */
export interface Standing {
  /** It was the first of a new executable. */
  readonly isTrial: boolean;
  /** It, or one before it, has served. */
  readonly everServed: boolean;
  /** Unwanted ends before this one. */
  readonly deaths: number;
  /** It was to be stopped. */
  readonly stopping: boolean;
  /** Starts since then. */
  readonly stopStarts: number;
  /** Somebody has removed the folder of all this. */
  readonly isHomeGone: boolean;
  /** Whether a daemon that is not ours has the home. */
  isHomeTaken(): boolean;
}

export type Verdict =
  | { readonly kind: "leave"; readonly code: number; readonly why: string }
  | { readonly kind: "upgrade"; readonly binary: string }
  /** The new executable does not serve: the one before it is started again. */
  | { readonly kind: "fall back"; readonly why: string }
  | { readonly kind: "again"; readonly why: string };

/** Silent ends of a keeper's first daemons after which no launcher is kept waiting any more. */
const MOST_FIRST_DEATHS = 5;

/** Further starts of a daemon that was to be stopped and died over it. */
const MOST_STOP_STARTS = 2;

export function judge(outcome: Outcome, standing: Standing): Verdict {
  const { end, report } = outcome;
  const why = describeOutcome(outcome);
  if (end === "deserted") return { kind: "leave", code: 0, why };
  if (outcome.upgrade !== undefined) return { kind: "upgrade", binary: outcome.upgrade };
  if (standing.isTrial && report.kind !== "ready") return { kind: "fall back", why };
  if (report.kind === "refused") {
    // The launcher was told the reason, and can do more about it than we.
    if (!standing.everServed) return { kind: "leave", code: 1, why };
    if (standing.isHomeTaken()) return { kind: "leave", code: 0, why };
  } else if (outcome.bye || end.status?.code === 0) {
    return { kind: "leave", code: 0, why };
  }
  if (standing.isHomeGone) return { kind: "leave", code: 1, why: `${why}; its home is gone` };
  const code = end.status?.code ?? 1;
  if (standing.stopping) {
    const enough = standing.stopStarts >= MOST_STOP_STARTS || end.status?.signal === "SIGTERM";
    if (enough) return { kind: "leave", code, why };
  }
  const hopeless = !standing.everServed && standing.deaths >= MOST_FIRST_DEATHS;
  return hopeless ? { kind: "leave", code, why } : { kind: "again", why };
}

/** As in "the daemon (pid 12) …". */
function describeOutcome({ pid, end, report, bye }: Outcome): string {
  if (pid === undefined) return "could not be started";
  if (end === "deserted") return "has closed its link to this keeper";
  if (report.kind === "refused") return `could not start: ${report.reason}`;
  return `${describeEnd(end.status)}${bye || report.kind === "ready" ? "" : " before it served"}`;
}

function describeEnd(status: ExitStatus | undefined): string {
  if (status === undefined) return "has ended";
  if (status.signal !== null) return `was ended by ${status.signal}`;
  return `has ended with ${status.code}`;
}
