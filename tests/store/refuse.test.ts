import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../src/domain/problem.ts";
import { SCHEMA_VERSION } from "../../src/store/migrations.ts";
import { Home } from "./house.ts";
import { killWhenReady, spawnSqlite } from "./neighbour.ts";
import { aSession } from "./samples.ts";

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.close());

/** Every file with its bytes and the time it was last written. */
function everything(): unknown {
  return home.files().map((name) => {
    const path = join(home.folder, name);
    const { mtimeNs, ino } = statSync(path, { bigint: true });
    return { name, mtimeNs, ino, bytes: readFileSync(path, "base64") };
  });
}

function problemOfOpening(): Problem {
  try {
    home.open();
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error("it was opened");
}

const NEWER = `
  PRAGMA journal_mode = WAL;
  PRAGMA user_version = 7;
  CREATE TABLE later (thing TEXT);`;

test("the state of a newer korun is refused with its version and the remedy, and not touched", async () => {
  const store = home.open();
  store.sessions.save(aSession("a"));
  store.close();
  await spawnSqlite(home.path, NEWER).ended();
  expect(home.files()).toEqual(["korun.db"]);
  const before = everything();
  const problem = problemOfOpening();
  expect(problem.code).toBe("conflict");
  expect(problem.message).toBe(
    `the state is of a newer korun (schema 7; this one knows ${SCHEMA_VERSION})`,
  );
  expect(problem.hint).toContain("KORUN_HOME");
  expect(everything()).toEqual(before);
});

test("nor is it touched when that korun was killed and its journal still lies there", async () => {
  home.open().close();
  await killWhenReady(spawnSqlite(home.path, NEWER, { stay: true }));
  expect(home.files()).toContain("korun.db-wal");
  const before = everything();
  expect(problemOfOpening().message).toContain("schema 7");
  expect(everything()).toEqual(before);
});

test("a file that another program keeps locked is refused, and can be opened afterwards", async () => {
  const store = home.open();
  store.sessions.save(aSession("a"));
  store.close();
  const other = spawnSqlite(home.path, "BEGIN EXCLUSIVE", { stay: true });
  await other.ready;
  const problem = problemOfOpening();
  expect(problem.code).toBe("conflict");
  expect(problem.message).toContain("locked by another program");
  expect(problem.hint).toContain("Close");
  await killWhenReady(other);
  expect(home.open().sessions.all()).toHaveLength(1);
});

test("a program that only looks into the file keeps nobody from working with it", async () => {
  const store = home.open();
  store.sessions.save(aSession("a"));
  store.close();
  const other = spawnSqlite(home.path, "SELECT * FROM sessions", { stay: true });
  await other.ready;
  const shared = home.open();
  shared.sessions.save(aSession("b"));
  expect(shared.problem).toBeNull();
  expect(shared.sessions.all()).toHaveLength(2);
  await killWhenReady(other);
  expect(home.reopen(shared).sessions.all()).toHaveLength(2);
});

test("a program that locks the file under a daemon at work costs it nothing", async () => {
  home.open().close();
  const other = spawnSqlite(home.path, "SELECT * FROM sessions", { stay: true });
  await other.ready;
  const store = home.open();
  store.sessions.save(aSession("a"));
  const writer = spawnSqlite(home.path, "BEGIN IMMEDIATE", { stay: true });
  await writer.ready;
  store.sessions.save(aSession("b"));
  expect(store.problem).toContain("another program has locked it");
  expect(store.sessions.all()).toHaveLength(2);
  await killWhenReady(writer);
  await killWhenReady(other);
  home.now += 10_000;
  store.sessions.save(aSession("c"));
  expect(store.problem).toBeNull();
  expect(
    home
      .reopen(store)
      .sessions.all()
      .map(({ id }) => id),
  ).toEqual(["a", "b", "c"]);
});

test("a file that others could read is closed to them", () => {
  home.open().close();
  chmodSync(home.path, 0o644);
  home.open();
  expect(statSync(home.path).mode & 0o777).toBe(0o600);
});

test("a link in its place is not followed", () => {
  const elsewhere = join(home.folder, "elsewhere");
  writeFileSync(elsewhere, "");
  symlinkSync(elsewhere, home.path);
  const store = home.open();
  store.sessions.save(aSession("a"));
  expect(store.problem).toContain("cannot be written");
  expect(statSync(elsewhere).size).toBe(0);
  expect(store.sessions.all()).toHaveLength(1);
});
