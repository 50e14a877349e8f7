import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFifo } from "../../src/native/pipe.ts";
import { isAlive } from "../../src/process/identity.ts";
import { waitFor } from "../support/wait.ts";
import { kill, PROGRAM, Stage, type Status } from "./stage.ts";

let stage: Stage;
let first: Status;

beforeEach(async () => {
  stage = new Stage();
  await stage.launch();
  first = await stage.next();
});

afterEach(() => stage[Symbol.asyncDispose]());

test("The new executable takes the place of daemon and keeper, and nothing else changes", async () => {
  const path = join(stage.home, "pipe.fifo");
  makeFifo(path);
  const child = await stage.spawn("exec sleep 600");
  await stage.hold({ session: "a", run: 1, fifos: [path], leader: child });
  await stage.ask("upgrade", makeProgram("2"));

  const second = await stage.next(first.pid);
  const upgraded = await waitFor("the keeper to be the new one", async () => {
    const status = await stage.status();
    return status.keeper?.version === "2" ? status : undefined;
  });
  expect(upgraded.keeper).toMatchObject({ pid: stage.keeperPid, deaths: 0, problem: null });
  expect(upgraded.losses).toBe(0);
  expect(isAlive(child)).toBe(true);

  // It still is the parent of orphans, follows a daemon's death, and holds what was held.
  kill(second.pid);
  const third = await stage.next(second.pid);
  expect(third.keeper).toMatchObject({ pid: stage.keeperPid, version: "2", deaths: 1 });
  kill(child.pid, "SIGUSR1");
  await waitFor("the orphan's end", () => stage.exits().length > 0);
  expect(stage.exits()).toMatchObject([{ ...child, signal: "SIGUSR1" }]);
  expect(await stage.hold({ session: "a", run: 1, fifos: [path], leader: child })).toMatchObject({
    ended: { ...child, signal: "SIGUSR1" },
    problem: null,
  });
  kill(stage.keeperPid, "SIGTERM");
  expect(await stage.keeper?.exited).toBe(0);
  expect(stage.processes()).toEqual([]);
});

test("One upgrade may follow another", async () => {
  let status = first;
  for (const version of ["2", "3", "4"]) {
    await stage.ask("upgrade", makeProgram(version));
    status = await stage.next(status.pid);
    await waitFor("the keeper to follow", async () => {
      return (await stage.status()).keeper?.version === version;
    });
  }
  expect((await stage.status()).keeper?.pid).toBe(stage.keeperPid);
});

describe("The old executable serves again when the new one", () => {
  test.each([
    ["is not there", () => join(stage.home, "none")],
    ["ends at once", () => makeScript("exit 3")],
    ["ends at once and calls it a success", () => makeScript("exit 0")],
    ["is no program", () => makeFile("\0\x01\x02")],
    ["refuses to start", () => makeScript(`echo '{"ok":false,"message":"too old"}' >&3; exit 1`)],
    ["neither serves nor ends", () => makeScript("exec sleep 600")],
  ])("%s", async (_, make) => {
    const child = await stage.spawn("exec sleep 600");
    const binary = make();
    await stage.ask("upgrade", binary);
    const second = await stage.next(first.pid);
    expect(second.keeper).toMatchObject({ pid: stage.keeperPid, version: "1" });
    expect(second.keeper?.problem).toStartWith(`the upgrade to ${binary} failed: it `);
    expect(isAlive(child)).toBe(true);
    expect(stage.starts().some(({ setAside }) => setAside)).toBe(false);
    kill(second.pid);
    expect((await stage.next(second.pid)).keeper?.problem).toBeNull();
  });
});

test("A daemon that dies over its upgrade is followed by the new one all the same", async () => {
  await stage.ask("upgrade and die", makeProgram("2"));
  await stage.next(first.pid);
  await waitFor("the keeper to follow", async () => {
    return (await stage.status()).keeper?.version === "2";
  });
});

/** The same stand-in as one executable, of another version. */
function makeProgram(version: string): string {
  const path = join(stage.home, `korun-${version}`);
  return makeScript(
    `export STAND_IN_VERSION=${version} STAND_IN_PROGRAM=${path}
     exec ${process.execPath} ${PROGRAM} "$@"`,
    path,
  );
}

function makeScript(script: string, path?: string): string {
  return makeFile(`#!/bin/sh\n${script}\n`, path);
}

function makeFile(text: string, path = join(stage.home, "new")): string {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}
