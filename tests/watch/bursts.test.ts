import { afterEach, beforeEach, expect, test } from "bun:test";
import { renameSync, unlinkSync, writeFileSync } from "node:fs";
import { waitFor } from "../support/wait.ts";
import { Project } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

const GIT_ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@localhost",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@localhost",
};

async function git(...args: string[]): Promise<void> {
  const child = Bun.spawn(["git", ...args], { cwd: project.root, env: GIT_ENV, stderr: "ignore" });
  expect(await child.exited).toBe(0);
}

function pathOf(change: string): string {
  return change.slice(change.indexOf(" ") + 1);
}

test("a checkout that changes 200 files is one trigger", async () => {
  await git("init", "-q");
  for (let index = 0; index < 200; index += 1) project.write(`src/d${index % 20}/${index}`, "one");
  await git("add", ".");
  await git("commit", "-qm", "one");
  await git("checkout", "-qb", "two");
  for (let index = 0; index < 200; index += 1) project.write(`src/d${index % 20}/${index}`, "two!");
  await git("commit", "-qam", "two");
  await project.watch({ debounceMs: 250 });
  for (const branch of ["master", "two"]) {
    await git("checkout", "-q", branch);
    await waitFor("a trigger", () => project.triggers.length > 0);
    project.write(`after-${branch}`);
    await waitFor("the next trigger", () => project.triggers.includes(`created after-${branch}`));
    expect(project.triggers).toHaveLength(2);
    // On a busy machine a file may be seen unlinked before it is seen written.
    expect(new Set(project.changes.map(pathOf)).size).toBe(201);
    project.forget();
  }
});

test("a formatter that rewrites 50 files one after the other is one trigger", async () => {
  for (let index = 0; index < 50; index += 1) project.write(`src/${index}.ts`, "one");
  await project.watch({ debounceMs: 250 });
  const script = `for (let i = 0; i < 50; i += 1) {
    require("fs").writeFileSync("src/" + i + ".ts", "formatted");
    Bun.sleepSync(40);
  }`;
  const formatter = Bun.spawn([process.execPath, "-e", script], { cwd: project.root });
  await formatter.exited;
  await waitFor("a trigger", () => project.triggers.length > 0);
  project.write("sentinel");
  await waitFor("the next trigger", () => project.triggers.includes("created sentinel"));
  expect(project.triggers).toEqual(["modified src/0.ts", "created sentinel"]);
  expect(new Set(project.changes.map(pathOf)).size).toBe(51);
});

test("a trigger waits while git holds the index", async () => {
  await git("init", "-q");
  project.write("main.ts", "one");
  await project.watch({ debounceMs: 0 });
  project.write(".git/index.lock", "");
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
  project.write("other.ts", "two");
  await project.changed("created other.ts");
  expect(project.triggers).toEqual([]);
  unlinkSync(project.at(".git/index.lock"));
  await waitFor("the trigger", () => project.triggers.length > 0);
  expect(project.triggers).toEqual(["modified main.ts"]);
});

test("a worktree is held by its own index lock", async () => {
  await git("init", "-q");
  project.write("main.ts", "one");
  await git("add", ".");
  await git("commit", "-qm", "one");
  await git("worktree", "add", "-q", "tree");
  await project.watch({ cwd: project.at("tree"), debounceMs: 0 });
  const lock = project.at(".git/worktrees/tree/index.lock");
  writeFileSync(lock, "");
  project.write("tree/main.ts", "two");
  await project.changed("modified main.ts");
  expect(project.triggers).toEqual([]);
  unlinkSync(lock);
  await waitFor("the trigger", () => project.triggers.length > 0);
});

test("a burst that leaves everything as it was triggers nothing", async () => {
  project.write("main.ts", "one");
  await project.watch({ debounceMs: 250 });
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
  project.write("temporary", "x");
  await project.changed("created temporary");
  unlinkSync(project.at("temporary"));
  project.write("main.ts", "one");
  await project.changed("deleted temporary");
  await waitFor("both changes of main.ts", () => project.changes.length === 4);
  project.write("sentinel");
  await waitFor("a trigger", () => project.triggers.length > 0);
  expect(project.triggers).toEqual(["created sentinel"]);
});

test("a trigger names the first path of its burst that is not what it was", async () => {
  project.write("main.ts", "one");
  project.write("other.ts", "one");
  await project.watch({ debounceMs: 250 });
  project.write("main.ts.new", "two");
  await project.changed("created main.ts.new");
  renameSync(project.at("main.ts.new"), project.at("main.ts"));
  project.write("other.ts", "two");
  await waitFor("a trigger", () => project.triggers.length > 0);
  expect(project.triggers).toEqual(["modified main.ts"]);
});
