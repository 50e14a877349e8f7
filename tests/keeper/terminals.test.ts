// What has no path, and what a child must not see the end of: terminals and the inputs of pipes, in
// the keeper's hands.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, closeSync, constants, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFifo } from "../../src/native/pipe.ts";
import { isAlive } from "../../src/process/identity.ts";
import type { ProcessIdentity } from "../../src/process/process-info.ts";
import { waitFor } from "../support/wait.ts";
import { gone, kill, PROGRAM, Stage, type Status } from "./stage.ts";

const RUN = { session: "a", run: 1 };

let stage: Stage;
let first: Status;

beforeEach(async () => {
  stage = new Stage();
  await stage.launch();
  first = await stage.next();
});

afterEach(() => stage[Symbol.asyncDispose]());

describe.if(process.platform === "linux")("A terminal", () => {
  test("outlives the daemon, and is its next one's", async () => {
    const child = await startEcho();
    await kill9(first.pid);
    await expectEcho(child, await claim());
  });

  test("outlives one daemon after the other", async () => {
    const child = await startEcho();
    let { pid } = first;
    for (let round = 0; round < 5; round += 1) {
      pid = await kill9(pid);
      await expectEcho(child, await claim());
    }
  });

  test("outlives the keeper, whose successor is handed it", async () => {
    const child = await startEcho();
    await loseKeeper(first);
    const second = await loseKeeper(await stage.status());
    await kill9(second.pid);
    await expectEcho(child, await claim());
  });

  test("outlives an upgrade, and the keeper that became the new version", async () => {
    const child = await startEcho();
    await stage.ask("upgrade", makeProgram("2"));
    const second = await stage.next(first.pid);
    await waitFor("the keeper to follow", async () => {
      return (await stage.status()).keeper?.version === "2";
    });
    await expectEcho(child, await claim());
    await kill9(second.pid);
    await expectEcho(child, await claim());
  });

  test("can be claimed by several runs, each its own, and by nobody who has none", async () => {
    const children = [];
    for (const run of [1, 2, 3]) children.push(await startEcho({ session: "a", run }));
    await kill9(first.pid);
    expect(await stage.ask("claim", { session: "a", run: 4 })).toBeNull();
    expect(await stage.ask("claim", { session: "b", run: 1 })).toBeNull();
    for (const run of [3, 1, 2]) {
      const child = children[run - 1];
      if (child === undefined) throw new Error("there is no such run");
      await expectEcho(child, await claim({ session: "a", run }));
    }
  });

  test("hangs up once its run is dropped", async () => {
    const child = await startEcho();
    await stage.ask("drop", RUN);
    expect(await stage.ask("claim", RUN)).toBeNull();
    expect(isAlive(child)).toBe(true);
    await stage.ask("close", child.master);
    await gone(child);
  });

  test("hangs up when daemon and keeper are killed at once", async () => {
    const child = await startEcho();
    kill(first.pid, "SIGSTOP");
    kill(stage.keeperPid);
    kill(first.pid);
    await gone(child);
  });
});

describe("The input of a pipe", () => {
  test("does not end with the daemon, and does when it was sent to", async () => {
    const path = join(stage.home, "input.fifo");
    makeFifo(path);
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    expect(await stage.hold({ ...RUN, inputs: [path] })).toMatchObject({
      ended: null,
      problem: null,
    });
    const pid = await kill9(first.pid);
    // A pipe with a writer has nothing now; one without has its end.
    expect(() => readSync(reading, Buffer.alloc(1))).toThrow("EAGAIN");
    await stage.hold({ ...RUN, inputs: [path] });
    await stage.ask("endInput", RUN.session);
    await waitFor("the end", () => ended(reading));
    // The next keeper is not asked for it any more.
    await loseKeeper(await stage.status());
    await stage.hold({ ...RUN });
    expect(ended(reading)).toBe(true);
    expect((await stage.status()).pid).toBe(pid);
    closeSync(reading);
  });

  test("that nobody reads cannot be held, and that is said", async () => {
    const path = join(stage.home, "input.fifo");
    makeFifo(path);
    const held = await stage.hold({ ...RUN, inputs: [path] });
    expect(held?.problem).toStartWith(`cannot hold ${path}: ENXIO`);
  });
});

type Child = ProcessIdentity & { readonly master: number };

/** A program that says each word that is typed. */
function startEcho(run = RUN): Promise<Child> {
  const script = 'stty -echo; while read word; do echo "<$word>"; done';
  return stage.ask("terminal", { ...run, script });
}

async function expectEcho(child: Child, fd: number): Promise<void> {
  const text = crypto.randomUUID();
  await stage.ask("type", { fd, text: `${text}\r` });
  let shown = "";
  await waitFor("the word to come back", async () => {
    shown += await stage.ask<string>("read", fd);
    return shown.includes(`<${text}>`);
  });
  expect(isAlive(child)).toBe(true);
}

async function claim(run = RUN): Promise<number> {
  return await stage.ask<number>("claim", run);
}

/** Kills a daemon; the pid of the next one. */
async function kill9(pid: number): Promise<number> {
  kill(pid);
  return (await stage.next(pid)).pid;
}

/** Kills the keeper; how things are when the daemon has another one. */
function loseKeeper({ keeper }: Status): Promise<Status> {
  kill(keeper?.pid ?? 0);
  return waitFor("another keeper", async () => {
    const status = await stage.status();
    return status.keeper && status.keeper.pid !== keeper?.pid ? status : undefined;
  });
}

function ended(reading: number): boolean {
  try {
    return readSync(reading, Buffer.alloc(1)) === 0;
  } catch {
    return false;
  }
}

/** The stand-in as another version. */
function makeProgram(version: string): string {
  const path = join(stage.home, `version-${version}`);
  const command = `exec "${process.execPath}" "${PROGRAM}" "$@"`;
  const env = `STAND_IN_VERSION=${version} STAND_IN_PROGRAM="${path}"`;
  writeFileSync(path, `#!/bin/sh\nexport ${env}\n${command}\n`);
  chmodSync(path, 0o755);
  return path;
}
