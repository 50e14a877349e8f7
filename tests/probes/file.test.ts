import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, look, makeFolder, startRun } from "./support.ts";

afterEach(cleanUp);

describe("A file", () => {
  test("is looked for in the session's folder", async () => {
    const cwd = makeFolder();
    const run = startRun({ spec: { cwd, env: {}, inherited: undefined, name: undefined } });
    const check = { kind: "file", path: "build/ready" } as const;
    expect(await look(check, run)).toEqual({ ok: false, reason: "does not exist" });
    mkdirSync(join(cwd, "build"));
    writeFileSync(join(cwd, "build/ready"), "");
    expect(await look(check, run)).toEqual({ ok: true });
    expect(await look({ kind: "file", path: join(cwd, "build") }, run)).toEqual({ ok: true });
  });

  test("that could only lie below another file does not exist", async () => {
    const cwd = makeFolder();
    writeFileSync(join(cwd, "plain"), "");
    expect(await look({ kind: "file", path: join(cwd, "plain/ready") }, startRun())).toEqual({
      ok: false,
      reason: "does not exist",
    });
  });
});
