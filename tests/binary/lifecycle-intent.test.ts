// stop, restart and file changes in any order and at any speed: the last intent is what becomes of
// the session, and there is never more than one child of it.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionReply } from "../../src/api/replies.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { act, create, inspect, send, shell, until, untilExited } from "./support/api.ts";
import { livingOf } from "./support/processes.ts";

const SLEEP = { command: ["sleep", "600"] };
/** A session that is restarted by its file, at once. */
const WATCHING = { ...SLEEP, watch: ["file"], debounce: 1 };

let saves = 0;

function save(korun: Korun, file = "file"): void {
  saves += 1;
  writeFileSync(join(korun.work, file), `version ${saves}`);
}

/**
 * Lets pass what a save can cause, without a clock: the canary watches the same folder and waits
 * for quiet ten times longer at least, so when it has restarted others would have long before.
 */
class Canary {
  readonly #korun: Korun;
  readonly #id: string;

  static async make(korun: Korun): Promise<Canary> {
    save(korun, "canary");
    return new Canary(korun, await create(korun, { ...SLEEP, watch: ["."], debounce: 200 }));
  }

  private constructor(korun: Korun, id: string) {
    this.#korun = korun;
    this.#id = id;
  }

  async sees(saved: () => void): Promise<void> {
    const { run } = await inspect(this.#korun, this.#id);
    saved();
    await until(this.#korun, this.#id, (it) => it.run > run && it.state === "running");
  }
}

/** Nothing lives, and nothing will start. */
async function expectAtRest(korun: Korun, { id, canary }: { id: string; canary: Canary }) {
  await canary.sees(() => save(korun, "canary"));
  const session = await inspect(korun, id);
  expect(session.state).toBe("exited");
  expect(livingOf(id)).toEqual([]);
}

/** One child lives, the one that is shown. */
async function expectOneChild(korun: Korun, id: string): Promise<SessionReply> {
  const session = await waitFor("one child, as shown", async () => {
    const { state, pid } = await inspect(korun, id);
    const living = livingOf(id);
    expect(living.length).toBeLessThanOrEqual(1);
    return state === "running" && living[0] === pid ? await inspect(korun, id) : undefined;
  });
  expect(session.restart_count).toBe(session.manual_restart_count + session.watch_restart_count);
  expect(session.run).toBe(session.restart_count + 1);
  return session;
}

test("a stop during a restart ends stopped, a restart during a stop ends running", async () => {
  await using korun = new Korun();
  const id = await create(korun, SLEEP);
  for (let round = 0; round < 10; round += 1) {
    await act(korun, id, "restart");
    expect(await act(korun, id, "stop?wait=1")).toMatchObject({ state: "exited" });
    expect(livingOf(id)).toEqual([]);
    await act(korun, id, "restart?wait=1");
    await act(korun, id, "stop");
    expect(await act(korun, id, "restart?wait=1")).toMatchObject({ state: "running" });
    await expectOneChild(korun, id);
  }
});

test("commands given one after another, none waited for, end as the last one says", async () => {
  await using korun = new Korun();
  const id = await create(korun, { ...shell("trap '' TERM; sleep 600 & wait"), grace: 30 });
  for (const last of ["stop", "restart"]) {
    for (const action of ["restart", "stop", "restart", "restart", "stop", "restart", last]) {
      const { state } = await act(korun, id, action);
      expect([action, state]).toEqual([action, action === "stop" ? "stopping" : "starting"]);
    }
    const wanted = last === "stop" ? "exited" : "running";
    await until(korun, id, ({ state }) => state === wanted);
    if (last === "stop") expect(livingOf(id)).toEqual([]);
  }
  await act(korun, id, "stop?wait=1&force=1");
});

test("who waits for a stop that is overtaken by a restart is told that it runs", async () => {
  await using korun = new Korun();
  const slow = "trap 'until [ -e go ]; do sleep 0.01; done; exit' TERM; echo up; sleep 600 & wait";
  const id = await create(korun, { ...shell(slow), grace: "30m" });
  await until(korun, id, (it) => it.stdout_lines === 1);
  const stop = act(korun, id, "stop?wait=1");
  await until(korun, id, ({ state }) => state === "stopping");
  await act(korun, id, "restart");
  save(korun, "go");
  expect((await stop).state).toBe("running");
  expect(await inspect(korun, id)).toMatchObject({ state: "running", run: 2 });
});

test("who waits for a restart that is overtaken by a stop is told that it does not run", async () => {
  await using korun = new Korun();
  const slow = "trap 'until [ -e go ]; do sleep 0.01; done; exit' TERM; echo up; sleep 600 & wait";
  const id = await create(korun, { ...shell(slow), name: "slow", grace: "30m" });
  await until(korun, id, (it) => it.stdout_lines === 1);
  const restart = korun.spawn(["restart", "slow", "--json"]);
  await until(korun, id, ({ state }) => state === "stopping");
  await act(korun, id, "stop");
  save(korun, "go");
  expect(await restart.exited).toBe(1);
  expect(await new Response(restart.stdout).text()).toBe("");
  expect(await new Response(restart.stderr).text()).toBe(
    "korun: Session slow does not run: somebody stopped it during its restart\n" +
      "  Start it again with: korun restart slow\n",
  );
  expect(await inspect(korun, id)).toMatchObject({
    ...{ state: "exited", run: 1, lost: false },
    ...{ last_end: { kind: "stop" }, called_off: "stop" },
  });
  expect(await korun.ok(["why", "slow"])).toContain("since somebody stopped it.");
});

for (const last of ["stop", "restart"] as const) {
  test(`a storm of stops, restarts and saves from everywhere ends with the last ${last}`, async () => {
    await using korun = new Korun();
    save(korun);
    const canary = await Canary.make(korun);
    const id = await create(korun, WATCHING);
    const random = seeded(last.length);
    for (let storm = 0; storm < 5; storm += 1) {
      await Promise.all(Array.from({ length: 6 }, () => rage(korun, { id, random })));
      await act(korun, id, "restart");
      await act(korun, id, `${last}?wait=1`);
      if (last === "stop") expect(livingOf(id)).toEqual([]);
      else await expectOneChild(korun, id);
    }
    if (last === "stop") await expectAtRest(korun, { id, canary });
    else await canary.sees(() => save(korun, "canary"));
    if (last === "restart") await expectOneChild(korun, id);
  });
}

/** One of several that do what they like with a session at the same time. */
async function rage(korun: Korun, { id, random }: { id: string; random: () => number }) {
  const deeds = [
    "stop",
    "stop?wait=1",
    "stop?force=1",
    "restart",
    "restart?wait=1",
    "save",
    "save",
  ];
  for (let deed = 0; deed < 8; deed += 1) {
    const action = deeds[Math.floor(random() * deeds.length)] ?? "save";
    if (action === "save") {
      save(korun);
    } else {
      const { status } = await send(korun, "POST", { path: `/v1/sessions/${id}/${action}` });
      // A stop of what is at rest already, or a restart that a stop of another one overtook.
      const refused = action.startsWith("stop") || action === "restart?wait=1";
      expect(status === 200 || (status === 409 && refused)).toBe(true);
    }
  }
}

test("after a stop a save restarts nothing", async () => {
  await using korun = new Korun();
  save(korun);
  const canary = await Canary.make(korun);
  const id = await create(korun, WATCHING);
  await act(korun, id, "stop?wait=1");
  expect((await inspect(korun, id)).watching.state).toBe("disarmed");
  await canary.sees(() => save(korun));
  expect(await inspect(korun, id)).toMatchObject({ state: "exited", run: 1, restart_count: 0 });
  expect(livingOf(id)).toEqual([]);
});

test("a save just before a stop restarts nothing either", async () => {
  await using korun = new Korun();
  save(korun);
  const canary = await Canary.make(korun);
  const id = await create(korun, { ...WATCHING, debounce: 20 });
  for (let round = 0; round < 5; round += 1) {
    save(korun);
    await act(korun, id, "stop?wait=1");
    await expectAtRest(korun, { id, canary });
    await act(korun, id, "restart?wait=1");
  }
});

test("a restart after a stop arms the watch again", async () => {
  await using korun = new Korun();
  save(korun);
  const id = await create(korun, WATCHING);
  await act(korun, id, "stop?wait=1");
  await act(korun, id, "restart?wait=1");
  save(korun);
  const session = await until(korun, id, (it) => it.run === 3 && it.state === "running");
  expect(session).toMatchObject({ manual_restart_count: 1, watch_restart_count: 1 });
});

test("after a crash, an exit and a failed start a save starts it again", async () => {
  await using korun = new Korun();
  save(korun);
  const ends: [command: string[], end: Partial<SessionReply>][] = [
    [["sh", "-c", "kill -SEGV $$"], { state: "exited", term_signal: "SIGSEGV" }],
    [["sh", "-c", "exit 1"], { state: "exited", exit_code: 1 }],
    [["true"], { state: "exited", exit_code: 0 }],
    [["./no-such-program"], { state: "failed" }],
  ];
  for (const [command, end] of ends) {
    const id = await create(korun, { ...WATCHING, command });
    expect(await until(korun, id, ({ state }) => state === end.state)).toMatchObject(end);
    save(korun);
    const again = await until(korun, id, (it) => it.run === 2 && it.state === end.state);
    expect(again).toMatchObject({ ...end, watch_restart_count: 1 });
    await act(korun, id, "stop");
  }
});

test("a stop of a crashed session disarms its watch; only the next one is a conflict", async () => {
  await using korun = new Korun();
  save(korun);
  const canary = await Canary.make(korun);
  const id = await create(korun, { ...WATCHING, command: ["false"] });
  expect((await untilExited(korun, id)).watching.state).toBe("armed");
  expect(await act(korun, id, "stop")).toMatchObject({ state: "exited" });
  expect((await inspect(korun, id)).watching.state).toBe("disarmed");
  expect((await send(korun, "POST", { path: `/v1/sessions/${id}/stop` })).status).toBe(409);
  await canary.sees(() => save(korun));
  expect(await inspect(korun, id)).toMatchObject({ run: 1, exit_code: 1 });
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
