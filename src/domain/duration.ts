// Durations as people write them: milliseconds, or a number with a unit.

import { whole } from "./whole.ts";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The longest that a timer can be set for, in ms, some 24 days: one for longer goes off at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How one is written. */
export const DURATION_PATTERN = /^\s*(\d+(?:\.\d+)?)(ms|s|m|h|d)?\s*$/;

/** In words, for messages that must say what a duration looks like. */
export const DURATION_FORM = "milliseconds or a duration such as 250ms, 5s, 2m";

/**
 * Milliseconds of `250`, `"250"`, `"250ms"`, `"1.5s"`, `"2m"`, `"1h"` or `"7d"`;
 * undefined for anything else, negative, infinite and inexact values included.
 */
export function parseDuration(value: number | string): number | undefined {
  if (typeof value === "number") return whole(value);
  const match = DURATION_PATTERN.exec(value);
  if (match === null) return undefined;
  const unit = (match[2] ?? "ms") as keyof typeof UNITS;
  return whole(Number(match[1]) * UNITS[unit]);
}

/** A short human form of milliseconds: `850ms`, `12s`, `3m 20s`, `2h 5m`, `4d 1h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joinUnits([minutes, "m"], [seconds % 60, "s"]);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joinUnits([hours, "h"], [minutes % 60, "m"]);
  return joinUnits([Math.floor(hours / 24), "d"], [hours % 24, "h"]);
}

function joinUnits(major: [number, string], minor: [number, string]): string {
  return minor[0] === 0 ? major.join("") : `${major.join("")} ${minor.join("")}`;
}
