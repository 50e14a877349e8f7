import { afterEach, beforeEach, expect, test } from "bun:test";
import { Problem } from "../../src/domain/problem.ts";
import { Project } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

async function problemOf(watch: readonly string[]): Promise<Problem> {
  try {
    await project.watch({ watch });
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error(`${watch} was accepted`);
}

test("a path that does not exist is refused, naming it", async () => {
  project.write("src/main.ts");
  const problem = await problemOf(["src", "sorce"]);
  expect(problem.code).toBe("bad_request");
  expect(problem.field).toBe("watch[1]");
  expect(problem.message).toContain('"sorce"');
  expect(problem.message).toContain(project.at("sorce"));
});

test("a glob below a directory that does not exist, or below a file, is refused", async () => {
  project.write("file");
  expect(await problemOf(["sorce/**/*.ts"])).toMatchObject({ field: "watch[0]" });
  expect((await problemOf(["sorce/**/*.ts"])).message).toContain(`${project.at("sorce")} does not`);
  expect((await problemOf(["file/*.ts"])).message).toContain("is no directory");
});

test("an exclusion given to watch is refused with a hint", async () => {
  expect((await problemOf(["!src"])).hint).toContain("ignore");
});

test("a glob watches what it matches, in directories that can hold a match", async () => {
  for (const path of ["src/a.ts", "src/deep/b.ts", "src/c.css", "other/d.ts"]) {
    project.write(path, "one");
  }
  const watcher = await project.watch({ watch: ["src/**/*.ts"] });
  expect(watcher.status().directories).toBe(3);
  for (const path of ["src/c.css", "other/d.ts", "src/a.ts", "src/deep/b.ts"]) {
    project.write(path, "two");
  }
  project.write("src/new/deeper/e.ts");
  await project.changed("created src/new/deeper/e.ts");
  expect(project.changes.toSorted()).toEqual([
    "created src/new/deeper/e.ts",
    "modified src/a.ts",
    "modified src/deep/b.ts",
  ]);
});

test("a glob without ** goes no deeper than it says", async () => {
  project.write("packages/a/src/main.ts", "one");
  project.write("packages/a/dist/deep/x", "one");
  project.write("packages/b/readme", "one");
  const watcher = await project.watch({ watch: ["packages/*/src/*.ts"] });
  // The working directory, packages, a, b and a/src.
  expect(watcher.status().directories).toBe(5);
  project.write("packages/a/dist/deep/x", "two");
  project.write("packages/a/src/deep/main.ts", "two");
  project.write("packages/a/src/main.ts", "two");
  project.write("packages/c/src/main.ts", "two");
  await project.changed("created packages/c/src/main.ts");
  expect(project.changes.toSorted()).toEqual([
    "created packages/c/src/main.ts",
    "modified packages/a/src/main.ts",
  ]);
});

test("a glob that matches a directory watches all below it", async () => {
  project.write("packages/a/src/deep/main.ts", "one");
  await project.watch({ watch: ["packages/*/src"] });
  project.write("packages/a/readme", "two");
  project.write("packages/a/src/deep/main.ts", "two");
  await project.changed("modified packages/a/src/deep/main.ts");
  expect(project.changes).toEqual(["modified packages/a/src/deep/main.ts"]);
});

test("an entry that exists as it is written is a path, though it looks like a glob", async () => {
  project.write("app/[id]/page.ts", "one");
  project.write("app/i/page.ts", "one");
  await project.watch({ watch: ["app/[id]"] });
  project.write("app/i/page.ts", "two");
  project.write("app/[id]/page.ts", "two");
  await project.changed("modified app/[id]/page.ts");
  expect(project.changes).toEqual(["modified app/[id]/page.ts"]);
});

test("a glob below a directory that looks like a glob takes that by its letters", async () => {
  project.write("app/[id]/page.ts", "one");
  project.write("app/i/page.ts", "one");
  await project.watch({ watch: ["app/[id]/**/*.ts"] });
  project.write("app/i/page.ts", "two");
  project.write("app/[id]/page.ts", "two");
  await project.changed("modified app/[id]/page.ts");
  expect(project.changes).toEqual(["modified app/[id]/page.ts"]);
});

test("braces and dots in globs", async () => {
  project.write("src/.hidden/a.ts", "one");
  await project.watch({ watch: ["{src,lib/x}/**/*.{ts,tsx}", "*.json"] });
  project.write("src/.hidden/a.ts", "two");
  project.write("lib/x/b.tsx", "new");
  project.write("lib/y/b.tsx", "new");
  project.write("package.json", "new");
  await project.changed("created package.json");
  await project.changed("created lib/x/b.tsx");
  expect(project.changes.toSorted()).toEqual([
    "created lib/x/b.tsx",
    "created package.json",
    "modified src/.hidden/a.ts",
  ]);
});

test("entries that overlap tell of a change once", async () => {
  project.write("src/main.ts", "one");
  await project.watch({ watch: [".", "src", "src/main.ts", "src/**/*.ts"] });
  project.write("src/main.ts", "two");
  await project.changed("modified src/main.ts");
  expect(await project.before()).toMatchObject({ changes: ["modified src/main.ts"] });
});

test("a changed path is shown as its entry was given", async () => {
  const app = new Project();
  try {
    project.write("inside/a", "one");
    project.write("lib/b", "one");
    app.write("c", "one");
    const cwd = project.at("inside");
    await project.watch({ cwd, watch: [project.at("inside"), "../lib", app.root] });
    project.write("inside/a", "two");
    await project.changed("modified a");
    project.write("lib/b", "two");
    await project.changed("modified ../lib/b");
    app.write("c", "two");
    await project.changed(`modified ${app.at("c")}`);
  } finally {
    app.close();
  }
});

test("with nothing to watch the watcher is off", async () => {
  const watcher = await project.watch({ watch: [] });
  expect(watcher.status()).toEqual({ state: "off", directories: 0, problem: null });
});
