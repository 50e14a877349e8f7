import { afterEach, expect, test } from "bun:test";
import type { LimitCause, SessionSpec } from "../../../src/domain/session.ts";
import type { Attendant } from "../../../src/supervisor/attendants/attendant.ts";
import { limitsWith } from "../../../src/supervisor/attendants/limits.ts";
import type {
  SessionUsage,
  UsageWatcher,
} from "../../../src/supervisor/attendants/session-meter.ts";
import { waitFor } from "../../support/wait.ts";
import { specOf } from "../fakes.ts";

const MIB = 1_048_576;
const LEADER = { pid: 10, startTime: 1 };
const HOUR_MS = 3_600_000;

let limits: Attendant | undefined;

afterEach(() => limits?.close());

/** A session with limits, and what they made of it. */
function session(spec: Partial<SessionSpec>, { ageMs = 0 }: { ageMs?: number } = {}) {
  const watchers = new Set<UsageWatcher>();
  const finished: LimitCause[] = [];
  const make = limitsWith({
    ageMs: () => ageMs,
    sampler: {
      watch: (_, watcher) => watchers.add(watcher),
      unwatch: (_, watcher) => watchers.delete(watcher),
    },
  });
  limits = make({
    id: "one",
    spec: specOf(spec),
    finishBecause: (cause) => finished.push(cause),
  });
  return {
    finished,
    watchers,
    begin: (startedAgoMs = 0) => limits?.began({ number: 1, leader: LEADER, startedAgoMs }),
    holds(rssBytes: number) {
      const usage: SessionUsage = { processes: 1, rssBytes, cpuMs: 0, cpuPercent: 0, members: [] };
      for (const watcher of watchers) watcher(usage);
    },
  };
}

test("a session without limits has nobody who looks after them", () => {
  session({});
  expect(limits).toBeUndefined();
});

test("a run that holds more than it may is ended, once, and told in units that people use", () => {
  const { begin, finished, holds, watchers } = session({ maxRssBytes: 100 * MIB });
  begin();
  holds(100 * MIB);
  expect(finished).toEqual([]);
  holds(152 * MIB);
  holds(160 * MIB);
  expect(finished).toEqual([
    {
      kind: "limit",
      limit: "max_rss",
      reason: "its processes hold 152 MiB of memory, over the limit of 100 MiB",
    },
  ]);
  expect(watchers.size).toBe(0);
});

test("a run that is hardly over its limit is told in bytes", () => {
  const { begin, finished, holds } = session({ maxRssBytes: 100 * MIB });
  begin();
  holds(100 * MIB + 4_096);
  expect(finished[0]?.reason).toBe(
    "its processes hold 100 MiB (104861696 bytes) of memory, over the limit of 100 MiB",
  );
});

test("nobody is held to a limit after a run, and the next run is again", () => {
  const { begin, finished, holds } = session({ maxRssBytes: MIB });
  begin();
  limits?.ended();
  holds(2 * MIB);
  expect(finished).toEqual([]);
  begin();
  holds(2 * MIB);
  expect(finished).toHaveLength(1);
});

test("a run is ended when its time is over", async () => {
  const { begin, finished } = session({ maxRuntimeMs: 20 });
  begin();
  expect(finished).toEqual([]);
  await waitFor("its end", () => finished.length > 0);
  expect(finished).toEqual([
    {
      kind: "limit",
      limit: "max_runtime",
      reason: "it has run for 20ms, as long as it may",
    },
  ]);
});

test("a time that is no whole seconds is told as it is", async () => {
  const { begin, finished } = session({ maxRuntimeMs: 1_500 });
  begin(1_500);
  await waitFor("its end", () => finished.length > 0);
  expect(finished[0]?.reason).toBe("it has run for 1.5s, as long as it may");
});

test("the time of a run counts from its start under an earlier daemon", async () => {
  const { begin, finished } = session({ maxRuntimeMs: HOUR_MS });
  begin(HOUR_MS);
  await waitFor("its end", () => finished.length > 0);
});

test("the time that the machine slept counts too", async () => {
  const { begin, finished } = session({ maxRuntimeMs: HOUR_MS }, { ageMs: HOUR_MS });
  begin();
  await waitFor("its end", () => finished.length > 0);
});

test("a run that ended is not ended for its time", async () => {
  const { begin, finished } = session({ maxRuntimeMs: 1 });
  begin();
  limits?.ended();
  const other = session({ maxRuntimeMs: 5 });
  other.begin();
  await waitFor("a later one's end", () => other.finished.length > 0);
  expect(finished).toEqual([]);
});
