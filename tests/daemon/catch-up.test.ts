import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { catchUp } from "../../src/daemon/catch-up.ts";
import { DaemonLog } from "../../src/daemon/daemon-log.ts";
import { KeptOutput } from "../../src/daemon/unknown-output.ts";
import { makeFifo } from "../../src/native/pipe.ts";
import { bootId, startTimeOf } from "../../src/process/identity.ts";
import type { Store } from "../../src/store/store.ts";
import { Home } from "../store/house.ts";
import { aRun, aSession } from "../store/samples.ts";

const AT = { time: 1, sessionId: null };

let home: Home;
let log: DaemonLog;
const children: Bun.Subprocess[] = [];

beforeEach(() => {
  home = new Home();
  log = new DaemonLog(join(home.folder, "daemon.log"));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  log.close();
  await home.close();
});

test("a run that the store has missed is gone on with", async () => {
  writeFileSync(`${home.path}.behind`, "");
  const store = home.open();
  const id = crypto.randomUUID();
  const session = aSession(id, { state: { phase: "running", run: 1, pid: 99 } });
  store.sessions.save(session);
  store.runs.save(id, { ...aRun(1), endedAt: null, end: null, outputAfter: null });
  const pid = leader(id, 2);
  const [found] = await catchUp(store, { sessions: keep(id), log });
  expect(found?.state).toEqual({ phase: "running", run: 2, pid });
  expect(found?.leader).toEqual({ pid, startTime: startTimeOf(pid) ?? 0 });
  expect(found?.books.createdAt).toBe(session.books.createdAt);
  expect(store.runs.of(id).map(({ number, end }) => [number, end?.kind ?? null])).toEqual([
    [1, "unknown"],
    [2, null],
  ]);
  expect(store.runs.find(id, 2)).toMatchObject({ pid, exitCode: null });
  expect(readFileSync(join(home.folder, "daemon.log"), "utf8")).toContain(`run 2 of session ${id}`);
  expect(store.problem).toBeNull();
});

test("a run that it knows is left as it is, and so is what a run left behind", async () => {
  const store = home.open();
  const id = crypto.randomUUID();
  const session = aSession(id, { state: { phase: "running", run: 2, pid: 99 } });
  store.sessions.save(session);
  leader(id, 1);
  leader(id, 2);
  expect(await catchUp(store, { sessions: keep(id), log })).toEqual([session]);
  expect(store.runs.of(id)).toEqual([]);
});

test("a session that it has missed altogether is gone on with, if it is of this home", async () => {
  const store = home.open();
  const [ours, another] = [crypto.randomUUID(), crypto.randomUUID()];
  const pid = leader(ours, 2, { KORUN_NAME: "web" });
  leader(another, 1);
  const options = { sessions: keep(ours), log };
  const [found, ...others] = await catchUp(store, options);
  const identity = { pid, startTime: startTimeOf(pid) ?? 0 };
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    ...{ id: ours, leader: identity, bootId: bootId() },
    state: { phase: "running", run: 2, pid },
    spec: { name: "web", command: ["sleep", "600"], cwd: process.cwd(), watch: [], ready: [] },
  });
  expect(found?.spec.inherited?.env.PATH).toBe(process.env.PATH ?? "");
  expect(store.runs.of(ours)).toMatchObject([{ number: 2, ...identity, end: null }]);
  expect(store.problem).toContain(`Session web (${ours}) was not known`);
  expect(store.problem).not.toContain(another);
  // From now on it is a session as any other.
  const next = home.reopen(store);
  next.events.append({ type: "daemon_started", pid: 1, version: "1", ...AT });
  expect(await catchUp(next, options)).toEqual(found === undefined ? [] : [found]);
  expect(next.problem).toBeNull();
});

