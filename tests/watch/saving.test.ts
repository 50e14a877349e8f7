import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { waitFor } from "../support/wait.ts";
import { NOTHING, Project, silentWatches } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

test("a save is one change and triggers", async () => {
  project.write("src/main.ts", "one");
  await project.watch();
  project.write("src/main.ts", "two");
  await project.changed("modified src/main.ts");
  expect(await project.before()).toEqual({
    changes: ["modified src/main.ts"],
    triggers: ["modified src/main.ts"],
  });
});

test("a save right after the watcher has started is seen", async () => {
  for (let round = 0; round < 20; round += 1) {
    project.write("main.ts", `before ${round}`);
    const watcher = await project.watch();
    project.write("main.ts", `after ${round}`);
    await project.changed("modified main.ts");
    watcher.close();
    project.forget();
  }
});

test("a new file is created, a removed one deleted", async () => {
  project.write("old.ts");
  await project.watch();
  project.write("new.ts");
  await project.changed("created new.ts");
  unlinkSync(project.at("old.ts"));
  await project.changed("deleted old.ts");
  expect(await project.before()).toMatchObject({ changes: ["created new.ts", "deleted old.ts"] });
});

test("touch, chmod and a save that changes nothing are no change", async () => {
  project.write("main.ts", "same");
  await project.watch();
  utimesSync(project.at("main.ts"), new Date(), new Date());
  expect(await project.before()).toEqual(NOTHING);
  chmodSync(project.at("main.ts"), 0o755);
  expect(await project.before()).toEqual(NOTHING);
  project.write("main.ts", "same");
  expect(await project.before()).toEqual(NOTHING);
});

test("an atomic save of the same content is no change", async () => {
  project.write("main.ts", "same");
  await project.watch();
  project.write("main.ts.tmp", "same");
  renameSync(project.at("main.ts.tmp"), project.at("main.ts"));
  expect(await project.before()).toEqual(NOTHING);
});

test("an atomic save is one modification of the target", async () => {
  project.write("main.ts", "one");
  await project.watch();
  for (let round = 0; round < 20; round += 1) {
    project.write("main.ts.tmp", `round ${round}`);
    renameSync(project.at("main.ts.tmp"), project.at("main.ts"));
    await project.changed("modified main.ts");
    const { changes } = await project.before();
    expect(changes).toEqual(["modified main.ts"]);
  }
});

test("a save by vim, with its probe, its backup and its swap file, is one modification", async () => {
  project.write("main.ts", "one");
  await project.watch();
  project.write(".main.ts.swp", "swap");
  project.write("4913", "");
  unlinkSync(project.at("4913"));
  renameSync(project.at("main.ts"), project.at("main.ts~"));
  const file = openSync(project.at("main.ts"), "w");
  writeSync(file, "two");
  fsyncSync(file);
  closeSync(file);
  unlinkSync(project.at("main.ts~"));
  unlinkSync(project.at(".main.ts.swp"));
  await project.changed("modified main.ts");
  expect(await project.before()).toMatchObject({ changes: ["modified main.ts"] });
});

test("a save that unlinks and writes anew is one modification, or none if nothing changed", async () => {
  project.write("main.ts", "one");
  await project.watch();
  unlinkSync(project.at("main.ts"));
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
  expect(await project.before()).toMatchObject({ changes: ["modified main.ts"] });
  unlinkSync(project.at("main.ts"));
  project.write("main.ts", "two");
  expect(await project.before()).toEqual(NOTHING);
});

test("a save that empties the file first is one modification", async () => {
  project.write("main.ts", "one");
  const { watches, tell } = silentWatches();
  await project.watch({ watches });
  truncateSync(project.at("main.ts"), 0);
  tell("main.ts");
  appendFileSync(project.at("main.ts"), "two");
  tell("main.ts");
  await project.changed("modified main.ts");
  project.write("sentinel");
  tell("sentinel");
  await project.changed("created sentinel");
  expect(project.changes).toEqual(["modified main.ts", "created sentinel"]);
});

test("a file that is emptied is modified", async () => {
  project.write("main.ts", "one");
  await project.watch();
  truncateSync(project.at("main.ts"), 0);
  await project.changed("modified main.ts");
});

test("the last of many quick writes is never missed", async () => {
  project.write("main.ts", "0");
  await project.watch();
  for (let round = 1; round <= 30; round += 1) {
    // A second write within a few milliseconds has no event of its own.
    project.write("main.ts", `${round}a`);
    await waitFor("the first write", () => project.changes.length > 0);
    project.forget();
    project.write("main.ts", `${round}b`);
    await waitFor(`the last write of round ${round}`, () => project.changes.length > 0);
    expect(await project.before()).toMatchObject({ changes: ["modified main.ts"] });
  }
});

