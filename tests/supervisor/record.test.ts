import { describe, expect, test } from "bun:test";
import type { RestartPolicy } from "../../src/domain/restart-policy.ts";
import type { StartCause } from "../../src/domain/session.ts";
import { SessionRecord } from "../../src/supervisor/record.ts";

const STABLE_MS = 1_000;

const POLICY: RestartPolicy = {
  kind: "always",
  on: "any",
  resetAfterMs: STABLE_MS,
  maxRestarts: 3,
};

/** A record of a run that its policy has started for the second time, and that lasted so long. */
function restartedTwice(lastedMs: number): SessionRecord {
  const record = new SessionRecord(0);
  record.begun({ kind: "policy", attempt: 2, delay_ms: 0 }, POLICY);
  record.started({ wall: 0, steady: 0 });
  record.ended({ wall: lastedMs, steady: lastedMs });
  return record;
}

function attemptsAfter(lastedMs: number, cause: StartCause): number {
  const record = restartedTwice(lastedMs);
  record.begun(cause, POLICY);
  return record.past().attempts;
}

describe("Restarts in a row", () => {
  const unwell: StartCause = { kind: "health", reason: "it hangs" };

  test("are kept in mind when a short run is restarted for its health", () => {
    expect(attemptsAfter(STABLE_MS - 1, unwell)).toBe(2);
  });

  test("are forgiven by a stable run, also when it was ended for its health", () => {
    expect(attemptsAfter(STABLE_MS, unwell)).toBe(0);
  });

  test("are forgiven by whoever starts it on purpose", () => {
    expect(attemptsAfter(0, { kind: "manual" })).toBe(0);
  });
});
