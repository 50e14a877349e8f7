import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, renameSync, statSync, utimesSync } from "node:fs";
import {
  type Fingerprint,
  fingerprintOf,
  isSame,
  isUntouched,
  MAX_HASHED_BYTES,
  metadataOf,
} from "../../src/watch/fingerprint.ts";
import { Project } from "./project.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.close());

/** Long after anything here was written. */
const LATER = Date.now() + 3_600_000;

function fingerprint(path: string): Fingerprint {
  const seen = statSync(project.at(path));
  const found = fingerprintOf(project.at(path), seen, LATER);
  if (found === undefined) throw new Error(`no fingerprint of ${path}`);
  return found;
}

test("content decides: time, mode and inode do not", () => {
  project.write("a", "same");
  const before = fingerprint("a");
  utimesSync(project.at("a"), 1, 1);
  chmodSync(project.at("a"), 0o600);
  expect(isSame(before, fingerprint("a"))).toBe(true);
  project.write("b", "same");
  renameSync(project.at("b"), project.at("a"));
  expect(isSame(before, fingerprint("a"))).toBe(true);
  project.write("a", "othr");
  expect(isSame(before, fingerprint("a"))).toBe(false);
});

test("a file over the limit goes by size, time and inode", () => {
  project.write("large", "x".repeat(MAX_HASHED_BYTES + 1));
  const before = fingerprint("large");
  expect(before.hash).toBeUndefined();
  expect(isSame(before, fingerprint("large"))).toBe(true);
  utimesSync(project.at("large"), 1, 1);
  expect(isSame(before, fingerprint("large"))).toBe(false);
  project.write("at-limit", "x".repeat(MAX_HASHED_BYTES));
  expect(fingerprint("at-limit").hash).toBeDefined();
});

test("no file is the same as no file, and as nothing else", () => {
  project.write("a", "");
  expect(isSame(undefined, undefined)).toBe(true);
  expect(isSame(undefined, fingerprint("a"))).toBe(false);
  expect(isSame(fingerprint("a"), undefined)).toBe(false);
});

test("metadata is trusted only of a file that was left alone for a while", () => {
  project.write("a", "one");
  const stat = statSync(project.at("a"));
  expect(isUntouched(metadataOf(stat, stat.mtimeMs + 1), stat)).toBe(false);
  expect(isUntouched(metadataOf(stat, LATER), stat)).toBe(true);
  utimesSync(project.at("a"), 1, 1);
  expect(isUntouched(metadataOf(stat, LATER), statSync(project.at("a")))).toBe(false);
});

test("a file that is gone by the time it is read has no fingerprint", () => {
  project.write("a", "one");
  const seen = statSync(project.at("a"));
  renameSync(project.at("a"), project.at("b"));
  expect(fingerprintOf(project.at("a"), seen, LATER)).toBeUndefined();
});
