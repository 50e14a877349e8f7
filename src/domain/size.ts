// Sizes as people write them: bytes, or a number with a unit. A unit is always a power of 1024, so
// `512M` is what `ulimit`, `ps` and Java mean by it.

import { whole } from "./whole.ts";

const UNITS = { "": 1, k: 1_024, m: 1_024 ** 2, g: 1_024 ** 3, t: 1_024 ** 4 } as const;

const SHOWN = [
  ["TiB", UNITS.t],
  ["GiB", UNITS.g],
  ["MiB", UNITS.m],
  ["KiB", UNITS.k],
] as const;

/** How one is written. */
export const SIZE_PATTERN = /^\s*(\d+(?:\.\d+)?)(?:([kmgtKMGT])(?:[iI]?[bB])?|[bB])?\s*$/;

/** In words, for messages that must say what a size looks like. */
export const SIZE_FORM = "bytes or a size such as 64K, 512M, 2G";

/**
 * Bytes of `4096`, `"4096"`, `"64K"`, `"512M"`, `"512MiB"`, `"1.5g"` or `"1T"`, units being powers
 * of 1024; undefined for anything else, negative, infinite and inexact values included.
 */
export function parseSize(value: number | string): number | undefined {
  if (typeof value === "number") return whole(value);
  const match = SIZE_PATTERN.exec(value);
  if (match === null) return undefined;
  const unit = (match[2] ?? "").toLowerCase() as keyof typeof UNITS;
  return whole(Number(match[1]) * UNITS[unit]);
}

/** A short human form of bytes: `812 B`, `64 KiB`, `1.5 MiB`, `512 MiB`, `2 GiB`. */
export function formatSize(bytes: number): string {
  const size = Math.max(0, Math.round(bytes));
  for (const [name, unit] of SHOWN) {
    // What would be shown as 1024 of a unit is 1 of the next.
    if (size >= unit - unit / 2_048) return `${shortly(size / unit)} ${name}`;
  }
  return `${size} B`;
}

/** With a decimal only where it says something. */
function shortly(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}
