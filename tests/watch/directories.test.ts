import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { waitFor } from "../support/wait.ts";
import { NOTHING, Project } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

test("a file written into directories made in the same burst is created", async () => {
  await project.watch();
  for (let round = 0; round < 20; round += 1) {
    project.write(`made-${round}/b/c/file.ts`);
    await project.changed(`created made-${round}/b/c/file.ts`);
  }
});

test("directories made later are watched at any depth", async () => {
  await project.watch();
  mkdirSync(project.at("a/b/c/d"), { recursive: true });
  expect(await project.before()).toEqual(NOTHING);
  project.write("a/b/c/d/file.ts", "one");
  await project.changed("created a/b/c/d/file.ts");
  project.write("a/b/c/d/file.ts", "two");
  await project.changed("modified a/b/c/d/file.ts");
});

test("a directory moved in brings its files, and moved away takes them", async () => {
  project.write("src/main.ts");
  const elsewhere = new Project();
  try {
    elsewhere.write("lib/deep/a.ts");
    elsewhere.write("lib/b.ts");
    await project.watch({ watch: ["src"] });
    renameSync(elsewhere.at("lib"), project.at("src/lib"));
    await project.changed("created src/lib/deep/a.ts");
    await project.changed("created src/lib/b.ts");
    project.write("src/lib/deep/a.ts", "changed");
    await project.changed("modified src/lib/deep/a.ts");
    renameSync(project.at("src/lib"), elsewhere.at("back"));
    await project.changed("deleted src/lib/deep/a.ts");
    elsewhere.write("back/deep/a.ts", "unseen");
    expect((await project.before("src")).changes.toSorted()).toEqual([
      "created src/lib/b.ts",
      "created src/lib/deep/a.ts",
      "deleted src/lib/b.ts",
      "deleted src/lib/deep/a.ts",
      "modified src/lib/deep/a.ts",
    ]);
  } finally {
    elsewhere.close();
  }
});

test("a directory swapped for another is compared file by file", async () => {
  project.write("site/same/a", "a");
  project.write("site/b", "old");
  project.write("site/gone", "gone");
  project.write("next/same/a", "a");
  project.write("next/b", "new");
  project.write("next/come", "come");
  await project.watch({ watch: ["site"] });
  renameSync(project.at("site"), project.at("previous"));
  renameSync(project.at("next"), project.at("site"));
  await project.changed("deleted site/gone");
  await project.changed("created site/come");
  expect((await project.before("site")).changes.toSorted()).toEqual([
    "created site/come",
    "deleted site/gone",
    "modified site/b",
  ]);
  project.write("previous/b", "unseen");
  project.write("site/same/a", "seen");
  await project.changed("modified site/same/a");
  expect(project.changes).toEqual(["modified site/same/a"]);
});

test("a watched directory removed and made again goes on being watched", async () => {
  project.write("src/main.ts", "one");
  await project.watch({ watch: ["src"] });
  for (let round = 0; round < 10; round += 1) {
    rmSync(project.at("src"), { recursive: true });
    await project.changed("deleted src/main.ts");
    project.write("src/main.ts", `round ${round}`);
    await project.changed("created src/main.ts");
    project.write("src/main.ts", `round ${round} again`);
    await project.changed("modified src/main.ts");
    project.forget();
  }
});

test("a directory removed and made again at once is no change if its files are the same", async () => {
  project.write("src/deep/main.ts", "one");
  await project.watch({ watch: ["src"] });
  for (let round = 0; round < 10; round += 1) {
    rmSync(project.at("src"), { recursive: true });
    project.write("src/deep/main.ts", "one");
  }
  expect(await project.before("src/deep")).toEqual(NOTHING);
});

test("a root far below a directory that is removed is watched again when it returns", async () => {
  project.write("packages/app/src/main.ts", "one");
  await project.watch({ watch: ["packages/app/src"] });
  rmSync(project.at("packages"), { recursive: true });
  await project.changed("deleted packages/app/src/main.ts");
  mkdirSync(project.at("packages"));
  project.write("packages/other/file");
  project.write("packages/app/src/main.ts", "two");
  await project.changed("created packages/app/src/main.ts");
  expect(project.changes).toEqual([
    "deleted packages/app/src/main.ts",
    "created packages/app/src/main.ts",
  ]);
});

test("a root whose parent is renamed and made again is watched again", async () => {
  project.write("packages/app/src/main.ts", "one");
  await project.watch({ watch: ["packages/app/src"] });
  renameSync(project.at("packages"), project.at("old"));
  await project.changed("deleted packages/app/src/main.ts");
  project.write("packages/app/src/main.ts", "two");
  await project.changed("created packages/app/src/main.ts");
  project.write("old/app/src/main.ts", "unseen");
  expect(await project.before("packages/app/src")).toMatchObject({
    changes: ["deleted packages/app/src/main.ts", "created packages/app/src/main.ts"],
  });
});

