import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catchUp } from "../../src/daemon/catch-up.ts";
import { DaemonLog } from "../../src/daemon/daemon-log.ts";
import { startTimeOf } from "../../src/process/identity.ts";
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

test("what lives of a session that it has missed altogether is told, if it is of this home", async () => {
  const store = home.open();
  const [ours, another] = [crypto.randomUUID(), crypto.randomUUID()];
  const pid = leader(ours, 1);
  leader(another, 1);
  expect(await catchUp(store, { sessions: keep(ours), log })).toEqual([]);
  expect(store.problem).toContain(`Session ${ours} is not known any more`);
  expect(store.problem).toContain(`(pid ${pid})`);
  expect(store.problem).not.toContain(another);
});

test("a store that was lost at rest says so, and what was kept is left for a while", async () => {
  const sessions = keep(crypto.randomUUID(), crypto.randomUUID());
  const store = home.open();
  expect(await catchUp(store, { sessions, log })).toEqual([]);
  expect(store.problem).toContain(`output of 2 sessions in ${sessions}`);
  expect(readdirSync(sessions)).toHaveLength(2);
});

test("what lives of a session that a sound store does not know keeps its output", async () => {
  const store = home.open();
  const [known, living, another] = [1, 2, 3].map(() => crypto.randomUUID()) as [
    string,
    string,
    string,
  ];
  store.sessions.save(aSession(known));
  store.events.append({ type: "daemon_started", pid: 1, version: "1", ...AT });
  const pid = leader(living, 1);
  const sessions = keep(known, living, another);
  expect(await catchUp(store, { sessions, log })).toHaveLength(1);
  expect(store.problem).toContain(`(pid ${pid})`);
  expect(readdirSync(sessions)).toHaveLength(3);
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

/** A process that leads a group of its own, and carries what a session's leader does. */
function leader(sessionId: string, run: number): number {
  const child = Bun.spawn(["sleep", "600"], {
    detached: true,
    env: { PATH: process.env.PATH, KORUN_SESSION_ID: sessionId, KORUN_RUN: String(run) },
    stdio: ["ignore", "ignore", "ignore"],
  });
  children.push(child);
  return child.pid;
}
