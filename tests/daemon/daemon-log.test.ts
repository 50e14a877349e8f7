import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DaemonLog, formatLine, olderLog, openLogFile } from "../../src/daemon/daemon-log.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-log-"));
  path = join(folder, "daemon.log");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a line has its time and its level", () => {
  const time = new Date("2026-03-16T12:00:00.001Z");
  expect(formatLine({ level: "warn", message: "low on luck", time })).toBe(
    "2026-03-16T12:00:00.001Z warn  low on luck\n",
  );
});

test("further lines of a message are indented, so that no message can look like another", () => {
  const time = new Date("2026-03-16T12:00:00Z");
  expect(formatLine({ level: "info", message: "one\ntwo\n", time })).toEndWith("one\n    two\n");
});

test("a log is appended to, and is for its user alone", () => {
  for (const message of ["first", "second"]) {
    const log = new DaemonLog(path);
    log.info(message);
    log.close();
  }
  expect(readFileSync(path, "utf8")).toMatch(/^\S+ info {2}first\n\S+ info {2}second\n$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("an error is logged with where it came from", () => {
  const log = new DaemonLog(path);
  log.error("answering a request", new Error("out of luck"));
  log.error("thrown by a careless library", "just text");
  log.close();
  const text = readFileSync(path, "utf8");
  expect(text).toContain("error answering a request: Error: out of luck\n");
  expect(text).toContain("daemon-log.test.ts");
  expect(text).toContain("error thrown by a careless library: just text\n");
});

test("a log never grows beyond its limit and one line, and the part before it is kept once", () => {
  const log = new DaemonLog(path, { limit: 1_000 });
  for (let i = 0; i < 500; i += 1) log.info(`line ${i}`);
  log.close();
  const newer = readFileSync(path, "utf8");
  const older = readFileSync(olderLog(path), "utf8");
  expect(newer.length).toBeLessThan(1_100);
  expect(older.length).toBeLessThan(1_100);
  const numbers = [...(older + newer).matchAll(/line (\d+)/g)].map((match) => Number(match[1]));
  expect(numbers.at(-1)).toBe(499);
  expect(numbers).toEqual(numbers.map((_, i) => 500 - numbers.length + i));
});

test("what others print to the same file is bounded too, the newest of it kept", () => {
  const log = new DaemonLog(path, { limit: 1_000 });
  const stderr = openLogFile(path);
  writeSync(stderr, `${"panic ".repeat(10_000)}the end\n`);
  log.info("after");
  writeSync(stderr, "more\n");
  expect(readFileSync(path, "utf8")).toMatch(/^\S+ info {2}after\nmore\n$/);
  const older = readFileSync(olderLog(path), "utf8");
  expect(older).toEndWith("panic the end\n");
  expect(older.length).toBe(2_000);
  log.close();
});

// Only Linux has a file that is always full.
test.if(existsSync("/dev/full"))("a full disk costs lines and nothing else", () => {
  const log = new DaemonLog("/dev/full");
  expect(() => log.info("into the void")).not.toThrow();
  log.close();
});

test("what is logged after the end is lost", () => {
  const log = new DaemonLog(path);
  log.close();
  log.close();
  expect(() => log.info("too late")).not.toThrow();
  expect(readFileSync(path, "utf8")).toBe("");
});

test("a second descriptor gets every line", () => {
  const echo = openLogFile(join(folder, "terminal"));
  const log = new DaemonLog(path, { echo });
  log.info("hello");
  log.close();
  expect(readFileSync(join(folder, "terminal"), "utf8")).toBe(readFileSync(path, "utf8"));
});

test("a link in the place of a log is refused", () => {
  symlinkSync(join(folder, "elsewhere"), path);
  expect(() => new DaemonLog(path)).toThrow("ELOOP");
  expect(existsSync(join(folder, "elsewhere"))).toBe(false);
});
