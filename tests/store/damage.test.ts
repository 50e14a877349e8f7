import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Store } from "../../src/store/store.ts";
import { Home } from "./house.ts";
import { killWhenReady, spawnBun, spawnSqlite } from "./neighbour.ts";
import { anEvent, aRun, aSession } from "./samples.ts";

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.close());

const PAGE = 4_096;

/** A file of many pages, closed. */
function fill(): void {
  const store = home.open();
  store.together(() => {
    for (let index = 0; index < 30; index += 1) {
      const id = `session-${index}`;
      store.sessions.save(aSession(id));
      for (let number = 1; number <= 20; number += 1) store.runs.save(id, aRun(number));
      for (let count = 0; count < 20; count += 1) store.events.append(anEvent(id));
    }
  });
  store.close();
}

function overwrite(path: string, bytes: Uint8Array, at: number): void {
  const fd = openSync(path, "r+");
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}

function garbage(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function asideFiles(): string[] {
  return home.files().filter((name) => name.includes(".corrupt-"));
}

function expectWorking(store: Store): void {
  store.sessions.save(aSession("new"));
  store.runs.save("new", aRun(1));
  const seq = store.events.append(anEvent("new"));
  expect(store.sessions.all().map(({ id }) => id)).toContain("new");
  expect(store.runs.of("new")).toHaveLength(1);
  expect(store.events.since(seq, 1).events).toHaveLength(1);
}

describe("a damaged file is set aside, named, and replaced by a new one:", () => {
  test.each([
    ["text", () => writeFileSync(home.path, "this is no database ".repeat(1_000))],
    ["noise", () => writeFileSync(home.path, garbage(50_000))],
    ["a few bytes", () => writeFileSync(home.path, "SQLite")],
    ["cut in the middle of a page", () => truncateSync(home.path, 5 * PAGE + 123)],
    ["cut between two pages", () => truncateSync(home.path, 5 * PAGE)],
    ["cut in its header", () => truncateSync(home.path, 60)],
    ["a first page of noise", () => overwrite(home.path, garbage(PAGE), 0)],
    ["a page of noise", () => overwrite(home.path, garbage(PAGE), 6 * PAGE)],
    ["a page of zeros", () => overwrite(home.path, new Uint8Array(PAGE), 3 * PAGE)],
  ])("%s", (_, damage) => {
    fill();
    damage();
    const bytes = readFileSync(home.path);
    const store = home.open();
    const [aside = ""] = asideFiles();
    expect(asideFiles()).toEqual([expect.stringMatching(/^korun\.db\.corrupt-\d{8}T\d{6}/)]);
    expect(readFileSync(join(home.folder, aside))).toEqual(bytes);
    expect(store.problem).toContain("was damaged");
    expect(store.problem).toContain(join(home.folder, aside));
    expect(home.reports).toHaveLength(1);
    expect(store.sessions.all()).toEqual([]);
    expect(store.isComplete).toBe(false);
    expectWorking(store);
    // It was said once; the next daemon has nothing to say.
    const next = home.reopen(store);
    expect(next.problem).toBeNull();
    expect(next.isComplete).toBe(true);
    expect(next.sessions.all()).toHaveLength(1);
    expect(statSync(home.path).mode & 0o777).toBe(0o600);
  });

  test("the database of another program", async () => {
    await spawnSqlite(home.path, "CREATE TABLE sessions (name TEXT)").ended();
    const store = home.open();
    expect(store.problem).toContain("was damaged (table sessions already exists)");
    expect(asideFiles()).toHaveLength(1);
    expectWorking(store);
  });

  test("a database that says it is ours and is not", async () => {
    await spawnSqlite(home.path, "CREATE TABLE other (name TEXT); PRAGMA user_version = 1").ended();
    const store = home.open();
    expect(store.problem).toContain("its tables are not korun's");
    expect(asideFiles()).toHaveLength(1);
    expectWorking(store);
  });

  test("cut to nothing beside the journal of a daemon that was killed", async () => {
    home.open().close();
    await killWhenReady(spawnSqlite(home.path, "CREATE TABLE more (a)", { stay: true }));
    truncateSync(home.path, 0);
    const store = home.open();
    expect(store.problem).toContain("its beginning is missing");
    const suffixes = asideFiles().map((name) => name.replace(/^.*Z/, ""));
    expect(suffixes).toEqual(["", "-shm", "-wal"]);
    expectWorking(store);
  });
});

test("damaged files of one moment are all kept", () => {
  setSystemTime(new Date());
  try {
    for (let count = 0; count < 3; count += 1) {
      writeFileSync(home.path, garbage(5_000));
      home.open().close();
    }
  } finally {
    setSystemTime();
  }
  expect(asideFiles()).toHaveLength(3);
});

test("an empty file is a new one", () => {
  writeFileSync(home.path, "");
  const store = home.open();
  expect(store.problem).toBeNull();
  expectWorking(store);
});

test("whatever noise hits whichever page, there is a store that works", () => {
  fill();
  const sound = join(home.folder, "sound");
  copyFileSync(home.path, sound);
  const pages = statSync(sound).size / PAGE;
  for (let round = 0; round < 40; round += 1) {
    copyFileSync(sound, home.path);
    // Beyond the header: a version of noise is one of the future, and refused.
    const noise = new Bun.CryptoHasher("sha256").update(`noise ${round}`).digest();
    const at = 100 + (noise.readUInt32LE() % (pages * PAGE - 200));
    overwrite(home.path, noise.subarray(0, 1 + (round % 32)), at);
    let store = home.open();
    store.sessions.all();
    store.runs.of("session-3");
    store.events.since(1, 10_000);
    expectWorking(store);
    store = home.reopen(store);
    expect(store.sessions.all().map(({ id }) => id)).toContain("new");
    store.close();
    for (const name of asideFiles()) rmSync(join(home.folder, name));
  }
});

test("a journal cut short by the death of the machine costs its end, and nothing else", async () => {
  home.open().close();
  const source = JSON.stringify(new URL("../../src/store/store.ts", import.meta.url).pathname);
  const samples = JSON.stringify(new URL("./samples.ts", import.meta.url).pathname);
  await killWhenReady(
    spawnBun(`
      const { Store } = await import(${source});
      const { aSession } = await import(${samples});
      const store = Store.open(${JSON.stringify(home.path)}, { report() {} });
      for (let index = 0; index < 50; index += 1) store.sessions.save(aSession("s" + index));
      console.log("ready");
      setInterval(() => store, 1_000);`),
  );
  const journal = `${home.path}-wal`;
  truncateSync(journal, Math.floor(statSync(journal).size / 2));
  const store = home.open();
  const ids = store.sessions.all().map(({ id }) => id);
  expect(store.problem).toBeNull();
  expect(ids.length).toBeGreaterThan(10);
  expect(ids).toEqual(ids.map((_, index) => `s${index}`));
  expectWorking(store);
});

test("a row that is not what it should be is set aside alone, without a word of what it says", async () => {
  const store = home.open();
  for (const id of ["a", "b", "c"]) store.sessions.save(aSession(id));
  store.runs.save("a", aRun(1));
  store.runs.save("a", aRun(2));
  store.events.append(anEvent("a"));
  store.events.append(anEvent("a"));
  store.close();
  await spawnSqlite(
    home.path,
    `UPDATE sessions SET spec = json_set(spec, '$.inherited.env.TOKEN', 31337) WHERE id = 'a';
     UPDATE sessions SET state = '{"phase":"hidden-word' WHERE id = 'b';
     UPDATE runs SET cause = '{"kind":"hidden-word"}' WHERE number = 1;
     UPDATE events SET type = 'hidden-word' WHERE seq = 1`,
  ).ended();
  const next = home.open();
  expect(next.sessions.all().map(({ id }) => id)).toEqual(["c"]);
  expect(next.runs.of("a").map(({ number }) => number)).toEqual([2]);
  expect(next.runs.find("a", 1)).toBeUndefined();
  expect(next.events.since(1, 10)).toMatchObject({ events: [{ seq: 2 }], nextSeq: 3 });
  expect(next.problem).toContain("Session a cannot be read any more (spec.inherited.env");
  expect(next.problem).toContain("Session b cannot be read any more (state is not JSON)");
  expect(next.problem).toContain("Some runs");
  expect(next.problem).toContain("Some events");
  expect(next.problem).not.toMatch(/hidden-word|31337|s3cret/);
  const later = home.reopen(next);
  expect(later.sessions.all()).toHaveLength(1);
  expect(later.problem).toBeNull();
  expect(later.sessions.ids().sort()).toEqual(["a", "b", "c"]);
  later.sessions.remove("a");
  expect(later.sessions.ids().sort()).toEqual(["b", "c"]);
});

test("damage found while the daemon works costs what lay there, and not the rest", () => {
  const store = home.open();
  store.sessions.save(aSession("a"));
  store.runs.save("a", aRun(1));
  const draft = anEvent("a", { type: "failed", error: "x".repeat(2_000) } as never);
  store.together(() => {
    for (let count = 0; count < 3_000; count += 1) store.events.append(draft);
  });
  // Closed once, so that all of it lies in the file, and more than SQLite keeps in memory.
  const next = home.reopen(store);
  const size = statSync(home.path).size;
  overwrite(home.path, garbage(size / 4), Math.floor(size / 2));
  const { events } = next.events.since(1, 10_000);
  expect(events.length).toBeGreaterThan(100);
  expect(events.length).toBeLessThan(2_999);
  expect(next.problem).toContain("damaged");
  expect(next.sessions.all()).toHaveLength(1);
  expect(next.events.append(draft)).toBe(3_001);

  home.now += 10_000;
  next.sessions.save(aSession("b"));
  expect(asideFiles()).toHaveLength(1);
  expect(next.problem).toContain(".corrupt-");
  expect(next.problem).not.toContain("cannot be written");
  expect(next.events.append(draft)).toBe(3_002);
  const later = home.reopen(next);
  expect(later.problem).toBeNull();
  expect(later.sessions.all().map(({ id }) => id)).toEqual(["a", "b"]);
  expect(later.runs.of("a")).toHaveLength(1);
  expect(later.events.last).toBe(3_002);
});
