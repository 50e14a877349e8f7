// Watching, end to end: what is one restart.

import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Korun } from "../support/korun.ts";
import { errorOf, send } from "./support/api.ts";
import { NOTHING, Project } from "./support/project.ts";

describe("one restart for", () => {
  test("an editor's atomic save: written beside, renamed over", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("src/main.ts", "old");
    await project.watch("-w", "src");
    project.write("src/.main.ts.tmp-1", "new");
    renameSync(project.at("src/.main.ts.tmp-1"), project.at("src/main.ts"));
    const session = await project.restartedBy("src/main.ts");
    expect(session.last_restart_cause).toEqual({
      kind: "watch",
      path: "src/main.ts",
      event: "modified",
    });
    expect(session).toMatchObject({ run: 2, restart_count: 1, manual_restart_count: 0 });
    expect((await project.effect({ sentinelIn: "src" })).restarts).toBe(1);
  });

  test("a git checkout that changes 200 files", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    const commit = "git add . && git -c user.name=k -c user.email=k@k commit -qm";
    project.run(`git init -q -b main; mkdir src
      for i in $(seq 200); do echo "main $i" > src/$i.ts; done; ${commit} main
      git checkout -qb other
      for i in $(seq 200); do echo "other $i" > src/$i.ts; done; ${commit} other`);
    await project.watch("-w", "src");
    project.run("git checkout -q main");
    expect((await project.restarted(1)).last_restart_cause).toMatchObject({ event: "modified" });
    const { restarts, changes } = await project.effect({ sentinelIn: "src" });
    expect(restarts).toBe(1);
    expect(changes).toBeGreaterThanOrEqual(200);
  });

  test("a formatter that rewrites 50 files in 2 s", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    for (let file = 1; file <= 50; file += 1) project.write(`src/${file}.ts`);
    // Longer than any pause that a busy machine makes between two files.
    await project.watch("-w", "src", "--debounce", "1s");
    project.run("for i in $(seq 50); do echo formatted > src/$i.ts; sleep 0.04; done");
    await project.restarted(1);
    const { restarts, changes } = await project.effect({ sentinelIn: "src" });
    expect(restarts).toBe(1);
    expect(changes).toBeGreaterThanOrEqual(50);
  });
});

describe("a restart for a change of", () => {
  test("a single file, save after save, and not of its neighbours", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("Cargo.toml", "0");
    mkdirSync(project.at("sentinels"));
    await project.watch("-w", "Cargo.toml", "-w", "sentinels", "--debounce", "20ms");
    for (const round of ["1", "2", "3"]) {
      project.write("Cargo.toml.new", round);
      renameSync(project.at("Cargo.toml.new"), project.at("Cargo.toml"));
      await project.restartedBy("Cargo.toml");
      project.write("Cargo.lock", round);
      expect((await project.effect({ sentinelIn: "sentinels" })).restarts).toBe(1);
    }
  });

  test("a file in folders that were made later, at any depth", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("src/main.ts");
    await project.watch("-w", "src", "--debounce", "20ms");
    const before = await project.session();
    project.write("src/a/b/c/d/new.ts", "one");
    await project.restartedBy("src/a/b/c/d/new.ts");
    await project.effect({ sentinelIn: "src/a/b/c/d" });
    project.write("src/a/b/c/d/new.ts", "two");
    await project.restartedBy("src/a/b/c/d/new.ts");
    const { directories } = (await project.session()).watching;
    expect(directories).toBe(before.watching.directories + 4);
  });

  test("a watched folder that was removed and made again", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("src/main.ts");
    await project.watch("-w", "src", "--debounce", "20ms");
    rmSync(project.at("src"), { recursive: true });
    const removed = await project.restartedBy("src/main.ts");
    expect(removed.last_restart_cause).toMatchObject({ event: "deleted" });
    project.write("src/other.ts");
    await project.restartedBy("src/other.ts");
    project.write("src/deep/er.ts");
    await project.restartedBy("src/deep/er.ts");
  });

  test("what a glob names, and of nothing else", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("src/main.ts");
    await project.watch("-w", "src/**/*.ts", "--debounce", "20ms");
    project.write("src/notes.md");
    project.write("src/deep/data.json");
    project.write("other.ts");
    expect(await project.effect({ sentinelIn: "src" })).toEqual(NOTHING);
    project.write("src/deep/new.ts");
    await project.restartedBy("src/deep/new.ts");
  });

  test("a path that looks like a glob and exists as it is written", async () => {
    await using korun = new Korun();
    const project = new Project(korun);
    project.write("app/[id]/page.tsx");
    project.write("app/i/page.tsx");
    await project.watch("-w", "app/[id]", "--debounce", "20ms");
    project.write("app/i/page.tsx", "the glob's meaning");
    expect(await project.effect({ sentinelIn: "app/[id]" })).toEqual(NOTHING);
    project.write("app/[id]/page.tsx", "changed");
    await project.restartedBy("app/[id]/page.tsx");
  });
});

describe("a path that does not exist is named:", () => {
  test("by the CLI, with exit code 2 and no session", async () => {
    await using korun = new Korun();
    for (const command of ["serve", "run"]) {
      const { code, stdout, stderr } = await korun.run([
        ...[command, "-w", ".", "-w", "srcs"],
        ...["--", "sleep", "600"],
      ]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toStartWith(`korun: Cannot watch "srcs": ${korun.work}/srcs does not exist\n`);
    }
    expect(await korun.ok(["ls", "--json"])).toBe('{"sessions":[]}');
  });

  test("by the API, with a 400 and its field", async () => {
    await using korun = new Korun();
    const body = { command: ["true"], cwd: korun.work, watch: [".", "srcs/**/*.ts"] };
    const response = await send(korun, "POST", { path: "/v1/sessions", body });
    expect(response.status).toBe(400);
    const { code, field, message } = await errorOf(response);
    expect({ code, field }).toEqual({ code: "bad_request", field: "watch[1]" });
    expect(message).toContain(`${korun.work}/srcs does not exist`);
  });
});

test("after a crash a save starts it again; after a stop none does, until a restart", async () => {
  await using korun = new Korun();
  const save = (text: string) => {
    writeFileSync(`${korun.work}/app.new`, text);
    renameSync(`${korun.work}/app.new`, `${korun.work}/app`);
  };
  save("exit 3\n");
  await korun.ok(["serve", "--name", "web", "-w", "app", "--debounce", "0", "--", "sh", "app"]);
  const crashed = await korun.until("web", ({ state }) => state === "exited");
  expect(crashed).toMatchObject({ exit_code: 3, watching: { state: "armed" } });
  save("exec sleep 600\n");
  await korun.until("web", ({ state, run }) => state === "running" && run === 2);
  await korun.ok(["stop", "web"]);
  expect((await korun.session("web")).watching.state).toBe("disarmed");
  save("exec sleep 601\n");
  await korun.ok(["restart", "web"]);
  save("exec sleep 602\n");
  const { run, watch_restart_count } = await korun.until("web", (it) => it.watch_restart_count > 1);
  expect({ run, watch_restart_count }).toEqual({ run: 4, watch_restart_count: 2 });
});
