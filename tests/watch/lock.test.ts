import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { indexLocks, isLocked } from "../../src/watch/lock.ts";
import { Project } from "./project.ts";

test("a fresh index lock holds; one that git left behind long ago does not", () => {
  const project = new Project();
  try {
    Bun.spawnSync(["git", "init", "-q", project.root]);
    project.write("src/main.ts");
    const locks = indexLocks([project.at("src"), project.at("src/main.ts")]);
    expect(locks).toEqual([project.at(".git/index.lock")]);
    expect(isLocked(locks, Date.now())).toBe(false);
    project.write(".git/index.lock", "");
    const { mtimeMs } = statSync(project.at(".git/index.lock"));
    expect(isLocked(locks, mtimeMs + 1_000)).toBe(true);
    expect(isLocked(locks, mtimeMs + 60_000)).toBe(false);
  } finally {
    project.close();
  }
});
