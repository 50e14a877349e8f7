import { expect, test } from "bun:test";
import { parseMoment, timeOf } from "../../src/domain/moment.ts";

const NOON = Date.UTC(2026, 2, 16, 12);

test.each([
  ["2026-03-16T12:00:00Z", NOON],
  ["2026-03-16T12:00:00.250Z", NOON + 250],
  ["2026-03-16t13:00:00+01:00", NOON],
  ["2026-03-16 07:30-04:30", NOON],
  // As it comes out of a query in which the plus was not encoded.
  ["2026-03-16T13:00:00 01:00", NOON],
  ["2024-02-29T12:00:00Z", Date.UTC(2024, 1, 29, 12)],
  ["5m", NOON - 300_000],
  ["1.5s", NOON - 1_500],
  ["250", NOON - 250],
])("%s is a point in time", (text, wanted) => {
  const moment = parseMoment(text);
  expect(moment === undefined ? undefined : timeOf(moment, NOON)).toBe(wanted);
});

test.each([
  "",
  "soon",
  "-5m",
  "2026-03-16",
  "2026-03-16T12:00:00",
  "2026-13-16T12:00:00Z",
  "2026-02-29T12:00:00Z",
  "12:00",
])("%j is none", (text) => {
  expect(parseMoment(text)).toBeUndefined();
});
