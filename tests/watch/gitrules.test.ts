import { afterEach, beforeEach, expect, test } from "bun:test";
import { type GitRules, repositoryOf, rulesAround, rulesIn } from "../../src/watch/gitrules.ts";
import { parentOf } from "../../src/watch/paths.ts";
import { Project } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
  Bun.spawnSync(["git", "init", "-q", project.root]);
});
afterEach(() => project.close());

/** What we say of a file: ignored by itself or through a directory above it. */
function weIgnore(path: string): boolean {
  let rules: GitRules = rulesIn(project.root, undefined);
  let at = project.root;
  const parts = path.split("/");
  for (const [index, part] of parts.entries()) {
    at = `${at}/${part}`;
    const isDirectory = index < parts.length - 1;
    if (rules.ignores(at, isDirectory)) return true;
    if (isDirectory) rules = rulesIn(at, rules);
  }
  return false;
}

function gitIgnores(path: string): boolean {
  const args = ["git", "-C", project.root, "check-ignore", "-q", "--no-index", path];
  return Bun.spawnSync(args).exitCode === 0;
}

test("our rules are those of git", () => {
  const lines = [
    "*.log",
    "!keep.log",
    "/top",
    "build/",
    "a/**/z",
    "doc/*.txt",
    "**/any",
    "\\#hash",
  ];
  project.write(".gitignore", `${[...lines, "sp\\ ", "trail   ", "[Bb]in", "q?"].join("\n")}\n`);
  project.write(".git/info/exclude", "excluded\n!build/\n");
  project.write("sub/.gitignore", "!*.log\n/top\nnested/deep.txt\n*.tmp\r\n\n# comment\n!/build\n");
  project.write("sub/[x]/.gitignore", "local\n/anchored\n!z\n");
  project.write("sub/we*ird/.gitignore", "inner\n");
  const paths = [
    ...["a.log", "keep.log", "x/keep.log", "sub/a.log", "sub/x/b.log", "top", "x/top", "sub/top"],
    ...["sub/x/top", "build/x", "sub/build/x", "x/build/y", "build", "a/z", "a/b/c/z", "b/z"],
    ...["doc/a.txt", "doc/b/a.txt", "x/doc/a.txt", "any", "x/y/any", "#hash", "sp ", "sp", "trail"],
    ...["Bin", "bin", "BIN", "qa", "qab", "excluded", "sub/excluded", "sub/nested/deep.txt"],
    ...["nested/deep.txt", "sub/x/nested/deep.txt", "sub/a.tmp", "a.tmp", "sub/[x]/local"],
    ...["sub/[x]/y/local", "sub/x/local", "sub/[x]/anchored", "sub/[x]/y/anchored", "A.LOG"],
    ...["sub/we*ird/inner", "sub/weird/inner", "sub/we*ird/a/inner", "sub/weXird/inner"],
  ];
  for (const path of paths) {
    expect({ path, ignored: weIgnore(path) }).toEqual({ path, ignored: gitIgnores(path) });
  }
});

test("the rules around a directory are those from the top of its repository", () => {
  project.write(".gitignore", "one\n");
  project.write("a/.gitignore", "two\n");
  project.write("a/b/.gitignore", "three\n");
  const directory = project.at("a/b");
  const rules = rulesAround(directory, directory);
  expect(rules?.ignores(project.at("a/b/one"), false)).toBe(true);
  expect(rules?.ignores(project.at("a/b/two"), false)).toBe(true);
  expect(rules?.ignores(project.at("a/b/three"), false)).toBe(false);
  expect(rulesIn(directory, rules).ignores(project.at("a/b/three"), false)).toBe(true);
});

test("a repository is found from anywhere in it, also from what does not exist", () => {
  expect(repositoryOf(project.root)).toBe(project.root);
  expect(repositoryOf(project.at("not/there"))).toBe(project.root);
  expect(repositoryOf(parentOf(project.root))).not.toBe(project.root);
});

test("ten thousands of answers do not change the next one", () => {
  project.write(".gitignore", "*.log\n");
  const rules = rulesIn(project.root, undefined);
  for (let index = 0; index < 25_000; index += 1) {
    rules.ignores(project.at(`file-${index}`), false);
  }
  expect(rules.ignores(project.at("a.log"), false)).toBe(true);
  expect(rules.ignores(project.at("a.txt"), false)).toBe(false);
});
