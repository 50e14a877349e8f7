import { expect, test } from "bun:test";
import { type Burst, CEILING_MS, extend, waitFor } from "../../src/watch/debounce.ts";

function waitAt(burst: Burst, now: number, held = false): number {
  return waitFor(burst, { now, quietMs: 250, isHeld: () => held });
}

test("a burst is over once it was quiet for long enough after its last change", () => {
  const burst = extend(extend(undefined, 1000), 1100);
  expect(waitAt(burst, 1100)).toBe(250);
  expect(waitAt(burst, 1300)).toBe(50);
  expect(waitAt(burst, 1350)).toBe(0);
});

test("without quiet time a burst is over at once", () => {
  const burst = extend(undefined, 1000);
  expect(waitFor(burst, { now: 1000, quietMs: 0, isHeld: () => false })).toBe(0);
});

test("changes without end trigger at the ceiling", () => {
  let burst = extend(undefined, 0);
  for (let now = 100; now <= CEILING_MS; now += 100) burst = extend(burst, now);
  expect(waitAt(burst, CEILING_MS - 100)).toBe(100);
  expect(waitAt(burst, CEILING_MS)).toBe(0);
});

test("a burst is held while more is to come, but not beyond the ceiling", () => {
  const burst = extend(undefined, 0);
  expect(waitAt(burst, 250, true)).toBeGreaterThan(0);
  expect(waitAt(burst, CEILING_MS - 1, true)).toBe(1);
  expect(waitAt(burst, CEILING_MS, true)).toBe(0);
});

test("nobody asks for a hold before the burst is quiet", () => {
  let asked = 0;
  const isHeld = () => {
    asked += 1;
    return false;
  };
  waitFor(extend(undefined, 0), { now: 100, quietMs: 250, isHeld });
  expect(asked).toBe(0);
});
