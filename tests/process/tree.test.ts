import { afterEach, expect, test } from "bun:test";
import { requestScan, rescanProcesses, scanProcesses } from "../../src/process/tree.ts";
import { waitFor } from "../support/wait.ts";
import { BUN, cleanUp, DETACH, identify, LISTENER, startSession } from "./sessions.ts";

afterEach(cleanUp);

const NOBODY = "00000000-0000-0000-0000-000000000000";

function pidsOf(processes: readonly { readonly pid: number }[]): readonly number[] {
  return processes.map((process) => process.pid).toSorted((a, b) => a - b);
}

test("A session's processes are its leader and everything that descends from it", async () => {
  const session = startSession(["sh", "-c", "sh -c 'sleep 600 & echo $!; wait' & echo $!; wait"]);
  await waitFor("two pids", () => session.output().split("\n").length === 3);
  const expected = [session.leader.pid, ...session.output().trim().split("\n").map(Number)];
  const members = scanProcesses().session({ sessionId: NOBODY, leader: session.leader });
  expect(pidsOf(members)).toEqual(expected.toSorted((a, b) => a - b));
});

test("A process that left the group is found by the session's id, and what it started too", async () => {
  const session = startSession([
    BUN,
    DETACH,
    "leave",
    "run",
    "sh",
    "-c",
    `'${BUN}' '${LISTENER}'; :`,
  ]);
  const [, pid] = await session.printed(/^(\d+) \d+$/m);
  await session.exited;
  const { parent } = scanProcesses().get(Number(pid)) ?? { parent: 0 };
  const members = scanProcesses().session({ ...session, leader: undefined });
  expect(pidsOf(members)).toEqual([parent, Number(pid)].toSorted((a, b) => a - b));
});

test("A daemon and what it started are no part of the session they come from", async () => {
  const session = startSession([
    BUN,
    DETACH,
    "daemon",
    "run",
    "sh",
    "-c",
    `'${BUN}' '${LISTENER}'; :`,
  ]);
  const [, pid] = await session.printed(/^(\d+) \d+$/m);
  const { parent } = scanProcesses().get(Number(pid)) ?? { parent: 0 };
  identify(Number(pid));
  identify(parent);
  expect(pidsOf(scanProcesses().session(session))).toEqual([session.leader.pid]);
});

test("A leader that calls itself a daemon is still the leader", async () => {
  const env = { PATH: process.env.PATH ?? "", KORUN_DAEMON: "1" };
  const session = startSession(["sleep", "600"], { env });
  expect(pidsOf(scanProcesses().session(session))).toEqual([session.leader.pid]);
});

test("This very process is never part of a session", () => {
  const self = scanProcesses().get(process.pid);
  expect(self).toBeDefined();
  const extra = self === undefined ? [] : [self];
  const members = scanProcesses().session({ sessionId: NOBODY, leader: undefined, extra });
  expect(members).toEqual([]);
});

test("A leader whose pid is used again has no group any more", async () => {
  const { leader } = startSession(["sleep", "600"]);
  const earlier = { pid: leader.pid, startTime: leader.startTime - 1 };
  expect(scanProcesses().session({ sessionId: NOBODY, leader: earlier })).toEqual([]);
});

test("A member of the group belongs to the session after its leader's death, whatever its environment", async () => {
  const session = startSession(["sh", "-c", "env -i sleep 600 & echo $!"]);
  await session.exited;
  expect(pidsOf(scanProcesses().session(session))).toEqual([Number(session.output())]);
});

test("Those who ask at the same time share a scan, those who ask later get a later one", async () => {
  const [first, second] = await Promise.all([requestScan(), requestScan()]);
  expect(second).toBe(first);
  const session = startSession(["sleep", "600"]);
  const third = await requestScan();
  expect(first.find(session.leader)).toBeUndefined();
  expect(third.find(session.leader)).toBeDefined();
});

test("A scan for less sees who came, who went, and those that are looked at again", async () => {
  const busy = startSession(["sh", "-c", "while :; do :; done"]);
  const other = startSession(["sh", "-c", "while :; do :; done"]);
  const goes = startSession(["sh", "-c", "read -r _ < /dev/zero"]);
  const before = await waitFor("the time that they take", () => {
    const table = scanProcesses();
    const used = [busy, other].map(({ leader }) => table.find(leader)?.cpuMs ?? 0);
    return used.every((ms) => ms > 0) ? table : undefined;
  });
  const comes = startSession(["sleep", "600"]);
  process.kill(goes.leader.pid, "SIGKILL");
  await goes.exited;
  const table = await waitFor("more time", () => {
    const again = [busy, goes].flatMap(({ leader }) => before.find(leader) ?? []);
    const later = rescanProcesses(before, again);
    const more = (later.find(busy.leader)?.cpuMs ?? 0) > (before.find(busy.leader)?.cpuMs ?? 0);
    return more ? later : undefined;
  });
  expect(table.find(other.leader)).toBe(before.find(other.leader));
  expect(table.find(goes.leader)).toBeUndefined();
  expect(pidsOf(table.session({ ...comes, leader: undefined }))).toEqual([comes.leader.pid]);
});

test("A process started after a request and before its scan is seen", async () => {
  const scan = requestScan();
  const session = startSession(["sleep", "600"]);
  expect((await scan).find(session.leader)).toBeDefined();
});
