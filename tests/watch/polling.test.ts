import { afterEach, beforeEach, expect, test } from "bun:test";
import { renameSync, rmSync, unlinkSync } from "node:fs";
import type { WatchStatus } from "../../src/domain/session.ts";
import { pauseAfter } from "../../src/watch/poll.ts";
import { SharedWatches } from "../../src/watch/shared.ts";
import { nativeSystem, type WatchEvents, type WatchSystem } from "../../src/watch/system.ts";
import { waitFor } from "../support/wait.ts";
import { NOTHING, Project, silentWatches } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

/** A system that has only so many watches. */
class ScarceSystem implements WatchSystem {
  left: number;
  readonly #code: string;

  constructor(left: number, code = "ENOSPC") {
    this.left = left;
    this.#code = code;
  }

  watch(directory: string, events: WatchEvents) {
    if (this.left === 0) {
      throw Object.assign(new Error(`${this.#code}: watch '${directory}'`), { code: this.#code });
    }
    this.left -= 1;
    const handle = nativeSystem.watch(directory, events);
    return {
      close: () => {
        this.left += 1;
        handle.close();
      },
    };
  }

  remote(): string | undefined {
    return undefined;
  }
}

test("when watches run out, the rest is polled and the status says how to cure it", async () => {
  project.write("a/file", "one");
  project.write("b/file", "one");
  project.write("c/file", "one");
  const statuses: WatchStatus[] = [];
  const watcher = await project.watch({
    watches: new SharedWatches(new ScarceSystem(2)),
    onStatus: (status) => statuses.push(status),
  });
  const status = watcher.status();
  expect(status.state).toBe("degraded");
  expect(status.directories).toBe(2);
  expect(status.problem).toContain("2 directories are polled");
  expect(status.problem).toMatch(/sudo sysctl fs\.inotify\.max_user_watches=\d{6,}/);
  expect(statuses.at(-1)).toEqual(status);
  for (const directory of ["a", "b", "c"]) {
    project.write(`${directory}/file`, "two");
    await project.changed(`modified ${directory}/file`);
  }
  expect((await project.before()).triggers).toHaveLength(3);
});

test("polling sees what watching sees, and counts no more", async () => {
  project.write("src/main.ts", "one");
  project.write("src/gone.ts", "one");
  project.write("src/.gitignore", "dist\n");
  await project.watch({ watches: new SharedWatches(new ScarceSystem(0)) });
  Bun.spawnSync(["touch", project.at("src/main.ts")]);
  project.write("src/dist/out", "ignored");
  project.write(".git/index", "ignored");
  expect(await project.before()).toEqual(NOTHING);
  project.write("src/main.ts.tmp", "two");
  renameSync(project.at("src/main.ts.tmp"), project.at("src/main.ts"));
  unlinkSync(project.at("src/gone.ts"));
  project.write("src/new/deep/file.ts");
  await project.changed("created src/new/deep/file.ts");
  await project.changed("deleted src/gone.ts");
  await project.changed("modified src/main.ts");
  expect(project.changes).toHaveLength(3);
  project.forget();
  rmSync(project.at("src"), { recursive: true });
  await project.changed("deleted src/main.ts");
  project.write("src/main.ts", "back");
  await project.changed("created src/main.ts");
});

test("a .gitignore that changes is heeded by polling too", async () => {
  project.write("out/file", "one");
  await project.watch({ watches: new SharedWatches(new ScarceSystem(0)) });
  project.write(".gitignore", "out\n");
  await project.changed("created .gitignore");
  project.write("out/file", "two");
  const { changes } = await project.before();
  expect(changes).toEqual(["created .gitignore"]);
});

test("when no watch instance can be had, everything is polled and the cure is another", async () => {
  project.write("main.ts", "one");
  const watches = new SharedWatches(new ScarceSystem(0, "EMFILE"));
  const watcher = await project.watch({ watches });
  expect(watcher.status().problem).toContain("sudo sysctl fs.inotify.max_user_instances=");
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
});

test("a watch that the system gives up is polled from then on", async () => {
  project.write("main.ts", "one");
  const handed: WatchEvents[] = [];
  const system: WatchSystem = {
    watch: (directory, events) => {
      handed.push(events);
      return nativeSystem.watch(directory, events);
    },
    remote: () => undefined,
  };
  const watcher = await project.watch({ watches: new SharedWatches(system) });
  handed[0]?.failed(Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }));
  expect(watcher.status().state).toBe("degraded");
  project.write("main.ts", "two");
  await project.changed("modified main.ts");
});

