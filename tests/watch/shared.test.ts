import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { type DirectoryListener, SharedWatches } from "../../src/watch/shared.ts";
import { nativeSystem, type WatchEvents, type WatchSystem } from "../../src/watch/system.ts";
import { waitFor } from "../support/wait.ts";
import { Project } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

class Recorder implements DirectoryListener {
  readonly heard: string[] = [];

  changed(name: string | undefined): void {
    this.heard.push(name ?? "?");
  }

  lost(): void {
    this.heard.push("lost");
  }

  failed(error: Error): void {
    this.heard.push(error.message);
  }
}

/** The native system, counting its open handles. */
class CountingSystem implements WatchSystem {
  open = 0;

  watch(directory: string, events: WatchEvents) {
    this.open += 1;
    const handle = nativeSystem.watch(directory, events);
    return {
      close: () => {
        this.open -= 1;
        handle.close();
      },
    };
  }

  remote(): undefined {
    return undefined;
  }
}

test("two listeners share one watch, which ends with the last of them", () => {
  const system = new CountingSystem();
  const watches = new SharedWatches(system);
  const first = watches.subscribe(project.root, new Recorder());
  const second = watches.subscribe(project.root, new Recorder());
  expect(system.open).toBe(1);
  first.close();
  first.close();
  expect(system.open).toBe(1);
  second.close();
  expect(system.open).toBe(0);
});

test("everyone is told that a directory is gone, and its watch is closed", async () => {
  const system = new CountingSystem();
  const watches = new SharedWatches(system);
  mkdirSync(project.at("a"));
  const listeners = [new Recorder(), new Recorder()];
  for (const listener of listeners) watches.subscribe(project.at("a"), listener);
  rmSync(project.at("a"), { recursive: true });
  for (const { heard } of listeners) await waitFor("the loss", () => heard.includes("lost"));
  expect(system.open).toBe(0);
});

test("a newcomer never joins the watch of a directory that another one has replaced", async () => {
  const watches = new SharedWatches(nativeSystem);
  mkdirSync(project.at("parent/a"), { recursive: true });
  const old = new Recorder();
  watches.subscribe(project.at("parent/a"), old);
  // The directory itself is not told that its parent was renamed.
  renameSync(project.at("parent"), project.at("elsewhere"));
  mkdirSync(project.at("parent/a"), { recursive: true });
  const recorder = new Recorder();
  const subscription = watches.subscribe(project.at("parent/a"), recorder);
  expect(old.heard).toEqual(["lost"]);
  project.write("parent/a/file");
  await waitFor("the event", () => recorder.heard.includes("file"));
  subscription.close();
});

test("a directory that does not exist is refused with the system's code", () => {
  const watches = new SharedWatches(nativeSystem);
  expect(() => watches.subscribe(project.at("none"), new Recorder())).toThrow("ENOENT");
});
