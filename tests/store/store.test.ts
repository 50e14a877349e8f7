import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import type { Happening } from "../../src/domain/history.ts";
import { STORE_LIMITS } from "../../src/store/store.ts";
import { Home } from "./house.ts";
import {
  anEvent,
  aRun,
  aSession,
  BARE_SPEC,
  END_CAUSES,
  HAPPENINGS,
  START_CAUSES,
  STATES,
  T0,
} from "./samples.ts";

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.close());

describe("a session", () => {
  test("comes back as it was saved last, in the order of creation", () => {
    const store = home.open();
    for (const id of ["c", "a", "b"]) store.sessions.save(aSession(id));
    const changed = aSession("c", { leader: null, updatedAt: T0 + 99, bootId: "another" });
    store.sessions.save(changed);
    const found = home.reopen(store).sessions.all();
    expect(found).toStrictEqual([changed, aSession("a"), aSession("b")]);
  });

  test("made after a restart of the daemon comes last", () => {
    const store = home.open();
    for (const id of ["c", "b"]) store.sessions.save(aSession(id));
    const next = home.reopen(store);
    next.sessions.save(aSession("c"));
    next.sessions.save(aSession("a"));
    expect(next.sessions.all().map(({ id }) => id)).toEqual(["c", "b", "a"]);
  });

  test("comes back in every phase of its life", () => {
    const states = Object.values(STATES).flat();
    const store = home.open();
    states.forEach((state, index) => {
      store.sessions.save(aSession(`s${index}`, { state }));
    });
    const found = home.reopen(store).sessions.all();
    expect(found.map(({ state }) => state)).toStrictEqual(states);
  });

  test("comes back with nothing that was not asked for", () => {
    const store = home.open();
    store.sessions.save(aSession("a", { spec: BARE_SPEC }));
    expect(home.reopen(store).sessions.all()[0]?.spec).toStrictEqual(BARE_SPEC);
  });

  test("that is removed leaves nothing behind, not even in the file", () => {
    const store = home.open();
    for (const id of ["gone", "kept"]) {
      const inherited = { env: { SECRET: `secret-${id}` }, umask: undefined, openFiles: undefined };
      store.sessions.save(aSession(id, { spec: { ...BARE_SPEC, inherited } }));
      store.runs.save(id, aRun(1));
      store.events.append(anEvent(id));
    }
    store.sessions.remove("gone");
    expect(store.sessions.all().map(({ id }) => id)).toEqual(["kept"]);
    expect(store.runs.of("gone")).toEqual([]);
    expect(store.runs.of("kept")).toHaveLength(1);
    expect(store.events.since(1, 10).events.map(({ sessionId }) => sessionId)).toEqual(["kept"]);
    store.close();
    expect(home.files()).toEqual(["korun.db"]);
    const bytes = readFileSync(home.path, "latin1");
    expect(bytes).toContain("secret-kept");
    expect(bytes).not.toContain("secret-gone");
  });
});

describe("runs", () => {
  test("come back with every cause and every end, the oldest first", () => {
    const runs = [
      ...Object.values(START_CAUSES).map((cause, index) => aRun(index + 1, { cause })),
      ...Object.values(END_CAUSES).map((end, index) => aRun(index + 20, { end })),
      aRun(50, {
        pid: null,
        startTime: null,
        endedAt: null,
        exitCode: null,
        termSignal: "SIGKILL",
        end: null,
        outputAfter: null,
      }),
    ];
    const store = home.open();
    for (const run of runs.toReversed()) store.runs.save("a", run);
    const next = home.reopen(store);
    expect(next.runs.of("a")).toStrictEqual(runs);
    expect(next.runs.of("a", 2).map(({ number }) => number)).toEqual(
      runs.slice(-2).map(({ number }) => number),
    );
    expect(next.runs.of("b")).toEqual([]);
  });

  test("are what was saved of them last", () => {
    const { runs } = home.open();
    runs.save("a", aRun(1, { end: null, endedAt: null, outputAfter: null }));
    runs.save("a", aRun(1));
    expect(runs.of("a")).toStrictEqual([aRun(1)]);
    expect(runs.find("a", 1)).toStrictEqual(aRun(1));
    expect(runs.find("a", 2)).toBeUndefined();
  });

  test("over the limit go, the oldest of that session first", () => {
    const store = home.open({ limits: { ...STORE_LIMITS, runsPerSession: 3 } });
    store.runs.save("b", aRun(1));
    for (let number = 1; number <= 5; number += 1) store.runs.save("a", aRun(number));
    store.runs.save("a", aRun(5));
    const { runs } = home.reopen(store);
    expect(runs.of("a").map(({ number }) => number)).toEqual([3, 4, 5]);
    expect(runs.of("b").map(({ number }) => number)).toEqual([1]);
  });
});