test("output of sessions that it has lost is kept until somebody removes it", async () => {
  const [one, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const sessions = keep(one, other);
  let store = home.open();
  for (const _ of [1, 2, 3]) {
    expect(await catchUp(store, { sessions, log })).toEqual([]);
    store.events.append({ type: "daemon_started", pid: 1, version: "1", ...AT });
    expect(problemOf(store)).toContain(`output of 2 sessions that are not known any more`);
    expect(problemOf(store)).toContain(sessions);
    store = home.reopen(store);
  }
  const kept = new KeptOutput(sessions, { known: [] });
  rmSync(join(sessions, one), { recursive: true });
  expect(kept.problem).toContain(`any more: ${join(sessions, other)}.`);
  rmSync(join(sessions, other), { recursive: true });
  expect(kept.problem).toBeNull();
});

test.each([
  ["damaged", () => writeFileSync(home.path, "garbage")],
  ["behind when its daemon was killed", () => writeFileSync(`${home.path}.behind`, "")],
])("so is that of a store that was %s", async (_, lose) => {
  const before = home.open();
  before.events.append({ type: "daemon_started", pid: 1, version: "1", ...AT });
  before.close();
  lose();
  const id = crypto.randomUUID();
  const sessions = keep(id);
  const store = home.open();
  await catchUp(store, { sessions, log });
  store.caughtUp();
  const next = home.reopen(store);
  next.events.append({ type: "daemon_started", pid: 1, version: "1", ...AT });
  expect(next.isComplete).toBe(true);
  await catchUp(next, { sessions, log });
  expect(readdirSync(sessions)).toEqual([id]);
  expect(problemOf(next)).toContain(join(sessions, id));
});

test("so it is as long as a damaged file lies there, though no sign could be left", async () => {
  const id = crypto.randomUUID();
  const sessions = keep(id);
  writeFileSync(home.path, "garbage");
  const store = home.open();
  await catchUp(store, { sessions, log });
  rmSync(join(sessions, id, "unknown"));
  store.events.append({ type: "daemon_started", pid: 1, version: "1", ...AT });
  const next = home.reopen(store);
  await catchUp(next, { sessions, log });
  expect(problemOf(next)).toContain(join(sessions, id));
});

test("output of a session that is known again is nothing to remove", async () => {
  const id = crypto.randomUUID();
  const sessions = keep(id);
  const store = home.open();
  await catchUp(store, { sessions, log });
  store.sessions.save(aSession(id));
  expect(problemOf(store)).toBeNull();
});

test("what lives of a session that a sound store does not know keeps all output", async () => {
  const store = home.open();
  const [known, living, another] = [1, 2, 3].map(() => crypto.randomUUID()) as [
    string,
    string,
    string,
  ];
  store.sessions.save(aSession(known));
  store.events.append({ type: "daemon_started", pid: 1, version: "1", ...AT });
  leader(living, 1);
  const sessions = keep(known, living, another);
  const found = await catchUp(store, { sessions, log });
  expect(found.map(({ id }) => id)).toEqual([known, living]);
  expect(problemOf(store)).toContain(join(sessions, another));
  expect(readdirSync(sessions)).toHaveLength(3);
});

test("a session that lives in a home of which this one is a copy is left to that one", async () => {
  const id = crypto.randomUUID();
  const sessions = keep(id);
  const theirs = join(home.folder, "theirs", id);
  mkdirSync(theirs, { recursive: true });
  for (const folder of [theirs, join(sessions, id)]) makeFifo(join(folder, "stdout.fifo"));
  const stdout = openSync(join(theirs, "stdout.fifo"), constants.O_RDWR);
  leader(id, 1, {}, stdout);
  closeSync(stdout);
  const store = home.open();
  expect(await catchUp(store, { sessions, log })).toEqual([]);
  expect(readdirSync(sessions)).toEqual([id]);
  expect(store.sessions.ids()).toEqual([]);
});

test("what is left of a making or removal that was cut short is removed", async () => {
  const store = home.open();
  const [known, unknown] = [crypto.randomUUID(), crypto.randomUUID()];
  store.sessions.save(aSession(known));
  store.events.append({ type: "daemon_started", pid: 1, version: "1", ...AT });
  const sessions = keep(known, unknown);
  await catchUp(store, { sessions, log });
  expect(readdirSync(sessions)).toEqual([known]);
  expect(store.problem).toBeNull();
});

/** A folder with output of these sessions. */
function keep(...ids: readonly string[]): string {
  const sessions = join(home.folder, "sessions");
  for (const id of ids) mkdirSync(join(sessions, id), { recursive: true });
  return sessions;
}

/** What the daemon says beside its own troubles. */
function problemOf(store: Store): string | null {
  return new KeptOutput(join(home.folder, "sessions"), { known: store.sessions.ids() }).problem;
}

/** A process that leads a group of its own, and carries what a session's leader does. */
function leader(
  sessionId: string,
  run: number,
  env: Record<string, string> = {},
  stdout: number | "ignore" = "ignore",
): number {
  const child = Bun.spawn(["sleep", "600"], {
    detached: true,
    env: { PATH: process.env.PATH, KORUN_SESSION_ID: sessionId, KORUN_RUN: String(run), ...env },
    stdio: ["ignore", stdout, "ignore"],
  });
  children.push(child);
  return child.pid;
}
