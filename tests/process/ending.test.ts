import { afterEach, expect, test } from "bun:test";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ending } from "../../src/process/ending.ts";
import { uptimeMs } from "../../src/process/uptime.ts";
import { cleanUp, makeFolder } from "./sessions.ts";

afterEach(cleanUp);

/** Of an ending that began as this machine did: longer ago than any other can have. */
const AT_BOOT = "1\n12@345";
const LONG_AGO_MS = uptimeMs() - 1;

test("an ending is gone on with where it was, by another process too", () => {
  const folder = makeFolder();
  Ending.begin(folder).asked(["12@345"]);
  const next = Ending.goOn(folder);
  expect([next.wasAsked("12@345"), next.wasAsked("12@346")]).toEqual([true, false]);
  next.asked(["13@400"]);
  const third = Ending.goOn(folder);
  expect([third.wasAsked("12@345"), third.wasAsked("13@400")]).toEqual([true, true]);
  writeFileSync(join(folder, "ending"), AT_BOOT);
  expect(Ending.goOn(folder).elapsedMs).toBeGreaterThanOrEqual(LONG_AGO_MS);
});

test("one that nobody has noted begins now, and so does every new one", () => {
  const folder = makeFolder();
  writeFileSync(join(folder, "ending"), AT_BOOT);
  expect(Ending.begin(folder).elapsedMs).toBeLessThan(LONG_AGO_MS);
  expect(Ending.begin(folder).wasAsked("12@345")).toBe(false);
  for (const note of ["", "soon", "-5"]) {
    writeFileSync(join(folder, "ending"), note);
    expect(Ending.goOn(folder).wasAsked("12@345")).toBe(false);
    expect(Ending.goOn(folder).elapsedMs).toBeLessThan(LONG_AGO_MS);
  }
});

test("one that is over is gone on with by nobody", () => {
  const folder = makeFolder();
  const ending = Ending.begin(folder);
  ending.asked(["12@345"]);
  ending.over();
  expect(readdirSync(folder)).toEqual([]);
  expect(Ending.goOn(folder).wasAsked("12@345")).toBe(false);
});

test("where nothing can be written it is as good for this process", () => {
  const folder = makeFolder();
  const ending = Ending.begin(folder);
  rmSync(folder, { recursive: true });
  ending.asked(["12@345"]);
  expect(ending.wasAsked("12@345")).toBe(true);
});
