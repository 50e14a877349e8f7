import { expect, test } from "bun:test";
import { formatDuration, parseDuration } from "../../src/domain/duration.ts";

test("a duration is milliseconds, or a number with a unit", () => {
  const forms = { "250": 250, "250ms": 250, "1.5s": 1_500, " 2m ": 120_000, "1h": 3_600_000 };
  for (const [text, ms] of Object.entries(forms)) expect(parseDuration(text)).toBe(ms);
  expect(parseDuration(0)).toBe(0);
  expect(parseDuration(12.4)).toBe(12);
  expect(parseDuration("7d")).toBe(604_800_000);
});

test("anything else is no duration", () => {
  for (const text of ["", "soon", "-1s", "1 s", "5S", "1e3", "1s2m", ".5s", "9".repeat(400)]) {
    expect(parseDuration(text)).toBeUndefined();
  }
  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(parseDuration(ms)).toBeUndefined();
  }
});

test("a duration that no number holds is none, since it could not be kept", () => {
  expect(parseDuration(`${"9".repeat(400)}d`)).toBeUndefined();
  expect(parseDuration("9".repeat(20))).toBeUndefined();
  expect(parseDuration(1e300)).toBeUndefined();
});

test("a duration is shown in its two largest units, without those that are nothing", () => {
  const forms = {
    "0ms": -5,
    "850ms": 850,
    "12s": 12_900,
    "3m 20s": 200_000,
    "3m": 180_000,
    "2h 5m": 7_500_000,
    "4d 1h": 349_200_000,
  };
  for (const [text, ms] of Object.entries(forms)) expect(formatDuration(ms)).toBe(text);
});