test("the working directory itself removed and made again is watched again", async () => {
  project.write("app/main.ts", "one");
  await project.watch({ cwd: project.at("app") });
  for (let round = 0; round < 5; round += 1) {
    rmSync(project.at("app"), { recursive: true });
    await project.changed("deleted main.ts");
    project.write("app/main.ts", "two");
    await project.changed("created main.ts");
    project.forget();
  }
});

test("a single file whose directory is removed is watched again when it returns", async () => {
  project.write("conf/deep/app.json", "one");
  await project.watch({ watch: ["conf/deep/app.json"] });
  rmSync(project.at("conf"), { recursive: true });
  await project.changed("deleted conf/deep/app.json");
  project.write("conf/deep/app.json", "two");
  await project.changed("created conf/deep/app.json");
});

test("two watchers of one directory both go on after it was made again", async () => {
  const second = new Project();
  try {
    project.write("src/main.ts", "one");
    await project.watch({ watch: ["src"] });
    rmSync(project.at("src"), { recursive: true });
    project.write("src/main.ts", "two");
    // The second joins while the first may not have heard yet that its directory is gone.
    await second.watch({ cwd: project.root, watch: ["src"] });
    project.write("src/main.ts", "three");
    await project.changed("modified src/main.ts");
    await second.changed("modified src/main.ts");
  } finally {
    second.close();
  }
});

test("two watchers below a renamed directory both go on in the one made in its place", async () => {
  const second = new Project();
  try {
    project.write("packages/app/src/main.ts", "one");
    await project.watch({ watch: ["packages/app/src"] });
    await second.watch({ cwd: project.root, watch: ["packages/app/src"] });
    for (let round = 0; round < 5; round += 1) {
      renameSync(project.at("packages"), project.at(`old-${round}`));
      project.write("packages/app/src/main.ts", `round ${round}`);
      await project.changed("modified packages/app/src/main.ts");
      await second.changed("modified packages/app/src/main.ts");
      project.forget();
      second.forget();
      project.write("packages/app/src/main.ts", `round ${round} again`);
      await project.changed("modified packages/app/src/main.ts");
      await second.changed("modified packages/app/src/main.ts");
      project.forget();
      second.forget();
    }
  } finally {
    second.close();
  }
});

test("closing one watcher leaves another on the same directory at work", async () => {
  project.write("main.ts", "one");
  const first = await project.watch();
  await project.watch();
  first.close();
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
});

test("a file named like its directory is an ordinary file", async () => {
  project.write("korun/korun", "one");
  await project.watch({ watch: ["korun"] });
  for (let round = 0; round < 5; round += 1) {
    project.write("korun/korun.tmp", `round ${round}`);
    renameSync(project.at("korun/korun.tmp"), project.at("korun/korun"));
    await project.changed("modified korun/korun");
    expect(await project.before("korun")).toMatchObject({ changes: ["modified korun/korun"] });
  }
});

test("a file that becomes a directory, and a directory that becomes a file, are both seen", async () => {
  project.write("thing", "file");
  await project.watch();
  rmSync(project.at("thing"));
  project.write("thing/inner");
  await project.changed("created thing/inner");
  rmSync(project.at("thing"), { recursive: true });
  project.write("thing", "file again");
  await project.changed("created thing");
  expect(project.changes.toSorted()).toEqual([
    "created thing",
    "created thing/inner",
    "deleted thing",
    "deleted thing/inner",
  ]);
});

test("a root given as a symlink to a directory is followed, and its new target too", async () => {
  project.write("v1/main.ts", "one");
  project.write("v2/main.ts", "two");
  symlinkSync("v1", project.at("current"));
  await project.watch({ watch: ["current"] });
  project.write("v1/main.ts", "one more");
  await project.changed("modified current/main.ts");
  project.forget();
  symlinkSync("v2", project.at("next"));
  renameSync(project.at("next"), project.at("current"));
  await project.changed("modified current/main.ts");
  project.forget();
  project.write("v1/main.ts", "unseen");
  project.write("v2/main.ts", "seen");
  await project.changed("modified current/main.ts");
  expect(project.changes).toEqual(["modified current/main.ts"]);
});

test("closing frees every watch", async () => {
  for (let index = 0; index < 50; index += 1) project.write(`d${index}/file`);
  const before = await inotifyWatches();
  const watcher = await project.watch();
  expect(watcher.status().directories).toBe(51);
  expect(await inotifyWatches()).toBe(before + 51);
  watcher.close();
  await waitFor("the watches to be gone", async () => (await inotifyWatches()) === before);
});

async function inotifyWatches(): Promise<number> {
  const script = "cat /proc/$PPID/fdinfo/* 2>/dev/null | grep -c '^inotify'; true";
  const child = Bun.spawn(["sh", "-c", script], { stdout: "pipe" });
  return Number(await new Response(child.stdout).text());
}
