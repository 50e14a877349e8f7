// One watcher ends without a word, things happen, and the next one begins with its journal.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Journal } from "../../src/watch/journal.ts";
import { readNotes } from "../../src/watch/journal-text.ts";
import type { Watcher, WatchOptions } from "../../src/watch/watcher.ts";
import { waitFor } from "../support/wait.ts";
import { NOTHING, Project } from "./project.ts";

let project: Project;
let home: string;
beforeEach(() => {
  project = new Project();
  home = mkdtempSync(join(tmpdir(), "korun-outage-"));
});
afterEach(() => {
  project.close();
  rmSync(home, { recursive: true, force: true });
});

const log = () => join(home, "watch.log");

/** What the next daemon would find. */
function onDisk(): string[] {
  const text = existsSync(log()) ? readFileSync(log(), "utf8") : "";
  return [...(readNotes(text)?.prints.keys() ?? [])].map((path) => path.slice(project.root.length));
}

/** Watches with a journal, and waits until it is written. */
async function watch(options: Partial<WatchOptions> = {}): Promise<Watcher> {
  const journal = new Journal(home, { recall: true, report: (thrown) => expect(thrown).toBe("") });
  const watcher = await project.watch({ journal, ...options });
  if (watcher.status().state !== "disarmed") {
    await waitFor("the journal", () => existsSync(log()));
  }
  return watcher;
}

/** A first watcher that is killed: what it wrote after `then` is not there. */
async function outage(then: () => void, options: Partial<WatchOptions> = {}): Promise<void> {
  const watcher = await watch(options);
  const journal = readFileSync(log());
  watcher.close();
  writeFileSync(log(), journal);
  then();
}

describe("on return", () => {
  test("what was created, modified and deleted is told, with one trigger", async () => {
    for (const name of ["kept", "modified", "deleted"]) project.write(`src/${name}`, "one");
    await outage(() => {
      project.write("src/modified", "two");
      project.write("made/deep/created");
      unlinkSync(project.at("src/deleted"));
    });
    await watch();
    await waitFor("a trigger", () => project.triggers.length > 0);
    const { changes, triggers } = await project.before();
    expect(changes.toSorted()).toEqual([
      "created made/deep/created",
      "deleted src/deleted",
      "modified src/modified",
    ]);
    expect(triggers).toHaveLength(1);
  });

  test("the trigger waits for the end of what goes on", async () => {
    project.write("main.ts", "one");
    const options = { debounceMs: 100 };
    await outage(() => project.write("main.ts", "two"), options);
    await watch(options);
    project.write("more.ts");
    await project.changed("created more.ts");
    await waitFor("a trigger", () => project.triggers.length > 0);
    expect(project.triggers).toEqual(["modified main.ts"]);
  });

  test("what was touched, saved unchanged, or changed and changed back is not told", async () => {
    for (const name of ["touched", "saved", "restored", "kept"]) project.write(name, "one");
    await outage(() => {
      utimesSync(project.at("touched"), new Date(), new Date());
      project.write("new", "one");
      renameSync(project.at("new"), project.at("saved"));
      project.write("restored", "two");
      project.write("restored", "one");
    });
    await watch();
    expect(await project.before()).toEqual(NOTHING);
  });

  test("what git or a tool ignores is not told, also where it is only now ignored", async () => {
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write(".gitignore", "*.log\n");
    project.write("old.tmp", "one");
    project.write("gone.tmp", "one");
    project.write("out/gone", "one");
    await outage(() => {
      project.write("server.log");
      project.write("node_modules/a/index.js");
      project.write(".gitignore", "*.log\n*.tmp\nout/\n");
      project.write("old.tmp", "two");
      unlinkSync(project.at("gone.tmp"));
      rmSync(project.at("out"), { recursive: true });
    });
    await watch();
    await project.changed("modified .gitignore");
    expect((await project.before()).changes).toEqual(["modified .gitignore"]);
    await waitFor("them to be forgotten", () => !onDisk().some((path) => path.includes("gone")));
  });

  test("a watched file or folder that is gone is told, and watched for its return", async () => {
    project.write("src/main.ts", "one");
    project.write("one.toml", "one");
    mkdirSync(project.at("sentinels"));
    const options = { watch: ["src/**/*.ts", "one.toml", "sentinels"], mayBeMissing: true };
    await outage(() => {
      rmSync(project.at("src"), { recursive: true });
      unlinkSync(project.at("one.toml"));
    }, options);
    await watch(options);
    await project.changed("deleted one.toml");
    const { changes } = await project.before("sentinels");
    expect(changes.toSorted()).toEqual(["deleted one.toml", "deleted src/main.ts"]);
    project.write("src/main.ts", "two");
    await project.changed("created src/main.ts");
  });

  test("nothing is told where nothing happened, and the journal goes on", async () => {
    project.write("a/b", "one");
    await outage(() => {});
    const before = readFileSync(log(), "utf8");
    await watch();
    expect(await project.before()).toEqual(NOTHING);
    await waitFor("the sentinel's note", () => onDisk().includes("/sentinel-1"));
    expect(readFileSync(log(), "utf8")).toStartWith(before);
  });

  test("nothing is told from a journal that was lost or cut short", async () => {
    project.write("main.ts", "one");
    for (const length of [0, 5]) {
      await outage(() => project.write("main.ts", `two ${length}`));
      truncateSync(log(), length);
      await watch();
      expect(await project.before()).toEqual(NOTHING);
      project.close();
      project = new Project();
      project.write("main.ts", "one");
    }
  });
});

test("a change whose burst was not over is told again, and then not any more", async () => {
  project.write("main.ts", "one");
  project.write("other.ts", "one");
  const first = await watch({ debounceMs: 60_000 });
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
  for (const second of [1, 2, 3]) {
    const size = statSync(log()).size;
    utimesSync(project.at("main.ts"), second, second);
    utimesSync(project.at("other.ts"), second, second);
    await waitFor("the other file's note", () => statSync(log()).size > size);
  }
  expect(project.triggers).toEqual([]);
  first.close();

  const second = await watch();
  await waitFor("the trigger", () => project.triggers.includes("modified main.ts"));
  second.close();

  project.forget();
  await watch();
  expect(await project.before()).toEqual(NOTHING);
});

test("a watcher that begins disarmed tells nothing of an outage, not later either", async () => {
  project.write("main.ts", "one");
  await outage(() => project.write("main.ts", "two"));
  const watcher = await watch({ armed: false });
  expect(watcher.status().state).toBe("disarmed");
  project.write("made.ts");
  watcher.arm();
  expect(await project.before()).toEqual(NOTHING);
  await waitFor("the journal", () => onDisk().includes("/made.ts"));
});

test("disarmed in the turn it began in, it tells nothing, not later either", async () => {
  project.write("main.ts", "one");
  await outage(() => project.write("main.ts", "two"));
  const journal = new Journal(home, { recall: true, report: () => {} });
  const watcher = await project.watch({ journal });
  watcher.disarm();
  watcher.arm();
  expect(await project.before()).toEqual(NOTHING);
});

test("while disarmed no journal is left for another daemon", async () => {
  project.write("main.ts", "one");
  const watcher = await watch();
  watcher.disarm();
  project.write("main.ts", "two");
  expect(existsSync(log())).toBe(false);
  watcher.close();
  expect(existsSync(log())).toBe(false);
});
