// Points in time as people write them: a time, or how long ago.

import { parseDuration } from "./duration.ts";

/** A time in epoch ms, or so many ms before whenever it is asked. */
export type Moment = { readonly timeMs: number } | { readonly agoMs: number };

/** In words, for messages that must say what a point in time looks like. */
export const MOMENT_FORM = "a time such as 2026-03-16T12:00:00Z, or how long ago, such as 5m";

// A plus that nobody encoded arrives as a space.
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+\- ]\d\d:\d\d)$/;

/** Reads `2026-03-16T12:00:00Z`, `2026-03-16T12:00:00+01:00` or `5m`; undefined for anything else. */
export function parseMoment(text: string): Moment | undefined {
  if (!RFC_3339.test(text)) {
    const agoMs = parseDuration(text);
    return agoMs === undefined ? undefined : { agoMs };
  }
  if (Number(text.slice(8, 10)) > lastDayOf(text)) return undefined;
  const zoned = text.replace(/ (?=\d\d:\d\d$)/, "+").replace(" ", "T");
  const timeMs = Date.parse(zoned.toUpperCase());
  return Number.isNaN(timeMs) ? undefined : { timeMs };
}

/** Of the month of a time: `Date.parse` takes 30 February for one in March. */
function lastDayOf(text: string): number {
  return new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
}

/** Whether an interval between two points in time would end before it begins. */
export function isBackwards(since: Moment, until: Moment, nowMs: number): boolean {
  return timeOf(until, nowMs) < timeOf(since, nowMs);
}

/** The time that is meant, in epoch ms. */
export function timeOf(moment: Moment, nowMs: number): number {
  return "timeMs" in moment ? moment.timeMs : nowMs - moment.agoMs;
}
