import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { Rested } from "../../src/supervisor/rested.ts";

interface Sleeper {
  readonly name: string;
  readonly since: number;
  live: boolean;
  idle: boolean;
  isLive(): boolean;
  isIdle(): boolean;
  snapshot(): { lastEndedAt: number; createdAt: number };
}

let forgotten: string[];
let rested: Rested<Sleeper>;

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
  forgotten = [];
  rested = new Rested<Sleeper>({
    keep: 3,
    keptForMs: 60_000,
    forget(session) {
      forgotten.push(session.name);
      rested.delete(session);
    },
  });
});

afterEach(() => {
  rested.close();
  jest.useRealTimers();
});

test("a session is forgotten when it gets old, though nothing else happens", () => {
  rested.add(sleeper("a"));
  jest.advanceTimersByTime(20_000);
  rested.add(sleeper("b"));
  jest.advanceTimersByTime(39_999);
  expect(forgotten).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(forgotten).toEqual(["a"]);
  jest.advanceTimersByTime(20_000);
  expect(forgotten).toEqual(["a", "b"]);
});

test("nothing ticks while nothing is at rest", () => {
  expect(jest.getTimerCount()).toBe(0);
  const session = sleeper("a");
  rested.add(session);
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(60_000);
  expect(forgotten).toEqual(["a"]);
  expect(jest.getTimerCount()).toBe(0);
});

test("one that lives again in time is not forgotten, and nothing ticks for it", () => {
  const session = sleeper("a");
  rested.add(session);
  session.live = true;
  jest.advanceTimersByTime(3 * 3_600_000);
  expect(forgotten).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

test("one that was not done with when it got old is forgotten later", () => {
  const session = sleeper("a");
  session.idle = false;
  rested.add(session);
  jest.advanceTimersByTime(60_000);
  expect(forgotten).toEqual([]);
  session.idle = true;
  jest.advanceTimersByTime(3_600_000);
  expect(forgotten).toEqual(["a"]);
});

test("those of an earlier daemon get old from when they came to rest", () => {
  const now = Date.now();
  rested.restore([sleeper("young", now - 1_000), sleeper("old", now - 50_000)]);
  jest.advanceTimersByTime(10_000);
  expect(forgotten).toEqual(["old"]);
  rested.close();
  expect(jest.getTimerCount()).toBe(0);
});

function sleeper(name: string, since = Date.now()): Sleeper {
  return {
    name,
    since,
    live: false,
    idle: true,
    isLive() {
      return this.live;
    },
    isIdle() {
      return this.idle;
    },
    snapshot: () => ({ lastEndedAt: since, createdAt: since }),
  };
}
