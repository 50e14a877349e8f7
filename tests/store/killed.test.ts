import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../support/wait.ts";
import { Home } from "./house.ts";
import { spawnBun } from "./neighbour.ts";

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.close());

/** Writes as fast as it can, and notes in a file of its own what it has been told is kept. */
function writer(first: number, record: string): string {
  const file = (name: string) => JSON.stringify(new URL(name, import.meta.url).pathname);
  return `
    const { Store } = await import(${file("../../src/store/store.ts")});
    const { aRun, aSession, anEvent } = await import(${file("./samples.ts")});
    const { openSync, writeSync } = await import("node:fs");
    const store = Store.open(${JSON.stringify(home.path)}, { report(what) { throw what } });
    const record = openSync(${JSON.stringify(record)}, "w");
    console.log("ready");
    for (let count = ${first}; ; count += 1) {
      store.together(() => {
        store.sessions.save(aSession("a", { updatedAt: count }));
        store.runs.save("a", aRun(count));
        store.events.append(anEvent("a", { run: count }));
      });
      writeSync(record, count + "\\n");
    }`;
}

function lastOf(record: string): number {
  const lines = readFileSync(record, "utf8").split("\n").slice(0, -1);
  return Number(lines.at(-1) ?? 0);
}

test("killed at any moment, what was kept is there, and nothing by halves", async () => {
  let kept = 0;
  for (let round = 0; round < 6; round += 1) {
    const record = join(home.folder, `record-${round}`);
    const before = kept;
    const child = spawnBun(writer(before + 1, record));
    await child.ready;
    await waitFor("some writes", () => lastOf(record) > before + 200 * round);
    child.kill();
    await child.ended();

    const told = lastOf(record);
    const store = home.open();
    expect(store.problem).toBeNull();
    const [session] = store.sessions.all();
    kept = session?.updatedAt ?? 0;
    // The last one may have been kept without a chance to say so.
    expect([told, told + 1]).toContain(kept);
    expect(store.runs.of("a", 1)[0]?.number).toBe(kept);
    expect(store.events.last).toBe(kept);
    expect(store.events.newest(1).events[0]).toMatchObject({ seq: kept, run: kept });
    store.close();
  }
});
