// GET /v1/sessions/{id}/stats: what a session's processes use now, and did the last while.

import { SESSIONS } from "../../api/paths.ts";
import { NoQuery } from "../../api/queries.ts";
import type { StatsReply } from "../../api/stats.ts";
import type { PortListener } from "../../process/ports.ts";
import type { ProcessInfo } from "../../process/process-info.ts";
import type { SessionUsage } from "../../supervisor/attendants/session-meter.ts";
import type { UsagePoint } from "../../supervisor/attendants/usage-history.ts";
import type { SessionDirectory } from "../ports.ts";
import { time } from "../present/session.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

/** What is known of what sessions use. */
export interface UsageSource {
  /** What a session uses now. Throws Problem `not_found` when it has just been forgotten. */
  look(sessionId: string): Promise<{
    readonly usage: SessionUsage;
    /** The oldest first. */
    readonly history: readonly UsagePoint[];
  }>;
  /** Which session each process that lives now belongs to, by pid. */
  membership(): Promise<ReadonlyMap<number, string>>;
}

/** Who listens on this machine. */
export interface ListenerSource {
  /** By port. */
  listeners(): Promise<readonly PortListener[]>;
  findListeners(port: number): Promise<readonly PortListener[]>;
  portsOf(processes: readonly ProcessInfo[]): Promise<readonly PortListener[]>;
}

export function statsRoutes(
  directory: SessionDirectory,
  { usage, machine }: { readonly usage: UsageSource; readonly machine: ListenerSource },
): Routes {
  return {
    [`${SESSIONS}/{id}/stats`]: {
      async GET({ query, reference }) {
        readQuery(query, NoQuery);
        const session = directory.find(reference);
        const seen = await usage.look(session.id);
        const ports = await machine.portsOf(seen.usage.members);
        const { spec, state, run, uptimeMs } = session.snapshot();
        return json({
          session_id: session.id,
          name: spec.name ?? null,
          state,
          run,
          uptime_ms: uptimeMs === null ? null : Math.round(uptimeMs),
          processes: seen.usage.processes,
          cpu_percent: seen.usage.cpuPercent,
          cpu_ms: Math.round(seen.usage.cpuMs),
          rss_bytes: seen.usage.rssBytes,
          ports: ports.map(openPort),
          history: seen.history.map(pointReply),
        } satisfies StatsReply);
      },
    },
  };
}

function openPort({ port, address, pid, name }: PortListener): StatsReply["ports"][number] {
  return { port, address, pid: pid ?? null, name: name ?? null };
}

function pointReply(point: UsagePoint): StatsReply["history"][number] {
  return {
    ts: time(point.time),
    cpu_percent: point.cpuPercent,
    rss_bytes: point.rssBytes,
    processes: point.processes,
  };
}
