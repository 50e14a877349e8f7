import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NEVER_RESTART } from "../../src/domain/restart-policy.ts";
import type { Store } from "../../src/store/store.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { Home } from "./house.ts";
import { killWhenReady, spawnBun, spawnSqlite } from "./neighbour.ts";
import { anEvent, aRun, aSession, SPEC, T0 } from "./samples.ts";

const FIRST_RETRY_MS = 5_000;

let disk: SmallDisk;
let home: Home;

/** As root only: the kernel lets root write wherever it can be written at all. */
describe.skipIf(!SmallDisk.possible())("", () => {
  beforeEach(() => {
    disk = new SmallDisk();
    home = new Home(disk.folder);
  });
  afterEach(async () => {
    try {
      await home.close();
    } finally {
      disk.remove();
    }
  });

  describe("on a full disk", () => {
    test("everything goes on in memory, and is in the file once there is room again", () => {
      const store = home.open();
      store.sessions.save(aSession("before"));
      store.runs.save("before", aRun(1));
      store.events.append(anEvent("before"));
      disk.fill();
      const ids = saveUntilTrouble(store);
      expect(store.problem).toContain(`${home.path} cannot be written: the disk is full`);
      expect(store.problem).toContain("Free some space");
      expect(home.reports).toHaveLength(1);

      store.sessions.save(aSession("before", { updatedAt: T0 + 50 }));
      store.runs.save("before", aRun(2));
      const seq = store.events.append(anEvent("before"));
      expect(seq).toBe(2);
      expect(store.sessions.all().map(({ id }) => id)).toEqual(["before", ...ids]);
      expect(store.runs.of("before")).toHaveLength(2);
      expect(store.events.since(1, 10).events).toHaveLength(2);

      disk.empty();
      home.now += FIRST_RETRY_MS - 1;
      store.events.append(anEvent("before"));
      expect(store.problem).not.toBeNull();
      home.now += 1;
      store.events.append(anEvent("before"));
      expect(store.problem).toBeNull();
      store.sessions.save(aSession("after"));

      const next = home.reopen(store);
      const found = next.sessions.all();
      expect(found.map(({ id }) => id)).toEqual(["before", ...ids, "after"]);
      expect(found[0]?.updatedAt).toBe(T0 + 50);
      expect(next.runs.of("before")).toStrictEqual([aRun(1), aRun(2)]);
      expect(next.events.since(1, 10).events.map((event) => event.seq)).toEqual([1, 2, 3, 4]);
      expect(next.problem).toBeNull();
    });

    test("whoever asks what is wrong is told of the state it is in then", () => {
      const store = home.open();
      disk.fill();
      saveUntilTrouble(store);
      disk.empty();
      expect(store.problem).toContain("the disk is full");
      home.now += FIRST_RETRY_MS;
      expect(store.problem).toBeNull();
    });

    test("what is removed meanwhile does not come back with the file", () => {
      const store = home.open();
      store.sessions.save(aSession("a"));
      store.sessions.save(aSession("b"));
      disk.fill();
      saveUntilTrouble(store);
      store.sessions.remove("a");
      disk.empty();
      home.now += FIRST_RETRY_MS;
      store.sessions.save(aSession("b"));
      expect(store.problem).toBeNull();
      expect(
        home
          .reopen(store)
          .sessions.all()
          .map(({ id }) => id),
      ).not.toContain("a");
    });

    test("the counter of events goes on, even if none of them is left", () => {
      const store = home.open();
      store.sessions.save(aSession("a"));
      for (let count = 0; count < 3; count += 1) store.events.append(anEvent("a"));
      disk.fill();
      saveUntilTrouble(store);
      store.sessions.remove("a");
      disk.empty();
      const next = home.reopen(store);
      expect(next.problem).toBeNull();
      expect(next.events.since(1, 10).events).toEqual([]);
      expect(next.events.append(anEvent("b"))).toBe(4);
    });

    test("attempts to go back become rarer, and the last one is at the end", () => {
      const store = home.open();
      disk.fill();
      saveUntilTrouble(store);
      const touch = () => store.sessions.save(aSession("a", { updatedAt: home.now }));
      home.now += FIRST_RETRY_MS;
      touch();
      disk.empty();
      home.now += 2 * FIRST_RETRY_MS - 1;
      touch();
      expect(store.problem).not.toBeNull();
      const next = home.reopen(store);
      expect(next.problem).toBeNull();
      const found = next.sessions.all().find(({ id }) => id === "a");
      expect(found?.updatedAt).toBe(3 * FIRST_RETRY_MS - 1);
    });

    test("what is written together is there as a whole, and once", () => {
      const store = home.open();
      store.sessions.save(aSession("first"));
      disk.fill();
      let calls = 0;
      store.together(() => {
        calls += 1;
        store.runs.save("first", aRun(1));
        for (let index = 0; index < 100; index += 1) {
          store.sessions.save(aSession(`s${index}`));
          store.events.append(anEvent(`s${index}`));
        }
      });
      expect(calls).toBe(2);
      expect(store.problem).toContain("the disk is full");
      expect(store.sessions.all()).toHaveLength(101);
      expect(store.runs.of("first")).toHaveLength(1);
      const seqs = store.events.since(1, 1_000).events.map(({ seq }) => seq);
      expect(seqs).toHaveLength(100);
      expect(new Set(seqs).size).toBe(100);
      expect(store.events.append(anEvent("first"))).toBe(Math.max(...seqs) + 1);
    });

    test("so is more than SQLite holds back, which fails in the middle and not at the end", () => {
      const store = home.open();
      const error = "x".repeat(20_000);
      store.together(() => {
        store.sessions.save(aSession("first"));
        for (let run = 1; run <= 300; run += 1) {
          store.events.append({ time: T0, sessionId: "first", type: "failed", run, error });
        }
        store.sessions.save(aSession("last"));
      });
      expect(store.problem).toContain("the disk is full");
      expect(store.sessions.all().map(({ id }) => id)).toEqual(["first", "last"]);
      expect(store.events.since(1, 1_000).events).toHaveLength(300);
      expect(home.reports).toHaveLength(1);
    });

    test("a new korun starts, and makes its file when it can", () => {
      disk.fill();
      const store = home.open();
      expect(store.problem).toContain("the disk is full");
      store.sessions.save(aSession("a"));
      expect(store.sessions.all()).toHaveLength(1);
      disk.empty();
      home.now += FIRST_RETRY_MS;
      store.sessions.save(aSession("b"));
      expect(store.problem).toBeNull();
      expect(home.reopen(store).sessions.all()).toHaveLength(2);
    });

    test("a daemon after one that was killed meanwhile knows that it missed something", async () => {
      const killed = home.open();
      expect(killed.isBehind).toBe(false);
      const before = killed.events.append(anEvent("a"));
      disk.fill();
      saveUntilTrouble(killed);
      for (let count = 0; count < 10; count += 1) killed.events.append(anEvent("a"));
      const told = killed.events.last;
      // As a kill leaves it: without a last attempt to go back.
      const folder = `${disk.folder}/copy`;
      disk.empty();
      mkdirSync(folder);
      for (const name of home.files().filter((file) => file.startsWith("korun.db"))) {
        copyFileSync(join(disk.folder, name), join(folder, name));
      }
      const next = new Home(folder);
      const store = next.open();
      expect([store.isBehind, store.isComplete]).toEqual([true, false]);
      // What was told of and not kept has taken its numbers.
      expect(store.events.append(anEvent("a"))).toBeGreaterThan(told);
      expect(store.events.since(1, 10).events.map(({ seq }) => seq)).toContain(before);
      store.caughtUp();
      expect(next.reopen(store).isBehind).toBe(false);
      await next.close();
    });

    test("the state of a daemon that was killed is known", async () => {
      await leaveKilled(["a", "b"]);
      disk.fill();
      const store = home.open();
      expect(store.sessions.all().map(({ id }) => id)).toEqual(["a", "b"]);
      const ids = saveUntilTrouble(store);
      expect(store.sessions.all().map(({ id }) => id)).toEqual(["a", "b", ...ids]);
      disk.empty();
      expect(home.reopen(store).sessions.all()).toHaveLength(2 + ids.length);
    });
  });

  describe("on a read-only disk", () => {
    test("the state of a daemon that was killed is known, and nothing touched", async () => {
      await leaveKilled(["a", "b"]);
      const before = bytesOfAll();
      expect(Object.keys(before)).toEqual(["korun.db", "korun.db-wal"]);
      disk.setReadOnly(true);
      const store = home.open();
      expect(store.problem).toContain("its file system is read-only");
      expect(store.problem).not.toContain("not known");
      expect(store.isComplete).toBe(true);
      expect(store.sessions.all().map(({ id }) => id)).toEqual(["a", "b"]);
      store.sessions.save(aSession("c"));
      store.sessions.remove("a");
      home.now += FIRST_RETRY_MS;
      expect(store.sessions.all().map(({ id }) => id)).toEqual(["b", "c"]);
      expect(bytesOfAll()).toEqual(before);

      disk.setReadOnly(false);
      home.now += 10 * FIRST_RETRY_MS;
      store.events.append(anEvent("b"));
      expect(store.problem).toBeNull();
      const next = home.reopen(store);
      expect(next.sessions.all().map(({ id }) => id)).toEqual(["b", "c"]);
      expect(next.events.last).toBe(1);
    });

    test("a new korun starts", () => {
      disk.setReadOnly(true);
      const store = home.open();
      store.sessions.save(aSession("a"));
      expect(store.sessions.all()).toHaveLength(1);
      expect(store.problem).toContain("read-only");
      expect(store.problem).not.toContain("not known");
      store.close();
      expect(home.files()).toEqual([]);
      disk.setReadOnly(false);
    });

    test("the state of a daemon that ended well is known", () => {
      const before = home.open();
      before.sessions.save(aSession("a"));
      for (let count = 0; count < 3; count += 1) before.events.append(anEvent("gone"));
      before.sessions.remove("gone");
      before.close();
      expect(home.files()).toEqual(["korun.db"]);
      disk.setReadOnly(true);
      const store = home.open();
      expect(store.problem).toContain("its file system is read-only");
      expect(store.sessions.all()).toStrictEqual([aSession("a")]);
      expect(store.events.append(anEvent("a"))).toBe(4);
      disk.setReadOnly(false);
    });

    test("the state of a newer korun is refused", async () => {
      home.open().close();
      await spawnSqlite(home.path, "PRAGMA user_version = 7").ended();
      disk.setReadOnly(true);
      expect(() => home.open()).toThrow("schema 7");
      disk.setReadOnly(false);
    });

    test("a damaged file is left where it is until it can be set aside", async () => {
      home.open().close();
      await Bun.write(home.path, "no database at all ".repeat(1_000));
      disk.setReadOnly(true);
      const store = home.open();
      expect(store.problem).toContain("What it holds is not known either");
      store.sessions.save(aSession("a"));
      disk.setReadOnly(false);
      home.now += FIRST_RETRY_MS;
      store.sessions.save(aSession("b"));
      expect(store.problem).toContain("was damaged");
      expect(home.files().filter((name) => name.includes(".corrupt-"))).toHaveLength(1);
      expect(home.reopen(store).sessions.all()).toHaveLength(2);
    });

    test("a file that could not be read keeps its rows when it can be written again", async () => {
      const store = home.open();
      for (const id of ["old", "both", "gone"]) store.sessions.save(aSession(id));
      for (let count = 0; count < 5; count += 1) store.events.append(anEvent("gone"));
      store.sessions.remove("gone");
      store.close();
      // A change that was under way, to be undone before anything can be read.
      await killWhenReady(
        spawnSqlite(
          home.path,
          `PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN IMMEDIATE;
           UPDATE sessions SET boot_id = hex(zeroblob(20000))`,
          { stay: true },
        ),
      );
      expect(home.files()).toContain("korun.db-journal");
      disk.setReadOnly(true);
      const blind = home.open();
      expect(blind.problem).toContain("What it holds is not known either");
      expect(blind.isComplete).toBe(false);
      expect(blind.sessions.all()).toEqual([]);
      // Found again by its processes, of which less is known.
      const spec = { ...SPEC, restart: NEVER_RESTART };
      blind.sessions.save(aSession("both", { spec, updatedAt: T0 + 99 }));
      blind.sessions.save(aSession("new"));
      expect(blind.events.append(anEvent("new"))).toBe(1);
      disk.setReadOnly(false);
      home.now += FIRST_RETRY_MS;
      expect(blind.events.append(anEvent("new"))).toBe(2);
      expect(blind.problem).toBeNull();
      const next = home.reopen(blind);
      const found = next.sessions.all();
      expect(found.map(({ id }) => id).sort()).toEqual(["both", "new", "old"]);
      expect(found.find(({ id }) => id === "both")).toMatchObject({
        spec: SPEC,
        updatedAt: T0 + 99,
      });
      expect(next.events.append(anEvent("new"))).toBe(6);
    });
  });
});

/** Saves new sessions until one no longer fits; returns their ids. */
function saveUntilTrouble(store: Store): string[] {
  const ids: string[] = [];
  while (store.problem === null && ids.length < 500) {
    const id = `more-${String(ids.length).padStart(3, "0")}`;
    store.sessions.save(aSession(id));
    ids.push(id);
  }
  expect(store.problem).not.toBeNull();
  return ids;
}

/** Leaves what a daemon leaves that saved sessions and was killed. */
async function leaveKilled(ids: readonly string[]): Promise<void> {
  const file = (name: string) => JSON.stringify(new URL(name, import.meta.url).pathname);
  await killWhenReady(
    spawnBun(`
      const { Store } = await import(${file("../../src/store/store.ts")});
      const { aSession } = await import(${file("./samples.ts")});
      const store = Store.open(${JSON.stringify(home.path)}, { report() {} });
      for (const id of ${JSON.stringify(ids)}) store.sessions.save(aSession(id));
      console.log("ready");
      setInterval(() => store, 1_000);`),
  );
}

function bytesOfAll(): Record<string, string> {
  const names = readdirSync(home.folder).sort();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(home.folder, name), "base64")]),
  );
}
