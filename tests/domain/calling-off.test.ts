// What a stop calls off: a start that was to follow is remembered, with who came before it.

import { describe, expect, test } from "bun:test";
import { isLost } from "../../src/domain/calling-off.ts";
import type { Lifecycle, LifecycleEvent } from "../../src/domain/lifecycle.ts";
import type { RestartPolicy } from "../../src/domain/restart-policy.ts";
import type { EndCause } from "../../src/domain/session.ts";
import { transition } from "../../src/domain/transition.ts";
import {
  CLEAN,
  changed,
  ended,
  endingWith,
  HELPER,
  manual,
  restingWith,
  running,
  stop,
} from "./phases.ts";

const POLICY: RestartPolicy = {
  kind: "fixed",
  delayMs: 1_000,
  on: "failure",
  resetAfterMs: 60_000,
  maxRestarts: undefined,
};
const LIMIT = { kind: "limit", limit: "max_rss", reason: "600M of 512M" } as const;
const CRASH = { code: 1, signal: null };
const WAIT = { kind: "waiting", attempt: 2, delayMs: 2_000, since: 0 } as const;
const waiting = restingWith({ armed: false, next: WAIT });
const daemonStop: LifecycleEvent = { type: "stop", force: false, by: "daemon_stop" };
const daemonKill: LifecycleEvent = { type: "stop", force: true, by: "daemon_stop" };
const drained: LifecycleEvent = { type: "drained", run: 1, leftBehind: [] };
const finish: LifecycleEvent = { type: "finishRun", run: 1, cause: LIMIT };

/** From whatever is being ended to its rest. */
const ENDED: readonly LifecycleEvent[] = [
  { type: "leaderExited", run: 1, exit: CLEAN },
  { type: "treeEnded", run: 1, survivors: [] },
  drained,
];

function after(state: Lifecycle, ...events: readonly LifecycleEvent[]): Lifecycle {
  const past = { attempts: 0, lastRunMs: 5_000, everRan: true, now: 0 };
  const context = { watched: true, policy: { restart: POLICY, ...past } };
  return events.reduce((at, event) => transition(at, event, context).state, state);
}

function calledOff(state: Lifecycle): string | undefined {
  return state.phase === "resting" ? state.calledOff : "not at rest";
}

describe("what a stop calls off", () => {
  test.each([
    ["a wait", waiting, [stop], "stop"],
    ["a wait, by the daemon", waiting, [daemonStop], "daemon_stop"],
    ["a restart under way", running, [manual, stop, ...ENDED], "stop"],
    ["a restart under way, by the daemon", running, [manual, daemonStop, ...ENDED], "daemon_stop"],
    ["a change under way, by the daemon", running, [changed, daemonStop, ...ENDED], "daemon_stop"],
    ["nothing, where nothing was to follow", running, [stop, ...ENDED], undefined],
    ["nothing, where only the daemon ends it", running, [daemonStop, ...ENDED], undefined],
    ["nothing, where a restart comes after it", running, [stop, manual, stop], "not at rest"],
    [
      "what the policy would have answered to a crash",
      { ...ended, exit: CRASH } as Lifecycle,
      [daemonStop, drained],
      "daemon_stop",
    ],
    ["nothing, where the policy would not", ended, [daemonStop, drained], undefined],
    [
      "what the policy would have answered to a limit",
      running,
      [finish, daemonStop, ...ENDED],
      "daemon_stop",
    ],
  ] as const)("%s", (_, state, events, who) => {
    expect(calledOff(after(state, ...events))).toBe(who);
  });

  test("stays called off by whom somebody asked, whatever the daemon does then", () => {
    for (const events of [
      [manual, stop, daemonStop, ...ENDED],
      [manual, daemonStop, stop, ...ENDED],
      [manual, stop, ...ENDED, daemonKill],
    ]) {
      expect(calledOff(after(running, ...events))).toBe("stop");
    }
    expect(calledOff(after(running, manual, daemonStop, daemonKill, ...ENDED))).toBe("daemon_stop");
  });

  test("is remembered past what was left behind", () => {
    const left = restingWith({ armed: false, leftBehind: [HELPER], next: WAIT });
    expect(calledOff(after(left, daemonStop, ...ENDED))).toBe("daemon_stop");
    expect(calledOff(after(left, manual, stop, ...ENDED))).toBe("stop");
  });

  test("is forgotten with the next start", () => {
    expect(after(after(waiting, daemonStop), manual)).toEqual({
      phase: "starting",
      run: 2,
      pending: undefined,
    });
  });
});

test("a kill is not taken back by what comes over it", () => {
  const killed = endingWith({ kind: "rest", force: true });
  expect(after(killed, stop)).toMatchObject({ pending: { kind: "rest", force: true } });
});

describe("a session at rest", () => {
  const rest = restingWith({ armed: false });
  const off = (by: "stop" | "daemon_stop" | "lost"): Lifecycle =>
    ({ ...rest, calledOff: by }) as Lifecycle;
  test.each([
    ["that ended by itself is not lost", rest, "exit", false],
    ["that was stopped is not", rest, "stop", false],
    ["that ended with the daemon is", rest, "daemon_stop", true],
    ["that ended with the machine is", rest, "lost", true],
    ["whose end nobody saw is", rest, "unknown", true],
    ["whose end nobody saw is not while it waits", waiting, "unknown", false],
    ["whose start the daemon called off is", off("daemon_stop"), "exit", true],
    ["whose start the machine called off is", off("lost"), "exit", true],
    ["whose start somebody called off is not", off("stop"), "daemon_stop", false],
    ["and one that runs is not", running, "daemon_stop", false],
  ] as const)("%s", (_, state, kind, lost) => {
    expect(isLost(state, { kind } as EndCause)).toBe(lost);
  });
});
