import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, rmSync, unlinkSync } from "node:fs";
import { NOTHING, Project } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

test("a disarmed watcher tells nothing, and an armed one tells again", async () => {
  project.write("main.ts", "one");
  const watcher = await project.watch();
  watcher.disarm();
  expect(watcher.status().state).toBe("disarmed");
  project.write("main.ts", "two");
  watcher.arm();
  expect(watcher.status().state).toBe("armed");
  project.write("main.ts", "three");
  await project.changed("modified main.ts");
});

test("what changed while disarmed never triggers, not even if it was just now", async () => {
  for (const name of ["modified", "deleted"]) project.write(`src/${name}`, "one");
  const watcher = await project.watch();
  for (let round = 0; round < 10; round += 1) {
    watcher.disarm();
    project.write("src/modified", `round ${round}`);
    project.write(`src/created-${round}`);
    project.write(`made-${round}/deep/file`);
    rmSync(project.at("src/deleted"), { force: true });
    watcher.arm();
    expect(await project.before()).toEqual(NOTHING);
    watcher.disarm();
    project.write("src/deleted");
    watcher.arm();
    expect(await project.before()).toEqual(NOTHING);
  }
});

test("a directory made while disarmed is watched after arming", async () => {
  const watcher = await project.watch();
  watcher.disarm();
  mkdirSync(project.at("a/b"), { recursive: true });
  project.write("a/b/file", "one");
  watcher.arm();
  project.write("a/b/file", "two");
  await project.changed("modified a/b/file");
  expect(await project.before()).toEqual({
    changes: ["modified a/b/file"],
    triggers: ["modified a/b/file"],
  });
});

test("a root removed while disarmed is watched again when it returns", async () => {
  project.write("src/main.ts", "one");
  const watcher = await project.watch({ watch: ["src"] });
  watcher.disarm();
  rmSync(project.at("src"), { recursive: true });
  watcher.arm();
  project.write("src/main.ts", "two");
  await project.changed("created src/main.ts");
  expect(project.changes).toEqual(["created src/main.ts"]);
});

test("the working directory removed while disarmed is watched again when it returns", async () => {
  project.write("app/main.ts", "one");
  const watcher = await project.watch({ cwd: project.at("app") });
  watcher.disarm();
  rmSync(project.at("app"), { recursive: true });
  watcher.arm();
  project.write("app/main.ts", "two");
  await project.changed("created main.ts");
  expect(project.changes).toEqual(["created main.ts"]);
});

test("starting can be given up", async () => {
  for (let index = 0; index < 100; index += 1) project.write(`d${index}/file`);
  const controller = new AbortController();
  const started = project.watch({ signal: controller.signal });
  controller.abort(new Error("enough"));
  expect(started).rejects.toThrow("enough");
  await started.catch(() => {});
});

test("a debounce that was pending when disarmed never triggers", async () => {
  project.write("main.ts", "one");
  const watcher = await project.watch({ debounceMs: 100 });
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
  watcher.disarm();
  watcher.arm();
  expect((await project.before()).triggers).toEqual([]);
});

test("a change in a large tree right after arming is told, one long before it is not", async () => {
  for (let index = 0; index < 6000; index += 1) project.write(`src/d${index % 60}/${index}`);
  const watcher = await project.watch();
  watcher.disarm();
  for (let index = 0; index < 6000; index += 10) project.write(`src/d${index % 60}/${index}`, "x");
  unlinkSync(project.at("src/d1/1"));
  await Bun.write(project.at("src/d2/2"), "before");
  watcher.arm();
  project.write("src/d59/5999", "after");
  await project.changed("modified src/d59/5999");
  expect(project.changes).toEqual(["modified src/d59/5999"]);
});

test("nothing is told after closing", async () => {
  project.write("main.ts", "one");
  const watcher = await project.watch({ debounceMs: 50 });
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
  watcher.close();
  const other = new Project();
  try {
    await other.watch({ cwd: project.root });
    project.write("main.ts", "three");
    await other.changed("modified main.ts");
  } finally {
    other.close();
  }
  expect(project.triggers).toEqual([]);
  expect(project.changes).toEqual(["modified main.ts"]);
});
