import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, renameSync, statSync, unlinkSync } from "node:fs";
import { waitFor } from "../support/wait.ts";
import { NOTHING, Project } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

test("what version control and packages keep for themselves is no change", async () => {
  mkdirSync(project.at(".git"));
  mkdirSync(project.at("node_modules/left-pad"), { recursive: true });
  const watcher = await project.watch();
  expect(watcher.status().directories).toBe(1);
  project.write(".git/index", "new");
  project.write("node_modules/left-pad/index.js", "new");
  project.write(".hg/store", "new");
  project.write("packages/a/node_modules/x/index.js", "new");
  expect(await project.before()).toEqual(NOTHING);
});

test("editors' swap, backup and temporary files are no change", async () => {
  await project.watch();
  const names = [
    ...[".main.ts.swp", ".main.ts.swo", "main.ts.swp", "4913", "main.ts~", ".main.ts.un~"],
    ...[".#main.ts", "#main.ts#", ".DS_Store", "main.ts___jb_tmp___", "main.ts___jb_old___"],
    ...[".subl3f2.tmp", ".goutputstream-AB12", ".~lock.doc.odt#", "__pycache__/m.cpython.pyc"],
  ];
  for (const name of names) project.write(name, "new");
  expect(await project.before()).toEqual(NOTHING);
});

test("what a .gitignore names is neither watched nor counted", async () => {
  project.write(".gitignore", "dist/\n*.log\n/only-here\n# a comment\n!keep.log\n");
  project.write("dist/deep/out.js");
  const watcher = await project.watch();
  expect(watcher.status().directories).toBe(1);
  project.write("dist/deep/out.js", "new");
  project.write("dist/other.js", "new");
  project.write("a.log", "new");
  project.write("src/b.log", "new");
  project.write("only-here/x", "new");
  expect(await project.before()).toEqual(NOTHING);
  project.write("keep.log", "new");
  await project.changed("created keep.log");
  project.write("src/only-here/x", "new");
  await project.changed("created src/only-here/x");
});

test("a nested .gitignore adds to those above it and makes exceptions from them", async () => {
  project.write(".gitignore", "build\n*.gen.ts\n");
  project.write("app/[id]/.gitignore", "!build\n!wanted.gen.ts\n/local\n");
  await project.watch();
  project.write("build/x", "new");
  project.write("app/build/x", "new");
  project.write("app/[id]/other.gen.ts", "new");
  project.write("app/[id]/local", "new");
  expect(await project.before()).toEqual(NOTHING);
  project.write("app/[id]/build/x", "new");
  await project.changed("created app/[id]/build/x");
  project.write("app/[id]/wanted.gen.ts", "new");
  await project.changed("created app/[id]/wanted.gen.ts");
  project.write("app/[id]/deep/local", "new");
  await project.changed("created app/[id]/deep/local");
});

test("rules of the repository hold in a watched directory below its top", async () => {
  Bun.spawnSync(["git", "init", "-q", project.root]);
  project.write(".gitignore", "dist\npackages/app/tmp\n");
  project.write(".git/info/exclude", "*.secret\n");
  project.write("packages/app/src/main.ts");
  await project.watch({ cwd: project.at("packages/app") });
  project.write("packages/app/dist/x", "new");
  project.write("packages/app/tmp/x", "new");
  project.write("packages/app/a.secret", "new");
  project.write("packages/app/sentinel-1");
  await project.changed("created sentinel-1");
  expect(project.changes).toEqual(["created sentinel-1"]);
});

test("a repository within another has its own rules", async () => {
  Bun.spawnSync(["git", "init", "-q", project.root]);
  project.write(".gitignore", "*.out\n");
  Bun.spawnSync(["git", "init", "-q", project.at("vendor/lib")]);
  project.write("vendor/lib/.gitignore", "*.tmp\n");
  await project.watch();
  project.write("a.out", "new");
  project.write("vendor/lib/a.tmp", "new");
  expect(await project.before()).toEqual(NOTHING);
  project.write("vendor/lib/a.out", "new");
  await project.changed("created vendor/lib/a.out");
});

test("a .gitignore that changes is read again, and what it uncovers is not created", async () => {
  project.write(".gitignore", "dist\n");
  project.write("dist/deep/old.js", "old");
  project.write("logs/old.log", "old");
  const watcher = await project.watch();
  expect(watcher.status().directories).toBe(2);
  project.write(".gitignore", "logs\n");
  await project.changed("modified .gitignore");
  await waitFor("dist to be watched instead of logs", () => watcher.status().directories === 3);
  project.forget();
  project.write("logs/new.log", "new");
  project.write("logs/old.log", "new");
  expect(await project.before()).toEqual(NOTHING);
  project.write("dist/deep/old.js", "new");
  await project.changed("modified dist/deep/old.js");
  unlinkSync(project.at(".gitignore"));
  await waitFor("logs to be watched again", () => watcher.status().directories === 4);
  project.forget();
  project.write("logs/new.log", "newer");
  await project.changed("modified logs/new.log");
  expect(project.changes).not.toContain("created logs/old.log");
});