test("one character changed in a file of the same size within the same tick is seen", async () => {
  project.write("main.ts", "a");
  await project.watch();
  for (const letter of "bcdefghijk") {
    writeFileSync(project.at("main.ts"), letter);
    await project.changed("modified main.ts");
    project.forget();
  }
});

test("a large file goes by size and time: its change counts", async () => {
  const content = "x".repeat(5 * 1_048_576);
  project.write("large.bin", content);
  await project.watch();
  project.write("large.bin", `${content}y`);
  await project.changed("modified large.bin");
  await project.before();
  chmodSync(project.at("large.bin"), 0o600);
  expect(await project.before()).toEqual(NOTHING);
});

test("a single file is watched through every atomic save, and nothing beside it", async () => {
  project.write("config/app.json", "0");
  project.write("config/other.json", "0");
  await project.watch({ watch: ["config/app.json"] });
  for (let round = 1; round <= 5; round += 1) {
    project.write("config/other.json", `${round}`);
    project.write("config/app.json.tmp", `${round}`);
    renameSync(project.at("config/app.json.tmp"), project.at("config/app.json"));
    await project.changed("modified config/app.json");
    expect(project.changes).toEqual(["modified config/app.json"]);
    project.forget();
  }
  unlinkSync(project.at("config/app.json"));
  await project.changed("deleted config/app.json");
  project.write("config/app.json", "again");
  await project.changed("created config/app.json");
  expect(project.changes).toEqual(["deleted config/app.json", "created config/app.json"]);
});

test("a symlinked file changes with its target, wherever that lies", async () => {
  project.write("shared/.env", "A=1");
  project.write("app/main.ts");
  symlinkSync("../shared/.env", project.at("app/.env"));
  await project.watch({ watch: ["app"] });
  project.write("shared/.env", "A=2");
  await project.changed("modified app/.env");
  project.write("shared/.env.tmp", "A=3");
  renameSync(project.at("shared/.env.tmp"), project.at("shared/.env"));
  expect(await project.before("app")).toMatchObject({
    changes: ["modified app/.env", "modified app/.env"],
  });
});

test("a symlinked file is seen again when its target returns", async () => {
  project.write("shared/.env", "A=1");
  project.write("app/main.ts");
  symlinkSync("../shared/.env", project.at("app/.env"));
  await project.watch({ watch: ["app"] });
  unlinkSync(project.at("shared/.env"));
  await project.changed("deleted app/.env");
  project.write("shared/.env", "A=2");
  await project.changed("created app/.env");
  project.write("shared/.env", "A=3");
  await project.changed("modified app/.env");
});

test("a symlink pointed elsewhere is a modification if the content differs", async () => {
  project.write("v1/f", "one");
  project.write("v2/f", "two");
  project.write("v3/f", "two");
  symlinkSync("../v1/f", project.at("v1/current"));
  await project.watch({ watch: ["v1"] });
  for (const version of ["v2", "v3"]) {
    symlinkSync(`../${version}/f`, project.at("next"));
    renameSync(project.at("next"), project.at("v1/current"));
    await project.before("v1").then(({ changes }) => project.changes.push(...changes));
  }
  expect(project.changes).toEqual(["modified v1/current"]);
});

test("a file below a swapped symlinked directory changes with it", async () => {
  project.write("conf/..1/app.yml", "one");
  project.write("conf/..2/app.yml", "two");
  symlinkSync("..1", project.at("conf/..data"));
  symlinkSync("..data/app.yml", project.at("conf/app.yml"));
  await project.watch({ watch: ["conf/app.yml"] });
  project.forget();
  symlinkSync("..2", project.at("conf/..next"));
  renameSync(project.at("conf/..next"), project.at("conf/..data"));
  await project.changed("modified conf/app.yml");
});

test("a symlinked directory is not followed", async () => {
  project.write("outside/f", "one");
  project.write("app/main.ts");
  symlinkSync("../outside", project.at("app/link"));
  const watcher = await project.watch({ watch: ["app"] });
  expect(watcher.status().directories).toBe(2);
  project.write("outside/f", "two");
  expect(await project.before("app")).toEqual(NOTHING);
});

test("a FIFO in the tree holds nothing up", async () => {
  Bun.spawnSync(["mkfifo", project.at("pipe")]);
  await project.watch();
  rmSync(project.at("pipe"));
  Bun.spawnSync(["mkfifo", project.at("pipe")]);
  expect(statSync(project.at("pipe")).isFIFO()).toBe(true);
  expect(await project.before()).toEqual(NOTHING);
});
