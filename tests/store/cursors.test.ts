import { afterEach, beforeEach, expect, test } from "bun:test";
import { STORE_LIMITS } from "../../src/store/store.ts";
import { Home } from "./house.ts";
import { aSession } from "./samples.ts";

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.close());

test("cursors come back where they were moved last, each session's and each reader's own", () => {
  const store = home.open();
  store.cursors.move("a", { name: "default", seq: 5 });
  store.cursors.move("a", { name: "default", seq: 9 });
  store.cursors.move("a", { name: "agent", seq: 2 });
  store.cursors.move("b", { name: "default", seq: 1 });
  const { cursors } = home.reopen(store);
  const found = [
    cursors.find("a", "default"),
    cursors.find("a", "agent"),
    cursors.find("b", "default"),
  ];
  expect(found).toEqual([9, 2, 1]);
  expect(cursors.find("b", "agent")).toBeUndefined();
});

test("cursors go with their session", () => {
  const store = home.open();
  for (const id of ["a", "b"]) {
    store.sessions.save(aSession(id));
    store.cursors.move(id, { name: "default", seq: 5 });
  }
  store.sessions.remove("a");
  expect(store.cursors.find("a", "default")).toBeUndefined();
  expect(store.cursors.find("b", "default")).toBe(5);
});

test("of too many cursors of one session, those that moved last are kept", () => {
  const store = home.open({ limits: { ...STORE_LIMITS, cursorsPerSession: 3 } });
  store.cursors.move("other", { name: "0", seq: 1 });
  for (let name = 1; name <= 5; name += 1) {
    store.cursors.move("a", { name: `reader-${name}`, seq: name });
  }
  const names = [1, 2, 3, 4, 5].filter((name) => store.cursors.find("a", `reader-${name}`));
  expect(names).toEqual([3, 4, 5]);
  expect(store.cursors.find("other", "0")).toBe(1);
});
