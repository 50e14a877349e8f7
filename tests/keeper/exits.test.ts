import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExitJournal, readExits } from "../../src/keeper/exits.ts";
import type { ExitRecord } from "../../src/keeper/protocol.ts";
import { bootId } from "../../src/process/identity.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-exits-"));
  path = join(folder, "exits.ndjson");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function record(pid: number): ExitRecord {
  return { pid, startTime: 10 * pid, boot: bootId(), code: 3, signal: null, at: 1_700_000_000_000 };
}

test("What was noted is read by the next one, once, and by no other user", () => {
  const journal = new ExitJournal(path);
  journal.add(record(1));
  journal.add({ ...record(2), code: null, signal: "SIGSEGV" });
  journal.add({ ...record(1), code: 4 });
  const expected = [record(1), { ...record(2), code: null, signal: "SIGSEGV" }];
  expect(readExits(path)).toEqual(expected);
  expect(new ExitJournal(path).find({ pid: 1, startTime: 10 })).toEqual(record(1));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("A pid that was used again is another process", () => {
  const journal = new ExitJournal(path);
  journal.add(record(1));
  expect(journal.find({ pid: 1, startTime: 11 })).toBeUndefined();
});

test("No journal has no records", () => {
  expect(readExits(path)).toEqual([]);
});

test("Half a line of a killed keeper costs that line only", () => {
  new ExitJournal(path).add(record(1));
  appendFileSync(path, JSON.stringify(record(2)).slice(0, 20));
  new ExitJournal(path).add(record(3));
  expect(readExits(path)).toEqual([record(1), record(3)]);
});

test("What is no record is passed over, and so is another boot's", () => {
  const other = { ...record(5), boot: "another" };
  writeFileSync(path, `null\n{}\n[1]\n${JSON.stringify(other)}\n${JSON.stringify(record(6))}\n`);
  expect(readExits(path)).toEqual([record(6)]);
});

test("The journal is bounded, and keeps the newest", () => {
  const journal = new ExitJournal(path);
  for (let pid = 1; pid <= 10_000; pid += 1) journal.add(record(pid));
  expect(readFileSync(path).length).toBeLessThan(400_000);
  const kept = readExits(path).map(({ pid }) => pid);
  expect(kept.length).toBeGreaterThan(1_000);
  expect(kept.at(-1)).toBe(10_000);
  expect(kept[0]).toBe(10_001 - kept.length);
  expect(journal.find({ pid: 1, startTime: 10 })).toBeUndefined();
});

test("What cannot be written is kept in mind", () => {
  const journal = new ExitJournal(join(folder, "none", "exits.ndjson"));
  expect(() => journal.add(record(1))).toThrow("ENOENT");
  expect(journal.find({ pid: 1, startTime: 10 })).toEqual(record(1));
});
