import { afterEach, expect, test } from "bun:test";
import { closeSync, constants, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyDescriptor } from "../../src/native/descriptor.ts";
import { receiveDescriptor, sendDescriptor } from "../../src/native/descriptor-passing.ts";
import { waitFor } from "../support/wait.ts";

const FIXTURE = join(import.meta.dir, "fixtures/take-and-write.ts");

const onLinux = test.if(process.platform === "linux");

const open: number[] = [];
const children: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const fd of open.splice(0)) closeSync(fd);
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

/** One end of a pair of sockets whose other end a process has at descriptor 3. */
function socketTo(command: readonly string[]): number {
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  children.push(child);
  return Number(child.stdio[3]);
}

function openFile(): { fd: number; path: string } {
  const path = join(tmpdir(), `korun-passing-${process.pid}-${open.length}`);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC);
  open.push(fd);
  return { fd, path };
}

onLinux("A descriptor reaches another process, which has the same open file then", async () => {
  const { fd, path } = openFile();
  rmSync(path);
  const socket = socketTo([process.execPath, FIXTURE]);
  expect(sendDescriptor(socket, { tag: 77, fd })).toBe(true);
  const text = await waitFor("the other process to write", () =>
    readFileSync(`/proc/self/fd/${fd}`, "utf8"),
  );
  expect(text).toBe("written with tag 77");
});

onLinux("What comes back is a copy of what was sent, with its tag, in order", async () => {
  const socket = socketTo([process.execPath, FIXTURE, "--back"]);
  expect(receiveDescriptor(socket)).toBeUndefined();
  const [one, other] = [openFile(), openFile()];
  writeSync(one.fd, "one");
  writeSync(other.fd, "other");
  sendDescriptor(socket, { tag: 1, fd: one.fd });
  sendDescriptor(socket, { tag: 4_000_000_000, fd: other.fd });
  for (const [tag, text] of [
    [1, "one"],
    [4_000_000_000, "other"],
  ] as const) {
    const handed = await waitFor("a descriptor to come back", () => receiveDescriptor(socket));
    open.push(handed.fd);
    expect(handed.tag).toBe(tag);
    const bytes = Buffer.alloc(16);
    expect(bytes.toString("utf8", 0, readSync(handed.fd, bytes, 0, 16, 0))).toBe(text);
    expect(readFileSync(`/proc/self/fdinfo/${handed.fd}`, "utf8")).toMatch(/flags:\s+02[0-7]*/);
  }
  rmSync(one.path);
  rmSync(other.path);
});

onLinux("Sending to a process that is gone, and what is not open, fails quietly", async () => {
  const socket = socketTo(["true"]);
  await children[0]?.exited;
  const { fd, path } = openFile();
  rmSync(path);
  expect(sendDescriptor(socket, { tag: 1, fd })).toBe(false);
  expect(receiveDescriptor(socket)).toBeUndefined();
  const living = socketTo(["sleep", "600"]);
  expect(sendDescriptor(living, { tag: 1, fd: 9_999 })).toBe(false);
});

test("A copy of a descriptor lives on when the first one is closed", () => {
  const { fd, path } = openFile();
  rmSync(path);
  const copy = copyDescriptor(fd);
  closeSync(open.pop() ?? -1);
  open.push(copy);
  writeSync(copy, "still");
  expect(() => copyDescriptor(9_999)).toThrow("cannot copy descriptor 9999");
});
