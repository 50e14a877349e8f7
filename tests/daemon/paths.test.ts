import { describe, expect, test } from "bun:test";
import { type Machine, resolvePaths } from "../../src/daemon/paths.ts";
import { Problem } from "../../src/domain/problem.ts";

const machine: Machine = {
  platform: "linux",
  uid: 1000,
  homedir: "/home/ada",
  tmpdir: "/tmp",
  isFolder: () => true,
  cwd: () => "/work/app",
};

const long = `/home/ada/${"deep/".repeat(20)}home`;

describe("the home", () => {
  test("is KORUN_HOME, with everything in it", () => {
    const paths = resolvePaths({ KORUN_HOME: "/data/korun", HOME: "/home/ada" }, machine);
    expect(paths).toEqual({
      home: "/data/korun",
      sessions: "/data/korun/sessions",
      socketFolder: "/data/korun",
      socket: "/data/korun/korun.sock",
      lock: "/data/korun/daemon.lock",
      launchLock: "/data/korun/launch.lock",
      log: "/data/korun/daemon.log",
      database: "/data/korun/korun.db",
      port: 7777,
    });
  });

  test("is the XDG state folder without KORUN_HOME", () => {
    expect(resolvePaths({ XDG_STATE_HOME: "/state", HOME: "/home/eve" }, machine).home).toBe(
      "/state/korun",
    );
    expect(resolvePaths({ HOME: "/home/eve" }, machine).home).toBe("/home/eve/.local/state/korun");
    expect(resolvePaths({}, machine).home).toBe("/home/ada/.local/state/korun");
  });

  test("ignores an XDG folder that is relative, and an empty KORUN_HOME", () => {
    const env = { KORUN_HOME: "", XDG_STATE_HOME: "state", HOME: "/home/eve" };
    expect(resolvePaths(env, machine).home).toBe("/home/eve/.local/state/korun");
  });

  test("that is relative lies below the working directory", () => {
    expect(resolvePaths({ KORUN_HOME: "../k" }, machine).home).toBe("/work/k");
  });

  test("is the same with or without a closing slash", () => {
    expect(resolvePaths({ KORUN_HOME: "/data//korun/" }, machine).home).toBe("/data/korun");
  });

  test("that is absolute needs no working directory", () => {
    const gone = {
      ...machine,
      cwd(): string {
        throw new Error("ENOENT");
      },
    };
    expect(resolvePaths({ KORUN_HOME: "/data/korun" }, gone).home).toBe("/data/korun");
  });

  test("is the same whether a login session has a runtime folder or not", () => {
    const env = { HOME: "/home/ada", XDG_RUNTIME_DIR: "/run/user/1000" };
    expect(resolvePaths(env, machine)).toEqual(resolvePaths({ HOME: "/home/ada" }, machine));
  });
});

describe("the socket of a home with a long path", () => {
  test("lies in the runtime folder, under a name made from the home", () => {
    const env = { KORUN_HOME: long, XDG_RUNTIME_DIR: "/run/user/1000" };
    const paths = resolvePaths(env, machine);
    expect(paths.socket).toMatch(/^\/run\/user\/1000\/korun\/[0-9a-f]{16}\/korun\.sock$/);
    expect(paths.lock).toBe(`${long}/daemon.lock`);
    expect(resolvePaths(env, machine).socket).toBe(paths.socket);
    expect(resolvePaths({ ...env, KORUN_HOME: `${long}2` }, machine).socket).not.toBe(paths.socket);
  });

  test("lies in a temporary folder of the user's where there is no runtime folder", () => {
    const none = { ...machine, isFolder: () => false };
    const env = { KORUN_HOME: long, XDG_RUNTIME_DIR: "/run/user/1000" };
    expect(resolvePaths(env, none).socket).toStartWith("/tmp/korun-1000/");
    expect(resolvePaths({ KORUN_HOME: long }, machine).socket).toStartWith("/tmp/korun-1000/");
  });

  test("lies in /tmp where the temporary folder's path is long too", () => {
    const paths = resolvePaths({ KORUN_HOME: long }, { ...machine, tmpdir: long });
    expect(paths.socket).toStartWith("/tmp/korun-1000/");
  });

  test.each([
    ["linux", 107],
    ["darwin", 103],
  ] as const)("begins on %s above %d bytes", (platform, longest) => {
    const on = { ...machine, platform };
    const home = (bytes: number) => `/${"é".repeat(10)}${"x".repeat(bytes - 32)}`;
    expect(Buffer.byteLength(`${home(longest)}/korun.sock`)).toBe(longest);
    expect(resolvePaths({ KORUN_HOME: home(longest) }, on).socketFolder).toBe(home(longest));
    expect(resolvePaths({ KORUN_HOME: home(longest + 1) }, on).socketFolder).toStartWith("/tmp/");
  });
});

describe("the port", () => {
  test.each([
    [undefined, 7777],
    ["", 7777],
    ["1", 1],
    ["65535", 65535],
    ["0", 0],
  ])("of KORUN_PORT=%p is %d", (value, port) => {
    expect(resolvePaths({ KORUN_PORT: value }, machine).port).toBe(port);
  });

  test.each(["65536", "abc", "-1", "80.5", "1e3", " 80", "0x50", "999999"])(
    "refuses KORUN_PORT=%s and names it",
    (value) => {
      const attempt = () => resolvePaths({ KORUN_PORT: value }, machine);
      expect(attempt).toThrow(Problem);
      expect(attempt).toThrow(`KORUN_PORT is "${value}"`);
    },
  );
});
