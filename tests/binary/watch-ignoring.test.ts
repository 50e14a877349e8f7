// Watching, end to end: what is no reason to restart, and what costs nothing.

import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { Korun } from "../support/korun.ts";
import { NOTHING, Project } from "./support/project.ts";
import { pathWithKorun } from "./support/shell.ts";

describe("no restart for", () => {
  test("touch, chmod, and a save that changes nothing", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("main.ts");
    await project.watch("-w", ".", "--debounce", "20ms");
    project.run("touch main.ts");
    utimesSync(project.at("main.ts"), new Date(), new Date());
    chmodSync(project.at("main.ts"), 0o755);
    writeFileSync(project.at("main.ts"), readFileSync(project.at("main.ts")));
    project.run("cp main.ts main.new && mv main.new main.ts");
    expect((await project.effect()).restarts).toBe(0);
  });

  test("a file under .git, in node_modules, or that .gitignore names", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.run("git init -q");
    project.write(".gitignore", "*.log\n/build/\n!keep.log\n");
    project.write("packages/a/.gitignore", "generated\n");
    await project.watch("-w", ".", "--debounce", "20ms");
    project.write(".git/index", "x");
    project.write("node_modules/left-pad/index.js");
    project.write("packages/a/node_modules/b/index.js");
    project.write("deep/er/server.log");
    project.write("build/out.js");
    project.write("packages/a/generated/api.ts");
    expect(await project.effect()).toEqual(NOTHING);
    project.write("keep.log");
    await project.restartedBy("keep.log");
    project.write("other/build/out.js");
    await project.restartedBy("other/build/out.js");
  });

  test("what editors write beside the files they edit", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("main.ts");
    await project.watch("-w", ".", "--debounce", "20ms");
    for (const name of [".main.ts.swp", "main.ts~", "4913", ".#main.ts", "#main.ts#"]) {
      project.write(name);
    }
    expect(await project.effect()).toEqual(NOTHING);
  });

  test("what --ignore names, by glob, by name at any depth, and by folder", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("src/main.ts");
    await project.watch(
      ...["-w", "src", "--debounce", "20ms"],
      ...["--ignore", "*.test.ts", "--ignore", "src/gen/**", "--ignore", "tmp/"],
    );
    project.write("src/deep/main.test.ts");
    project.write("src/gen/api.ts");
    project.write("src/deep/tmp/x.ts");
    expect(await project.effect({ sentinelIn: "src" })).toEqual(NOTHING);
    project.write("src/deep/main.ts");
    await project.restartedBy("src/deep/main.ts");
  });
});

test("a path that is watched by name is never ignored", async () => {
  await using korun = new Korun();
  const project = new Project(korun);
  project.write(".gitignore", "dist\n.env\n");
  project.write("dist/app.js");
  project.write(".env", "A=1\n");
  await project.watch("-w", "dist", "-w", ".env", "--debounce", "20ms");
  project.write("dist/app.js", "rebuilt");
  await project.restartedBy("dist/app.js");
  project.write(".env", "A=2\n");
  await project.restartedBy(".env");
});

test("thousands of folders under node_modules cost no watch", async () => {
  await using korun = new Korun();
  const project = new Project(korun);
  project.write("src/deep/main.ts");
  project.run(
    "mkdir node_modules; cd node_modules; seq 3000 | xargs mkdir; mkdir -p 1/node_modules/2/3",
  );
  await project.watch("-w", ".", "--debounce", "20ms");
  const { watching } = await project.session();
  expect(watching).toEqual({ state: "armed", directories: 3, problem: null });
});

describe("when the system's watches run out", () => {
  // A user namespace has limits of its own; a sandbox may forbid making one.
  const limited = "echo 2 > /proc/sys/user/max_inotify_watches";
  const canLimit = Bun.spawnSync(["unshare", "-Ur", "sh", "-c", limited]).success;

  test.skipIf(!canLimit)(
    "watching goes on by polling, and the session says so, with the cure",
    async () => {
      await using korun = new Korun();
      const project = new Project(korun);
      for (const folder of ["a", "b", "c", "d"]) project.write(`src/${folder}/main.ts`);
      await start(korun);
      await project.watch("-w", "src", "--debounce", "20ms");
      const { watching } = await project.session();
      expect(watching.state).toBe("degraded");
      expect(watching.problem).toContain("the system's file watches ran out");
      expect(watching.problem).toContain("sudo sysctl fs.inotify.max_user_watches=");
      expect(await korun.ok(["inspect"])).toContain(`src (degraded: ${watching.problem})`);
      for (const folder of ["a", "d"]) {
        project.write(`src/${folder}/main.ts`, "changed");
        await project.restartedBy(`src/${folder}/main.ts`);
      }
    },
  );

  async function start(korun: Korun): Promise<void> {
    const script = `${limited}; exec korun daemon start`;
    const env = { ...korun.env, PATH: pathWithKorun(korun) };
    const child = Bun.spawn(["unshare", "-Ur", "sh", "-c", script], { env, stdout: "ignore" });
    expect(await child.exited).toBe(0);
  }
});