test("files that come in the same burst as a new .gitignore count, but for what it names", async () => {
  project.write("src/a", "one");
  await project.watch();
  project.write(".gitignore", "out\n");
  project.write("src/a", "two");
  project.write("src/b", "new");
  project.write("out/c", "new");
  await project.changed("created src/b");
  const { changes } = await project.before();
  expect(changes.toSorted()).toEqual(["created .gitignore", "created src/b", "modified src/a"]);
});

test("a path given to watch is never ignored itself, nor are all of its files", async () => {
  Bun.spawnSync(["git", "init", "-q", project.root]);
  project.write(".gitignore", "dist\n/cache/*\n*.tmp\n");
  project.write("dist/app.js", "one");
  project.write("dist/other.js", "one");
  project.write("node_modules/foo/lib/index.js", "one");
  project.write("node_modules/bar/index.js", "one");
  project.write("cache/entry", "one");
  project.write("file.tmp", "one");
  const watch = [".", "dist/app.js", "node_modules/foo", "cache", "file.tmp"];
  await project.watch({ watch, ignore: ["app.js"] });
  project.write("dist/other.js", "two");
  project.write("node_modules/bar/index.js", "two");
  expect(await project.before()).toEqual(NOTHING);
  for (const path of ["dist/app.js", "node_modules/foo/lib/index.js", "cache/entry", "file.tmp"]) {
    project.write(path, "two");
    await project.changed(`modified ${path}`);
  }
});

test("a watched directory that git ignores is seen whole", async () => {
  Bun.spawnSync(["git", "init", "-q", project.root]);
  project.write(".gitignore", "dist\n");
  project.write("dist/deep/app.js", "one");
  await project.watch({ watch: ["dist"] });
  project.write("dist/deep/app.js", "two");
  await project.changed("modified dist/deep/app.js");
});

test("a .gitignore that allows only some things allows only those", async () => {
  project.write(".gitignore", "/*\n!/src\n!/.gitignore\n");
  project.write("src/main.ts", "one");
  await project.watch();
  project.write("elsewhere/x", "new");
  project.write("x", "new");
  expect(await project.before("src")).toEqual(NOTHING);
});

test("ignore globs mean names at any depth, or paths from cwd or the watched root", async () => {
  project.write("src/keep/main.ts");
  const ignore = ["*.log", "dist", "src/generated", "lib/**/*.snap", "./docs/", "fixtures/*.json"];
  const watcher = await project.watch({ ignore: [...ignore, project.at("private")] });
  for (const path of [
    ...["a.log", "src/deep/b.log", "dist/x", "src/dist/deep/x", "src/generated/deep/x"],
    ...["lib/a/b.snap", "docs/index.md", "fixtures/a.json", "private/x"],
  ]) {
    project.write(path, "new");
  }
  expect(await project.before()).toEqual(NOTHING);
  for (const path of ["lib/a/b.ts", "fixtures/a.yaml", "src/docs/x", "src/private"]) {
    project.write(path, "new");
    await project.changed(`created ${path}`);
  }
  watcher.close();
  await project.watch({ watch: ["src"], ignore: ["keep/**"] });
  project.forget();
  project.write("src/keep/main.ts", "new");
  expect(await project.before("src")).toEqual(NOTHING);
});

test("an ignore glob that is a literal path ignores just that", async () => {
  project.write("app/[id]/page.ts", "one");
  project.write("app/i/page.ts", "one");
  await project.watch({ ignore: ["app/[id]/page.ts"] });
  project.write("app/[id]/page.ts", "two");
  expect(await project.before()).toEqual(NOTHING);
});

test("an exception among the ignore globs is refused, naming it", async () => {
  const started = project.watch({ ignore: ["ok", "!src"] });
  expect(started).rejects.toMatchObject({ code: "bad_request", field: "ignore[1]" });
  await started.catch(() => {});
});

test("an excluded directory is not looked into unless it was asked for", async () => {
  project.write("state/ring", "one");
  project.write("state/deep/x", "one");
  const exclude = [project.at("state")];
  const watcher = await project.watch({ exclude });
  expect(watcher.status().directories).toBe(1);
  project.write("state/ring", "two");
  expect(await project.before()).toEqual(NOTHING);
  await project.watch({ watch: ["state/deep"], exclude });
  project.write("state/deep/x", "two");
  await project.changed("modified state/deep/x");
});

test("thirty thousand directories under node_modules cost no watch and are not read", async () => {
  // Made and removed in memory where there is some: on a busy disk they take a minute.
  const large = new Project(existsSync("/dev/shm") ? "/dev/shm" : undefined);
  try {
    large.write("src/main.ts");
    for (let outer = 0; outer < 30; outer += 1) {
      for (let inner = 0; inner < 1000; inner += 1) {
        mkdirSync(large.at(`node_modules/p${outer}/d${inner}`), { recursive: true });
      }
    }
    const readBefore = statSync(large.at("node_modules")).atimeMs;
    const watcher = await large.watch();
    expect(watcher.status().directories).toBe(2);
    expect(statSync(large.at("node_modules")).atimeMs).toBe(readBefore);
    renameSync(large.at("node_modules/p1"), large.at("node_modules/p1-renamed"));
    expect(await large.before()).toEqual(NOTHING);
    expect(watcher.status().directories).toBe(2);
  } finally {
    large.close();
  }
});
