// Databases as released versions of korun left them: whoever has one keeps all of it.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SCHEMA_VERSION } from "../../src/store/migrations.ts";
import { STORE_LIMITS, type Store } from "../../src/store/store.ts";
import { Home } from "./house.ts";
import { anEvent, aRun, aSession } from "./samples.ts";

const fixtures = join(import.meta.dir, "../fixtures/store");
const names = readdirSync(fixtures)
  .filter((name) => name.endsWith(".db"))
  .map((name) => name.slice(0, -".db".length))
  .sort();

interface Content {
  readonly sessions: readonly { readonly id: string }[];
  readonly runs: Readonly<Record<string, readonly unknown[]>>;
  readonly events: readonly unknown[];
  /** Places by session and reader; there are none before schema 2. */
  readonly cursors?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.close());

test("every schema there ever was has its database here", () => {
  const versions = Array.from({ length: SCHEMA_VERSION }, (_, index) => `schema-${index + 1}`);
  expect(names).toEqual(versions);
});

test.each(names)("a database of %s is opened with all that is in it", (name) => {
  copyFileSync(join(fixtures, `${name}.db`), home.path);
  const expected = JSON.parse(readFileSync(join(fixtures, `${name}.json`), "utf8")) as Content;
  const store = home.open({ limits: { ...STORE_LIMITS, eventsMs: Number.MAX_SAFE_INTEGER } });
  expect(store.problem).toBeNull();
  const found = {
    sessions: store.sessions.all(),
    runs: Object.fromEntries(Object.keys(expected.runs).map((id) => [id, store.runs.of(id)])),
    events: store.events.since(1, 1_000).events,
    ...(expected.cursors === undefined ? {} : { cursors: cursorsIn(store, expected.cursors) }),
  };
  // What later versions know of besides has its default.
  expect(JSON.parse(JSON.stringify(found))).toMatchObject(expected);

  store.sessions.save(aSession("new"));
  store.runs.save("new", aRun(1));
  expect(store.events.append(anEvent("new"))).toBe(expected.events.length + 1);
  const next = home.reopen(store);
  expect(next.problem).toBeNull();
  const ids = next.sessions.all().map(({ id }) => id);
  expect(ids).toEqual([...expected.sessions.map(({ id }) => id), "new"]);
});

function cursorsIn(store: Store, wanted: NonNullable<Content["cursors"]>) {
  const found = Object.entries(wanted).map(([id, readers]) => [
    id,
    Object.fromEntries(Object.keys(readers).map((name) => [name, store.cursors.find(id, name)])),
  ]);
  return Object.fromEntries(found);
}
