import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileLock, readLockFile } from "../../src/native/lock.ts";

const HOLDER = join(import.meta.dir, "../daemon/fixtures/lock-holder.ts");

let folder: string;
let path: string;
const started: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-lock-"));
  path = join(folder, "lock");
});

afterEach(() => {
  for (const pid of started.splice(0)) kill(pid);
  rmSync(folder, { recursive: true, force: true });
});

test("a lock is taken once", () => {
  const lock = FileLock.tryTake(path);
  expect(lock).toBeDefined();
  expect(FileLock.tryTake(path)).toBeUndefined();
  lock?.release();
  const again = FileLock.tryTake(path);
  expect(again).toBeDefined();
  again?.release();
});

test("a lock that was given back twice does not take a later holder's away", () => {
  const first = FileLock.tryTake(path);
  first?.release();
  const second = FileLock.tryTake(path);
  second?.write("second");
  first?.release();
  expect(FileLock.tryTake(path)).toBeUndefined();
  expect(readLockFile(path)).toBe("second");
  expect(() => first?.write("first")).toThrow("was given back");
  second?.release();
});

test("a lock file says what its holder wrote last, and nothing once it was given back", () => {
  const lock = FileLock.tryTake(path);
  lock?.write("a long first text");
  lock?.write("short");
  expect(readLockFile(path)).toBe("short");
  lock?.release();
  expect(readLockFile(path)).toBe("");
  expect(readLockFile(join(folder, "none"))).toBeUndefined();
});

test("looking whether a lock is taken makes nothing, and leaves what the last holder said", () => {
  expect(FileLock.isTaken(path)).toBe(false);
  expect(existsSync(path)).toBe(false);
  const lock = FileLock.tryTake(path);
  lock?.write("held");
  expect(FileLock.isTaken(path)).toBe(true);
  lock?.release();
  writeFileSync(path, "what a killed holder said");
  expect(FileLock.isTaken(path)).toBe(false);
  expect(readLockFile(path)).toBe("what a killed holder said");
});

test("a lock file is for its user alone", () => {
  FileLock.tryTake(path)?.release();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("the lock of a killed process is free, and says who held it", async () => {
  const { holder } = await hold();
  expect(FileLock.tryTake(path)).toBeUndefined();
  kill(holder.pid);
  await holder.exited;
  expect(readLockFile(path)).toBe("held by a fixture");
  const lock = FileLock.tryTake(path);
  expect(lock).toBeDefined();
  lock?.release();
});

test("a child of the holder that outlives it does not keep the lock", async () => {
  const { holder, child } = await hold("sleep", "60");
  kill(holder.pid);
  await holder.exited;
  expect(process.kill(child, 0)).toBe(true);
  const lock = FileLock.tryTake(path);
  expect(lock).toBeDefined();
  lock?.release();
});

test("a lock whose file was removed excludes nobody, and the new file's does", async () => {
  await hold();
  renameSync(path, `${path}.old`);
  const lock = FileLock.tryTake(path);
  expect(lock).toBeDefined();
  expect(FileLock.tryTake(path)).toBeUndefined();
  lock?.release();
});

test("a link in the place of a lock file is refused", () => {
  symlinkSync(join(folder, "elsewhere"), path);
  expect(() => FileLock.tryTake(path)).toThrow("ELOOP");
  expect(existsSync(join(folder, "elsewhere"))).toBe(false);
});

/** Has another process take the lock, and start a command if one is given. */
async function hold(...command: string[]) {
  const holder = Bun.spawn([process.execPath, HOLDER, path, ...command], { stdout: "pipe" });
  started.push(holder.pid);
  const reader = holder.stdout.getReader();
  const first = await reader.read();
  reader.releaseLock();
  const said = JSON.parse(new TextDecoder().decode(first.value));
  expect(said.taken).toBe(true);
  if (said.child !== undefined) started.push(said.child);
  return { holder, child: said.child as number };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