test("events that the system lost are made up for", async () => {
  project.write("src/main.ts", "one");
  project.write("src/deep/other.ts", "one");
  const { watches, tell } = silentWatches();
  await project.watch({ watches });
  project.write("src/main.ts", "two");
  project.write("src/deep/other.ts", "two");
  project.write("src/new/file.ts", "new");
  tell(undefined);
  await project.changed("modified src/main.ts");
  await project.changed("modified src/deep/other.ts");
  await project.changed("created src/new/file.ts");
});

test("what a remote file system does not report is found by looking", async () => {
  project.write("src/main.ts", "one");
  const system: WatchSystem = {
    watch: () => ({ close: () => {} }),
    remote: () => "NFS",
  };
  const watcher = await project.watch({ watches: new SharedWatches(system) });
  expect(watcher.status()).toEqual({
    state: "degraded",
    directories: 2,
    problem: "2 directories are polled: NFS does not report what other machines write",
  });
  project.write("src/main.ts", "two");
  await project.changed("modified src/main.ts");
});

test("polling ends when watches can be had again", async () => {
  project.write("a/file", "one");
  const system = new ScarceSystem(1);
  const statuses: string[] = [];
  const watcher = await project.watch({
    watches: new SharedWatches(system),
    retryRounds: 2,
    onStatus: (status) => statuses.push(status.state),
  });
  system.left = 10;
  await waitFor("the watcher to recover", () => watcher.status().state === "armed");
  expect(watcher.status()).toEqual({ state: "armed", directories: 2, problem: null });
  project.write("a/file", "two");
  await project.changed("modified a/file");
  expect(statuses).toEqual(["degraded", "armed"]);
});

test("a round of polling takes no more than its share of the time", () => {
  expect(pauseAfter(1)).toBe(1_000);
  expect(pauseAfter(100)).toBe(2_000);
  expect(pauseAfter(60_000)).toBe(10_000);
});

const NAMESPACE = ["unshare", "--user", "--map-root-user", "sh", "-c"];
const canLimit =
  Bun.which("unshare") !== null &&
  Bun.spawnSync([...NAMESPACE, "echo 8 > /proc/sys/user/max_inotify_watches"]).success;

test.skipIf(!canLimit)("a real system that runs out of watches is polled", async () => {
  for (let index = 0; index < 12; index += 1) project.write(`d${index}/file`, "one");
  const fixture = `${import.meta.dir}/../fixtures/watch-and-print.ts`;
  const limit = "echo 8 > /proc/sys/user/max_inotify_watches";
  const child = Bun.spawn(
    [...NAMESPACE, `${limit} && exec "$0" "$@"`, process.execPath, fixture, project.root],
    { stdout: "pipe", stderr: "inherit", stdin: "ignore" },
  );
  try {
    let printed = "";
    void child.stdout.pipeTo(
      new WritableStream({
        write(chunk) {
          printed += new TextDecoder().decode(chunk);
        },
      }),
    );
    await waitFor("the first status", () => printed.includes("degraded"));
    expect(printed).toContain("degraded 8 5 directories are polled");
    for (let index = 0; index < 12; index += 1) project.write(`d${index}/file`, "two");
    for (let index = 0; index < 12; index += 1) {
      await waitFor(`d${index}`, () => printed.includes(`modified d${index}/file\n`));
    }
  } finally {
    child.kill();
    await child.exited;
  }
});
