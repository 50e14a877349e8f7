import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Paths, resolvePaths, thisMachine } from "../../src/daemon/paths.ts";
import { preparePaths, prepareSocketFolder, removeSocketFolder } from "../../src/daemon/prepare.ts";
import { Problem } from "../../src/domain/problem.ts";

const isRoot = process.geteuid?.() === 0;
const STRANGER = 12_345;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-prepare-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a new home and all its folders are made for the user alone", () => {
  const paths = at("a/b/home");
  preparePaths(paths);
  expect(modeOf(paths.home)).toBe(0o700);
  expect(modeOf(paths.sessions)).toBe(0o700);
  preparePaths(paths);
});

test("an empty home that is open to others is closed", () => {
  const paths = at("home");
  mkdirSync(paths.home, { mode: 0o755 });
  preparePaths(paths);
  expect(modeOf(paths.home)).toBe(0o700);
});

test("a home of korun's that was opened is closed again", () => {
  const paths = at("home");
  preparePaths(paths);
  writeFileSync(paths.lock, "");
  chmodSync(paths.home, 0o755);
  chmodSync(paths.sessions, 0o750);
  preparePaths(paths);
  expect(modeOf(paths.home)).toBe(0o700);
  expect(modeOf(paths.sessions)).toBe(0o700);
});

test("a folder that is used for other things is not closed to others, but refused", () => {
  const paths = at("project");
  mkdirSync(paths.home, { mode: 0o755 });
  writeFileSync(join(paths.home, "README"), "");
  expectRefusal(paths, "holds other things than korun's");
  expect(modeOf(paths.home)).toBe(0o755);
});

test("a private folder that holds other things will do", () => {
  const paths = at("project");
  mkdirSync(paths.home, { mode: 0o700 });
  writeFileSync(join(paths.home, "README"), "");
  preparePaths(paths);
  expect(existsSync(paths.sessions)).toBe(true);
});

test("a home that every user can write is refused, with the cure", () => {
  const paths = at("home");
  mkdirSync(paths.home);
  chmodSync(paths.home, 0o777);
  const problem = expectRefusal(paths, "can be written by every user");
  expect(problem.hint).toContain(`chmod 700 ${paths.home}`);
  expect(modeOf(paths.home)).toBe(0o777);
});

test("a home of another user is refused", () => {
  const problem = expectRefusal(
    { ...at("home"), home: strangersFolder() },
    "belongs to another user",
  );
  expect(problem.hint).toContain("KORUN_HOME");
});

test("a home that is a link to a folder of the user's will do", () => {
  const paths = at("home");
  mkdirSync(join(folder, "real"), { mode: 0o700 });
  symlinkSync(join(folder, "real"), paths.home);
  preparePaths(paths);
  expect(existsSync(join(folder, "real/sessions"))).toBe(true);
});

// Only root can give a link to another user.
test.if(isRoot)("a home that is another user's link is refused, wherever it leads", () => {
  const paths = at("home");
  mkdirSync(join(folder, "real"), { mode: 0o700 });
  symlinkSync(join(folder, "real"), paths.home);
  lchownSync(paths.home, STRANGER, STRANGER);
  expectRefusal(paths, "is a link that belongs to another user");
  expect(existsSync(join(folder, "real/sessions"))).toBe(false);
});

test("a home that is a file is refused", () => {
  const paths = at("home");
  writeFileSync(paths.home, "");
  expectRefusal(paths, `cannot make the folder ${paths.home}`);
});

test("sessions that are a link elsewhere are refused", () => {
  const paths = at("home");
  mkdirSync(paths.home, { mode: 0o700 });
  mkdirSync(join(folder, "elsewhere"));
  symlinkSync(join(folder, "elsewhere"), paths.sessions);
  expectRefusal(paths, `${paths.sessions} is no folder`);
});

test("the socket folder of a long home is made for the user alone, its parent too", () => {
  const paths = at(`${"deep/".repeat(20)}home`);
  expect(paths.socketFolder).toStartWith(join(folder, "korun-"));
  preparePaths(paths);
  expect(modeOf(paths.socketFolder)).toBe(0o700);
  expect(modeOf(join(paths.socketFolder, ".."))).toBe(0o700);
});

test("the socket folder of a long home is removed when it is empty, and made again", () => {
  const paths = at(`${"deep/".repeat(20)}home`);
  preparePaths(paths);
  writeFileSync(paths.socket, "");
  removeSocketFolder(paths);
  expect(existsSync(paths.socket)).toBe(true);
  rmSync(paths.socket);
  removeSocketFolder(paths);
  expect(existsSync(paths.socketFolder)).toBe(false);
  expect(modeOf(join(paths.socketFolder, ".."))).toBe(0o700);
  prepareSocketFolder(paths);
  expect(modeOf(paths.socketFolder)).toBe(0o700);
});

test("a home that has the socket itself is not removed, however empty", () => {
  const paths = at("home");
  mkdirSync(paths.home, { mode: 0o700 });
  removeSocketFolder(paths);
  expect(existsSync(paths.home)).toBe(true);
});

test("a socket folder that somebody else put there as a link is refused", () => {
  const paths = at(`${"deep/".repeat(20)}home`);
  mkdirSync(join(folder, "elsewhere"));
  symlinkSync(join(folder, "elsewhere"), join(paths.socketFolder, ".."));
  expectRefusal(paths, "is no folder, but a link");
});

/** Paths of a home below this test's folder, which also is where temporary files would go. */
function at(home: string): Paths {
  const machine = { ...thisMachine(), tmpdir: folder };
  return resolvePaths({ KORUN_HOME: join(folder, home) }, machine);
}

function strangersFolder(): string {
  if (!isRoot) return "/etc";
  const path = join(folder, "strange");
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, STRANGER, STRANGER);
  return path;
}

function expectRefusal(paths: Paths, message: string): Problem {
  try {
    preparePaths(paths);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Problem);
    const problem = thrown as Problem;
    expect(problem.message).toContain(message);
    expect(problem.hint).not.toBeUndefined();
    return problem;
  }
  throw new Error(`preparePaths accepted ${paths.home}`);
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
