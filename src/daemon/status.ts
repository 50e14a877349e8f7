// What the daemon says of itself.

import type { DaemonReply } from "../api/daemon-replies.ts";
import type { SessionCounts } from "../supervisor/registry.ts";
import type { Paths } from "./paths.ts";
import type { DaemonRecord } from "./record.ts";

export interface DaemonFacts {
  readonly paths: Paths;
  readonly record: DaemonRecord;
  readonly counts: SessionCounts;
  readonly uptimeMs: number;
  /** What is wrong in one respect or another. */
  readonly problems: readonly (string | null)[];
}

/** The body of `GET /v1/daemon`. */
export function describeDaemon({ paths, record, counts, ...facts }: DaemonFacts): DaemonReply {
  return {
    service: "korun",
    version: record.version,
    pid: record.pid,
    started_at: record.startedAt,
    uptime_ms: Math.round(facts.uptimeMs),
    sessions_created: counts.created,
    sessions_running: counts.running,
    sessions_known: counts.known,
    port: record.port,
    socket: record.socket,
    home: paths.home,
    log: paths.log,
    problem: facts.problems.filter((problem) => problem !== null).join(" ") || null,
  };
}
