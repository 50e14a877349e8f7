// Watching, end to end, across a daemon that was killed: what changed while none was there.

import { expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { killBoth } from "./support/deaths.ts";
import { Project } from "./support/project.ts";

/** Kills the daemon and its keeper, has things happen, and starts another one. */
async function outage(korun: Korun, happens: () => void): Promise<void> {
  const pid = await killBoth(korun);
  happens();
  await korun.ok(["daemon", "start"]);
  expect((await korun.status()).pid).not.toBe(pid);
}

/** A project that is watched, and what is known of it on disk. */
async function watched(korun: Korun): Promise<Project> {
  const project = new Project(korun);
  for (const name of ["main.ts", "other.ts", "old.ts"]) project.write(name, "one");
  await project.watch("-w", ".", "--debounce", "20ms");
  await journalOf(korun, "old.ts");
  return project;
}

/** Waits until the only session's journal speaks of a file. */
async function journalOf({ home }: Korun, name: string): Promise<string> {
  return await waitFor(`a journal with ${name}`, () => {
    const [id = ""] = readdirSync(join(home, "sessions"));
    const journal = join(home, "sessions", id, "watch.log");
    const isThere = existsSync(journal) && readFileSync(journal, "utf8").includes(name);
    return isThere ? journal : undefined;
  });
}

test("a file that was edited restarts the session once, and is the cause", async () => {
  await using korun = new Korun();
  const project = await watched(korun);
  await outage(korun, () => project.write("main.ts", "two"));
  const { last_restart_cause } = await project.restartedBy("main.ts");
  expect(last_restart_cause).toEqual({ kind: "watch", path: "main.ts", event: "modified" });
  expect(await project.effect()).toEqual({ restarts: 1, changes: 1 });
});

test("files that were created, edited and deleted restart it once together", async () => {
  await using korun = new Korun();
  const project = await watched(korun);
  await outage(korun, () => {
    project.write("main.ts", "two");
    project.write("deep/new.ts");
    unlinkSync(project.at("old.ts"));
  });
  await project.restarted(1);
  expect(await project.effect()).toEqual({ restarts: 1, changes: 3 });
});

test("a file that was touched or saved unchanged does not, nor one that is ignored", async () => {
  await using korun = new Korun();
  const project = await watched(korun);
  await outage(korun, () => {
    project.run("touch main.ts; cp other.ts other.new; mv other.new other.ts");
    project.write("node_modules/a/index.js");
  });
  expect(await project.effect()).toEqual({ restarts: 0, changes: 0 });
});

test("a change restarts it no second time when the next daemon is killed too", async () => {
  await using korun = new Korun();
  const project = await watched(korun);
  await outage(korun, () => project.write("deep/new.ts", "two"));
  await project.restartedBy("deep/new.ts");
  await journalOf(korun, "deep/new.ts");
  await outage(korun, () => {});
  expect(await project.effect()).toEqual({ restarts: 1, changes: 1 });
});

test("a session that was stopped is not started, and never hears of it", async () => {
  await using korun = new Korun();
  const project = await watched(korun);
  const { id } = await project.session();
  await korun.ok(["stop", id]);
  await outage(korun, () => project.write("main.ts", "two"));
  const stopped = await project.session();
  expect(stopped).toMatchObject({ state: "exited", run: 1, watching: { state: "disarmed" } });
  await korun.ok(["restart", id]);
  expect(await project.effect()).toEqual({ restarts: 0, changes: 0 });
  expect((await project.session()).run).toBe(3);
});

test("a session that crashed and waits for a change is started by it", async () => {
  await using korun = new Korun();
  const app = join(korun.work, "app");
  writeFileSync(app, "exit 3\n");
  await korun.ok(["serve", "--name", "web", "-w", "app", "--", "sh", "app"]);
  await korun.until("web", ({ state }) => state === "exited");
  await journalOf(korun, "app");
  await outage(korun, () => writeFileSync(app, "exec sleep 600\n"));
  const { run, last_restart_cause } = await korun.until("web", ({ state }) => state === "running");
  expect(run).toBe(2);
  expect(last_restart_cause).toEqual({ kind: "watch", path: "app", event: "modified" });
});

test("what is known of files is its user's alone, and goes with the session", async () => {
  await using korun = new Korun();
  const project = await watched(korun);
  const journal = await journalOf(korun, "old.ts");
  expect(statSync(journal).mode & 0o777).toBe(0o600);
  const { id } = await project.session();
  await korun.ok(["stop", id]);
  expect(existsSync(journal)).toBe(false);
  await korun.ok(["rm", id]);
  expect(readdirSync(join(korun.home, "sessions"))).toEqual([]);
});
