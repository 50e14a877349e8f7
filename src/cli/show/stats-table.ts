// What sessions use, as a table. Pure.

import type { StatsReply } from "../../api/stats.ts";
import { formatDuration } from "../../domain/duration.ts";
import { formatSize } from "../../domain/size.ts";
import { shortId } from "../pick.ts";
import type { Cell } from "./table.ts";
import { visible } from "./visible.ts";

export const STATS_TITLES = [
  "NAME",
  "ID",
  "STATE",
  "UPTIME",
  "CPU",
  "CPU TIME",
  "MEMORY",
  "PROCESSES",
  "PORTS",
];

/** A row of the table. */
export function statsRow(stats: StatsReply): Cell[] {
  const { name, session_id: id, state, uptime_ms: uptime, processes } = stats;
  const lives = processes > 0;
  const cells = [
    name ?? "-",
    shortId(id),
    state,
    uptime === null ? "-" : formatDuration(uptime),
    lives ? `${stats.cpu_percent.toFixed(1)}%` : "-",
    formatDuration(stats.cpu_ms),
    lives ? formatSize(stats.rss_bytes) : "-",
    String(processes),
    portsOf(stats),
  ];
  return cells.map((text) => ({ text: visible(text) }));
}

function portsOf({ ports }: StatsReply): string {
  const numbers = [...new Set(ports.map(({ port }) => port))];
  return numbers.length === 0 ? "-" : numbers.join(" ");
}
