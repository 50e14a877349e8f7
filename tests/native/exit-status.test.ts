import { afterEach, describe, expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { release } from "node:os";
import {
  decodeWaitStatus,
  endedBy,
  exitedWith,
  exitStatusOfPidfd,
} from "../../src/native/exit-status.ts";
import { openPidfd } from "../../src/native/pidfd.ts";
import { waitFor } from "../support/wait.ts";

/** Linux tells the exit status of a process that was reaped from 6.15 on. */
const [major = 0, minor = 0] = release().split(".").map(Number);
const tellsExits = process.platform === "linux" && (major > 6 || (major === 6 && minor >= 15));

const descriptors: number[] = [];
const children: Bun.Subprocess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
});

describe("a wait status says", () => {
  test.each([
    ["success", 0x0000, { code: 0, signal: null }],
    ["a code", 0x0700, { code: 7, signal: null }],
    ["the largest code", 0xff00, { code: 255, signal: null }],
    ["a signal", 0x000f, { code: null, signal: "SIGTERM" }],
    ["a signal with a core", 0x008b, { code: null, signal: "SIGSEGV" }],
    ["a real-time signal, by number", 0x0023, { code: null, signal: "SIG35" }],
  ])("%s", (_, status, expected) => {
    expect(decodeWaitStatus(status)).toEqual(expected);
  });
});

test("A signal with two names has the one that Bun gives it", async () => {
  for (const number of [6, 9, 15, 29, 31]) {
    const child = Bun.spawn(["sh", "-c", `kill -${number} $$`]);
    await child.exited;
    expect(endedBy(number)).toEqual({ code: null, signal: String(child.signalCode) });
  }
});

test.if(tellsExits)("A descriptor tells how a child ended that Bun has reaped", async () => {
  const child = start("read line; exit 42");
  const descriptor = open(child.pid);
  expect(exitStatusOfPidfd(descriptor)).toBeUndefined();
  child.stdin.write("\n");
  child.stdin.end();
  await child.exited;
  expect(exitStatusOfPidfd(descriptor)).toEqual(exitedWith(42));
});

test.if(tellsExits)("A descriptor tells of a process that is no child of ours", async () => {
  const parent = start("sleep 600 & echo $!; wait");
  const pid = Number(await firstLine(parent));
  const descriptor = open(pid);
  process.kill(pid, "SIGUSR1");
  await parent.exited;
  expect(exitStatusOfPidfd(descriptor)).toEqual(endedBy(10));
});

test.if(tellsExits)("A descriptor says nothing of a process until it is reaped", async () => {
  const parent = start("sleep 600 & echo $!; kill -STOP $$; wait");
  const pid = Number(await firstLine(parent));
  const descriptor = open(pid);
  await waitFor("the parent to stop", async () => (await stateOf(parent.pid)) === "T");
  process.kill(pid, "SIGKILL");
  await waitFor("a zombie", async () => (await stateOf(pid)) === "Z");
  expect(exitStatusOfPidfd(descriptor)).toBeUndefined();
  process.kill(parent.pid, "SIGCONT");
  await parent.exited;
  expect(exitStatusOfPidfd(descriptor)).toEqual(endedBy(9));
});

test("What is no process descriptor tells nothing", () => {
  expect(exitStatusOfPidfd(0)).toBeUndefined();
  expect(exitStatusOfPidfd(-1)).toBeUndefined();
});

function start(script: string) {
  const child = Bun.spawn(["sh", "-c", script], { stdin: "pipe", stdout: "pipe" });
  children.push(child);
  return child;
}

function open(pid: number): number {
  const descriptor = openPidfd(pid);
  if (descriptor === undefined) throw new Error(`there is no process ${pid}`);
  descriptors.push(descriptor);
  return descriptor;
}

async function firstLine(child: ReturnType<typeof start>): Promise<string> {
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value).trim();
}

async function stateOf(pid: number): Promise<string> {
  const stat = await Bun.file(`/proc/${pid}/stat`).text();
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
}
