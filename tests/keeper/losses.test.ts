import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { makeFifo } from "../../src/native/pipe.ts";
import { isAlive } from "../../src/process/identity.ts";
import { waitFor } from "../support/wait.ts";
import { gone, kill, Stage, type Status } from "./stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  await stage.launch();
});

afterEach(() => stage[Symbol.asyncDispose]());

test("A keeper that is killed is followed by another, which holds what it held", async () => {
  const first = await stage.next();
  const path = join(stage.home, "pipe.fifo");
  makeFifo(path);
  await stage.hold({ session: "a", run: 1, fifos: [path] });
  const second = await loseKeeper(first);
  expect(second).toMatchObject({ pid: first.pid, losses: 1 });
  await waitFor("the pipe to be held", () => hasOpen(second.keeper?.pid, path));
});

test("The second keeper follows its daemon as the first would have", async () => {
  const first = await stage.next();
  const child = await stage.spawn("exec sleep 600");
  const ending = await stage.spawn("exec sleep 600");
  await stage.hold({ session: "a", run: 1, leader: ending });
  const { keeper } = await loseKeeper(first);

  stage.setMode("hang");
  kill(first.pid);
  const hanging = await waitFor("a daemon of the second keeper", () => stage.starts()[1]);
  // No child of the second keeper's: only by looking it can know.
  kill(ending.pid, "SIGUSR1");
  const [record] = await waitFor("the end to be noted", () => {
    return stage.exits().length > 0 ? stage.exits() : undefined;
  });
  expect(record).toMatchObject({ ...ending, code: null, signal: "SIGUSR1" });

  stage.setMode("serve");
  kill(hanging.pid);
  const next = await stage.next(first.pid);
  expect(next.keeper?.pid).toBe(keeper?.pid);
  expect(isAlive(child)).toBe(true);
  // From now on it is the parent of the orphans again.
  const later = await stage.spawn("exec sleep 600");
  kill(next.pid);
  await stage.next(next.pid);
  kill(later.pid, "SIGUSR2");
  await waitFor("a later orphan to be noted", () => stage.exits().length === 2);
  expect(stage.exits()[1]).toMatchObject({ ...later, signal: "SIGUSR2" });
});

test("Keeper and daemon killed at once come back with the next client", async () => {
  for (let round = 1; round <= 10; round += 1) {
    const status = await stage.next();
    const child = await stage.spawn("exec sleep 600");
    const keeper = status.keeper ?? { pid: 0, startTime: 0 };
    // So that it cannot start another keeper between the two.
    kill(status.pid, "SIGSTOP");
    kill(keeper.pid);
    kill(status.pid);
    await gone(keeper);
    await waitFor("the daemon to be gone", () => !stage.processes().includes(status.pid));
    expect(JSON.parse(await stage.launch())).toMatchObject({ ok: true });
    expect((await stage.next(status.pid)).keeper).toMatchObject({ deaths: 0 });
    expect(isAlive(child)).toBe(true);
  }
});

test("Keepers that are killed again and again leave the daemon in peace", async () => {
  let status = await stage.next();
  const { pid } = status;
  for (let round = 1; round <= 20; round += 1) {
    status = await loseKeeper(status);
    expect(status).toMatchObject({ pid, losses: round });
  }
  expect(stage.starts()).toHaveLength(1);
});

test("A daemon that ends on purpose takes its second keeper along", async () => {
  const { keeper } = await loseKeeper(await stage.next());
  await stage.ask("stop");
  await gone(keeper ?? { pid: 0, startTime: 0 });
  await waitFor("nothing to be left", () => stage.processes().length === 0);
  expect(stage.starts()).toHaveLength(1);
});

test("A stop of the second keeper is a stop of its daemon", async () => {
  const { keeper } = await loseKeeper(await stage.next());
  kill(keeper?.pid ?? 0, "SIGTERM");
  await waitFor("nothing to be left", () => stage.processes().length === 0);
  expect(stage.terminations()).toBe(1);
  expect(stage.starts()).toHaveLength(1);
});

/** Kills the keeper; how things are when the daemon has another one. */
function loseKeeper({ keeper }: Status): Promise<Status> {
  kill(keeper?.pid ?? 0);
  return waitFor("another keeper", async () => {
    const status = await stage.status();
    return status.keeper && status.keeper.pid !== keeper?.pid ? status : undefined;
  });
}

function hasOpen(pid: number | undefined, path: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => readlinkSync(join(folder, fd)).startsWith(path));
  } catch {
    return false; // gone
  }
}
