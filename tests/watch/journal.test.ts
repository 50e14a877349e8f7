import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fingerprint } from "../../src/watch/fingerprint.ts";
import { Journal } from "../../src/watch/journal.ts";
import { waitFor } from "../support/wait.ts";

let folder: string;
let faults: unknown[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "korun-journal-"));
  faults = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, "watch.log");
const text = () => (existsSync(file()) ? readFileSync(file(), "utf8") : "");

function open({ recall = true, directory = folder } = {}): Journal {
  return new Journal(directory, { recall, report: (thrown) => faults.push(thrown) });
}

/** What another daemon would find, this one having been killed. */
function found(): [string, Fingerprint][] | undefined {
  const copy = mkdtempSync(join(folder, "copy-"));
  writeFileSync(join(copy, "watch.log"), readFileSync(file()));
  const known = open({ directory: copy }).known;
  return known && [...known];
}

function print(size: number): Fingerprint {
  return { size, mtimeMs: 1_700_000_000_000.1235, inode: 7, hash: 2n ** 64n - 1n, racy: false };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves once all that was noted is on disk. */
async function written(count: number): Promise<void> {
  await waitFor(`${count} files on disk`, () => existsSync(file()) && found()?.length === count);
}

async function begun(count: number): Promise<Journal> {
  const journal = open();
  for (let at = 0; at < count; at += 1) journal.note(`/p/${at}`, print(at));
  journal.begin();
  await written(count);
  return journal;
}

test("what was noted is found again, to the last bit, in a file of its user alone", async () => {
  const notes: [string, Fingerprint][] = [
    ["/p/hashed", print(1)],
    ["/p/unread", { ...print(2), hash: undefined, racy: true }],
    ['/p/odd "name"\n,[', { ...print(3), hash: 0n }],
  ];
  const journal = open();
  for (const [path, one] of notes) journal.note(path, one);
  journal.begin();
  await written(3);
  expect(found()).toEqual(notes);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test("notes that come later are appended, once a turn", async () => {
  const journal = await begun(3);
  const before = text();
  journal.note("/p/0", print(10));
  journal.note("/p/0", print(11));
  journal.note("/p/1", undefined);
  await waitFor("the notes", () => text() !== before);
  expect(text()).toStartWith(before);
  expect(text().slice(before.length).split("\n")).toHaveLength(3);
  expect(found()).toEqual([
    ["/p/0", print(11)],
    ["/p/2", print(2)],
  ]);
});

test("nothing is on disk before it is begun, nor after it is suspended", async () => {
  const journal = await begun(1);
  journal.suspend();
  expect(existsSync(file())).toBe(false);
  journal.note("/p/1", print(1));
  await turn();
  await turn();
  expect(existsSync(file())).toBe(false);
  journal.begin();
  await written(2);
});

test("suspended while it is being written, it leaves nothing", async () => {
  const journal = open();
  for (let at = 0; at < 5_000; at += 1) journal.note(`/p/${at}`, print(at));
  journal.begin();
  await turn();
  expect(existsSync(`${file()}.new`)).toBe(true);
  journal.suspend();
  journal.begin();
  await written(5_000);
  expect(existsSync(`${file()}.new`)).toBe(false);
});

test("closed while it is being written, it leaves everything", async () => {
  const journal = open();
  for (let at = 0; at < 5_000; at += 1) journal.note(`/p/${at}`, print(at));
  journal.begin();
  await turn();
  expect(existsSync(`${file()}.new`)).toBe(true);
  journal.note("/p/last", print(1));
  journal.close();
  expect(found()).toHaveLength(5_001);
});

test("a torn last line is no note, and nothing is written behind it", async () => {
  (await begun(2)).close();
  appendFileSync(file(), '["/p/1"');
  const journal = open();
  expect([...(journal.known ?? [])].map(([path]) => path)).toEqual(["/p/0", "/p/1"]);
  journal.note("/p/2", print(2));
  journal.begin();
  await written(3);
});

test.each([
  ["of another format", '"korun watch 2"\n["/p/0"]\n'],
  ["with a damaged line", '"korun watch 1"\n["/p/0"]\n\0\0\0\n["/p/1"]\n'],
  ["with a line that says something else", '"korun watch 1"\n["/p/0",1,"2",3,"4",false]\n'],
  ["that is empty", ""],
])("a journal %s says nothing, and is removed", (_, content) => {
  writeFileSync(file(), content);
  expect(open().known).toBeUndefined();
  expect(existsSync(file())).toBe(false);
  expect(faults).toEqual([]);
});

test("an earlier journal that is not to count is removed at once", async () => {
  (await begun(2)).close();
  expect(open({ recall: false }).known).toBeUndefined();
  expect(existsSync(file())).toBe(false);
});

test("its size is bounded, however often files change", async () => {
  const journal = await begun(10);
  const size = text().length;
  let largest = 0;
  for (let round = 0; round < 3_000; round += 1) {
    journal.note(`/p/${round % 10}`, print(round));
    await turn();
    largest = Math.max(largest, text().length);
  }
  expect(largest).toBeLessThan(size + 1_100 * 100);
  await waitFor("the last note", () => found()?.some(([, { size: last }]) => last === 2_999));
});

test("a disk that refuses is told once and throws nothing", async () => {
  const journal = await begun(2);
  rmSync(file());
  mkdirSync(file());
  for (const size of [1, 2, 3]) {
    journal.note("/p/0", print(size));
    await turn();
  }
  journal.close();
  expect(faults).toHaveLength(1);
});

test("a journal that may not be read says nothing", () => {
  mkdirSync(file());
  expect(open().known).toBeUndefined();
  expect(faults).toHaveLength(1);
  chmodSync(file(), 0o700);
});