describe("events", () => {
  test("of every type come back under one counter", () => {
    const drafts = Object.values(HAPPENINGS).map((happening: Happening, index) => ({
      ...happening,
      time: T0 + index,
      sessionId: index % 2 === 0 ? null : `s${index}`,
    }));
    const store = home.open();
    const seqs = drafts.map((draft) => store.events.append(draft));
    expect(seqs).toEqual(drafts.map((_, index) => index + 1));
    const { events, nextSeq } = home.reopen(store).events.since(0, 100);
    expect(events as unknown[]).toStrictEqual(
      drafts.map((draft, index) => ({ ...draft, seq: index + 1 })),
    );
    expect(nextSeq).toBe(drafts.length + 1);
  });

  test("are walked page by page, each once", () => {
    const { events } = home.open();
    for (let index = 0; index < 7; index += 1) events.append(anEvent("a"));
    const seen: number[] = [];
    let from = 1;
    for (;;) {
      const page = events.since(from, 3);
      if (page.events.length === 0) break;
      seen.push(...page.events.map(({ seq }) => seq));
      from = page.nextSeq;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(from).toBe(8);
    expect(events.newest(2).events.map(({ seq }) => seq)).toEqual([6, 7]);
  });

  test("are the newest that are there, whatever was removed in between", () => {
    const { events, sessions } = home.open();
    for (const id of ["a", "b", "a", "gone", "gone", "a", "gone"]) events.append(anEvent(id));
    sessions.remove("gone");
    const { events: found, nextSeq } = events.newest(3);
    expect(found.map(({ seq }) => seq)).toEqual([2, 3, 6]);
    expect(nextSeq).toBe(8);
    expect(events.newest(0)).toEqual({ events: [], nextSeq: 8 });
  });

  test("asked for from beyond the end are none, and the end is said", () => {
    const { events } = home.open();
    events.append(anEvent("a"));
    expect(events.since(5_000, 10)).toEqual({ events: [], nextSeq: 2 });
  });

  test("count on when the clock jumps back, and after all of them are gone", () => {
    const store = home.open();
    store.sessions.save(aSession("a"));
    expect(store.events.append(anEvent("a", { time: T0 }))).toBe(1);
    expect(store.events.append(anEvent("a", { time: T0 - 86_400_000 }))).toBe(2);
    store.sessions.remove("a");
    const next = home.reopen(store);
    expect(next.events.since(1, 10).events).toEqual([]);
    expect(next.events.last).toBe(2);
    expect(next.events.append(anEvent("b", { time: T0 - 2 * 86_400_000 }))).toBe(3);
  });

  test("over the count are never seen again", () => {
    const store = home.open({ limits: { ...STORE_LIMITS, events: 5 } });
    for (let index = 0; index < 250; index += 1) {
      store.events.append(anEvent("a", { time: Date.now() }));
    }
    const seen = store.events.since(1, 1_000).events.map(({ seq }) => seq);
    expect(seen).toEqual([246, 247, 248, 249, 250]);
    store.close();
    // What lies in the file is bounded too: forgetting happens every hundred events.
    const kept = home.open({ limits: { ...STORE_LIMITS, events: 1_000 } });
    expect(kept.events.since(1, 1_000).events.length).toBeLessThan(105);
  });

  test("over the age go, but none that is younger than its predecessor", () => {
    const store = home.open({ limits: { ...STORE_LIMITS, eventsMs: 1_000 } });
    for (const time of [T0, T0 + 100, T0 + 5_000, T0 + 200]) {
      store.events.append(anEvent("a", { time }));
    }
    store.events.forget(T0 + 1_101);
    expect(store.events.since(1, 10).events.map(({ seq }) => seq)).toEqual([3, 4]);
    store.events.forget(T0 + 90_000);
    expect(store.events.since(1, 10).events).toEqual([]);
    expect(store.events.append(anEvent("a"))).toBe(5);
  });

  test("that grew old while no daemon ran are gone when one starts", () => {
    const store = home.open();
    store.events.append(anEvent("a", { time: Date.now() - 8 * 86_400_000 }));
    store.events.append(anEvent("a", { time: Date.now() }));
    const { events } = home.reopen(store).events.since(1, 10);
    expect(events.map(({ seq }) => seq)).toEqual([2]);
  });
});

describe("what is written together", () => {
  test("is there as a whole", () => {
    const store = home.open();
    const seq = store.together(() => {
      store.sessions.save(aSession("a"));
      store.runs.save("a", aRun(1));
      return store.together(() => store.events.append(anEvent("a")));
    });
    expect(seq).toBe(1);
    const next = home.reopen(store);
    expect(next.sessions.all()).toHaveLength(1);
    expect(next.runs.of("a")).toHaveLength(1);
    expect(next.events.last).toBe(1);
  });

  test("is not there at all when the writer fails, which is the writer's to hear", () => {
    const store = home.open();
    expect(() =>
      store.together(() => {
        store.sessions.save(aSession("a"));
        throw new Error("a defect");
      }),
    ).toThrow("a defect");
    expect(store.sessions.all()).toEqual([]);
    expect(store.problem).toBeNull();
    store.sessions.save(aSession("b"));
    expect(store.sessions.all()).toHaveLength(1);
  });
});

test("the file is for its owner alone, and so is all that lies beside it", () => {
  const before = process.umask(0);
  try {
    const store = home.open();
    store.sessions.save(aSession("a"));
    expect(home.files()).toEqual(["korun.db", "korun.db-wal"]);
    for (const file of home.files())
      expect(statSync(`${home.folder}/${file}`).mode & 0o777).toBe(0o600);
  } finally {
    process.umask(before);
  }
});

test("what the store cannot keep is reported, and neither thrown nor taken for a full disk", () => {
  const store = home.open();
  store.runs.save("a", aRun(1.5));
  expect(home.reports).toHaveLength(1);
  expect(store.problem).toBeNull();
  expect(store.runs.of("a")).toEqual([]);
});

test("a store that was closed keeps nothing, finds nothing and throws nothing", () => {
  const store = home.open();
  store.close();
  store.close();
  store.together(() => store.sessions.save(aSession("a")));
  expect(store.sessions.all()).toEqual([]);
  expect(store.events.append(anEvent("a"))).toBe(1);
  expect(home.open().sessions.all()).toEqual([]);
});
