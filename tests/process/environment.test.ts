import { afterEach, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { NOTHING_MORE, type SessionSpec } from "../../src/domain/session.ts";
import { childEnvironment, daemonEnvironment, inTerminal } from "../../src/process/environment.ts";
import { cleanUp, makeFolder } from "./sessions.ts";

afterEach(cleanUp);

const ID = "9b2d6c33-8b13-4c51-8cd0-8de7d8f4ef01";

function specOf(inherited: Record<string, string>, rest: Partial<SessionSpec> = {}): SessionSpec {
  return {
    ...NOTHING_MORE,
    command: ["true"],
    cwd: "/",
    name: undefined,
    watch: [],
    ignore: [],
    env: {},
    inherited: { env: inherited, umask: undefined, openFiles: undefined },
    graceMs: 0,
    debounceMs: 0,
    ...rest,
  };
}

describe("A child's environment", () => {
  test("is its caller's, with the overrides and the session's id and name", () => {
    const spec = specOf(
      { HOME: "/home/ada", LANG: "C" },
      { env: { LANG: "de", X: "" }, name: "api" },
    );
    expect(childEnvironment(spec, { id: ID, run: 3 })).toEqual({
      HOME: "/home/ada",
      LANG: "de",
      X: "",
      KORUN_SESSION_ID: ID,
      KORUN_RUN: "3",
      KORUN_NAME: "api",
    });
  });

  test("is this process's own when the caller sent none", () => {
    const spec = specOf({}, { inherited: undefined });
    expect(childEnvironment(spec, { id: ID, run: 3 })).toMatchObject({
      PATH: process.env.PATH ?? "",
      KORUN_SESSION_ID: ID,
    });
  });

  test("never makes it pass for a daemon, nor for a process of the session it came from", () => {
    const check = { KORUN_CHECK: "outer/health" };
    const outer = { KORUN_DAEMON: "1", KORUN_SESSION_ID: "outer", KORUN_NAME: "outer", ...check };
    const spec = specOf({ ...outer, KORUN_OPEN_FILES: "1024" }, { env: outer });
    expect(childEnvironment(specOf(outer), { id: ID, run: 3 })).toEqual({
      KORUN_SESSION_ID: ID,
      KORUN_RUN: "3",
    });
    expect(childEnvironment(spec, { id: ID, run: 3 })).toEqual({
      KORUN_SESSION_ID: ID,
      KORUN_RUN: "3",
      KORUN_NAME: "outer",
    });
  });

  test("lets a child collect its garbage by the clock, unless its caller wants otherwise", () => {
    const variable = "BUN_GC_TIMER_DISABLE";
    const before = process.env[variable];
    process.env[variable] = "1";
    try {
      const of = { id: ID, run: 3 };
      expect(childEnvironment(specOf({}, { inherited: undefined }), of)).not.toHaveProperty(
        variable,
      );
      expect(childEnvironment(specOf({ [variable]: "1" }), of)).toHaveProperty(variable, "1");
    } finally {
      if (before === undefined) delete process.env[variable];
      else process.env[variable] = before;
    }
  });

  test("has the PWD a shell would have in its working directory", () => {
    const folder = makeFolder();
    const link = join(folder, "link");
    symlinkSync(folder, link);
    const pwdOf = (spec: SessionSpec) => childEnvironment(spec, { id: ID, run: 3 }).PWD;
    expect(pwdOf(specOf({ PWD: "/" }, { cwd: folder }))).toBe(folder);
    expect(pwdOf(specOf({ PWD: link }, { cwd: folder }))).toBe(link);
    expect(pwdOf(specOf({ PWD: "/nowhere" }, { cwd: folder }))).toBe(folder);
    expect(pwdOf(specOf({ PWD: "/" }, { cwd: folder, env: { PWD: "/mine" } }))).toBe("/mine");
    expect(pwdOf(specOf({}, { cwd: folder }))).toBeUndefined();
  });
});

test("A child in a terminal knows what kind it is, and asks it for its size", () => {
  const caller = { PATH: "/bin", COLUMNS: "80", LINES: "24" };
  const usual = { PATH: "/bin", TERM: "xterm-256color" };
  expect(inTerminal(caller, {})).toEqual(usual);
  expect(inTerminal({ ...caller, TERM: "" }, {})).toEqual(usual);
  expect(inTerminal({ ...caller, TERM: "vt100" }, {})).toEqual({ ...usual, TERM: "vt100" });
  // What was asked for is meant.
  expect(inTerminal(caller, { COLUMNS: "80" })).toEqual({ ...usual, COLUMNS: "80" });
});

describe("A daemon's environment", () => {
  test("is its launcher's without the session it may come from, and says that it is a daemon", () => {
    const launcher = {
      HOME: "/home/ada",
      KORUN_SESSION_ID: ID,
      KORUN_RUN: "3",
      KORUN_NAME: "api",
      KORUN_CHECK: "api/health",
      GONE: undefined,
    };
    const { KORUN_OPEN_FILES, ...environment } = daemonEnvironment(launcher);
    expect(environment).toEqual({
      HOME: "/home/ada",
      KORUN_DAEMON: "1",
      BUN_GC_TIMER_DISABLE: "1",
    });
    if (process.platform === "linux") expect(Number(KORUN_OPEN_FILES)).toBeGreaterThan(0);
  });
});
