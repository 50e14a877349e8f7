import { describe, expect, test } from "bun:test";
import { lookOnce, untilMet } from "../../src/probes/look.ts";
import { MET, type Probe, type Sight, unmet } from "../../src/probes/probe.ts";

const never = new AbortController().signal;

function probeOf(look: (signal: AbortSignal) => Promise<Sight>): Probe {
  return { what: "it", outset: "not looked at yet", mostMs: undefined, look };
}

/** Looks that hang until they are called off. */
const HANGS = probeOf((signal) => {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(unmet("hangs")));
  });
});

describe("One look", () => {
  test("is called off when its time is over", async () => {
    expect(await lookOnce(HANGS, { ms: 10, signal: never })).toEqual(unmet("hangs"));
  });

  test("has all the time that it is given, also for what is asked again soon elsewhere", async () => {
    const over = new AbortController();
    const impatient = { ...HANGS, mostMs: 0 };
    const sight = lookOnce(impatient, { ms: 1e12, signal: over.signal });
    const elapsed = new Promise((resolve) => setTimeout(() => resolve("still looking"), 0));
    expect(await Promise.race([sight, elapsed])).toBe("still looking");
    over.abort();
    expect(await sight).toEqual(unmet("hangs"));
  });

  test("that fails has seen nothing, and says why", async () => {
    const failing = probeOf(() => Promise.reject(new Error("no eyes")));
    expect(await lookOnce(failing, { ms: 1_000, signal: never })).toEqual(unmet("no eyes"));
  });
});

describe("Looking again and again", () => {
  test("ends when it is met, and tells each reason before", async () => {
    const reasons: string[] = [];
    let looks = 0;
    const third = probeOf(async () => {
      looks += 1;
      return looks === 3 ? MET : unmet(`look ${looks}`);
    });
    const options = { deadline: performance.now() + 60_000, signal: never };
    const onUnmet = (reason: string) => reasons.push(reason);
    expect(await untilMet(third, { ...options, onUnmet })).toBe(true);
    expect(reasons).toEqual(["look 1", "look 2"]);
  });

  test("begins anew what hangs for longer than its probe allows", async () => {
    let looks = 0;
    const second: Probe = {
      ...probeOf(async (signal) => {
        looks += 1;
        return looks === 2 ? MET : await HANGS.look(signal);
      }),
      mostMs: 10,
    };
    const options = { deadline: performance.now() + 60_000, signal: never };
    expect(await untilMet(second, { ...options, onUnmet: () => undefined })).toBe(true);
  });

  test("ends when its time is over", async () => {
    const options = { deadline: performance.now() + 50, signal: never, onUnmet: () => undefined };
    expect(
      await untilMet(
        probeOf(async () => unmet("no")),
        options,
      ),
    ).toBe(false);
    expect(performance.now()).toBeGreaterThanOrEqual(options.deadline);
  });

  test("looks once even if its time is over from the start", async () => {
    const options = { deadline: performance.now() - 5_000, signal: never };
    const onUnmet = () => undefined;
    expect(
      await untilMet(
        probeOf(async () => MET),
        { ...options, onUnmet },
      ),
    ).toBe(true);
    expect(
      await untilMet(
        probeOf(async () => unmet("no")),
        { ...options, onUnmet },
      ),
    ).toBe(false);
  });

  test("ends at once when it is aborted", async () => {
    const over = new AbortController();
    const options = { deadline: Number.POSITIVE_INFINITY, signal: over.signal };
    const met = untilMet(HANGS, { ...options, onUnmet: () => undefined });
    over.abort();
    expect(await met).toBe(false);
  });
});
