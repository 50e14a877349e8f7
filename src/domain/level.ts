// How serious a line of output is.

/** From the least serious up. */
export const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

export type Level = (typeof LEVELS)[number];

/** Whether `level` is at least `least`. */
export function isAtLeast(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}
