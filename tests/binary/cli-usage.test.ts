// What is typed wrong, what is asked for where there is no daemon, and what the exit codes say.

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { Korun } from "../support/korun.ts";
import { inShell } from "./support/shell.ts";

const COMMANDS = [
  ...["serve", "run", "ls", "inspect", "logs", "tail", "head", "restart", "stop", "rm"],
  ...["daemon start", "daemon stop", "daemon status", "daemon logs", "daemon run", "completions"],
];

describe("typed wrong: exit code 2, one line that says why, one with the remedy:", () => {
  test.each([
    [["sevre", "--", "x"], "there is no command `korun sevre`", "Did you mean serve?"],
    [["ls", "--jsno"], "`korun ls` has no flag --jsno", "Did you mean --json?"],
    [["serve", "--watc", "src", "--", "x"], "no flag --watc", "Did you mean --watch?"],
    [["tail", "-z"], "no flag -z", "korun tail --help"],
    [["serve", "npm", "start"], 'after `--`: "npm"', "Write: korun serve -- npm start"],
    [["serve"], "needs a command to run", "Write: korun serve -- COMMAND [ARG…]"],
    [["run", "--"], "no command after `--`", "Write: korun run -- COMMAND [ARG…]"],
    [["serve", "--grace", "soon", "--", "x"], '--grace is "soon"; wanted milliseconds', "--help"],
    [["serve", "--grace", "2h", "--", "x"], 'at most 1h, not "2h"', ""],
    [["serve", "--name", "a b", "--", "x"], '--name is "a b"; wanted 1 to 64 letters', "--help"],
    [["serve", "--name", "-x", "--", "x"], "-x looks like a flag", "Wanted 1 to 64 letters"],
    [["logs", "x", "--grep", "-x"], "-x looks like a flag", "write --grep=-x"],
    [["serve", "-e", "FOO", "--", "x"], '-e is "FOO"; wanted NAME=VALUE', "--help"],
    [["serve", "--cwd", "nowhere", "--", "x"], "nowhere: it does not exist", "existing directory"],
    [["tail", "-n", "many", "x"], '-n is "many"; wanted a non-negative integer', "--help"],
    [["logs", "x", "--stream", "both"], "blended, stdout, stderr", "--help"],
    [["logs", "a", "b"], '`korun logs` does not take "b"', "--help"],
    [["stop", ""], "the session's id is empty", "Is a variable unset?"],
    [["restart", "x", "--lost"], "--lost means every session that was lost, so x cannot", "--help"],
    [["stop", "x", "--all"], "--all means every session, and x is one", "--help"],
    [["rm"], "`korun rm` needs an ID", "Or --all"],
    [["completions", "tcsh"], '"tcsh" is not one of bash, zsh, fish', "--help"],
    [["daemon", "strat"], "there is no command `korun daemon strat`", "Did you mean start?"],
  ])("%j", async (args, message, remedy) => {
    await using korun = new Korun();
    const { code, stdout, stderr } = await korun.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toEndWith("\n");
    const [first, second = "", ...rest] = stderr.trimEnd().split("\n");
    expect(first).toStartWith("korun: ");
    expect(first).toContain(message);
    expect(second).toContain(remedy);
    expect(rest).toEqual([]);
  });

  test("a port that is none", async () => {
    await using korun = new Korun();
    const { code, stderr } = await korun.run(["ls"], { env: { KORUN_PORT: "http" } });
    expect(code).toBe(2);
    expect(stderr).toStartWith('korun: KORUN_PORT is "http"; wanted a port');
  });
});

describe("without a daemon", () => {
  test("there are no sessions, and only serve, run and daemon start make one", async () => {
    await using korun = new Korun();
    expect(await korun.run(["ls", "--json"])).toEqual({
      code: 0,
      stdout: '{"sessions":[]}\n',
      stderr: "korun: no daemon is running\n",
    });
    for (const command of ["stop", "restart", "rm"]) {
      expect((await korun.run([command, "--all"])).code).toBe(0);
    }
    for (const args of [["inspect"], ["stop", "x"], ["tail", "x"], ["daemon", "status"]]) {
      const { code, stderr } = await korun.run(args);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr:
          "korun: no daemon is running\n" +
          "  `korun serve -- COMMAND` starts one, and so does `korun daemon start`.\n",
      });
    }
    expect(existsSync(korun.home)).toBe(false);
  });
});

describe("help", () => {
  test.each(COMMANDS)("of %s is on stdout, with an example, and does nothing", async (command) => {
    await using korun = new Korun();
    const help = await korun.run([...command.split(" "), "--help"]);
    expect({ code: help.code, stderr: help.stderr }).toEqual({ code: 0, stderr: "" });
    expect(help.stdout).toContain(`USAGE korun ${command}`);
    expect(help.stdout).toMatch(/EXAMPLES\n\n {2}\S/);
    expect(help.stdout).not.toContain("\x1b");
    expect(existsSync(korun.home)).toBe(false);
  });

  test("of korun names every command", async () => {
    await using korun = new Korun();
    const { stdout } = await korun.run([]);
    for (const command of COMMANDS) expect(stdout).toContain(command.split(" ")[0] ?? "");
  });
});

test("--version prints the name and the version", async () => {
  await using korun = new Korun();
  for (const flag of ["--version", "-V"]) expect(await korun.ok([flag])).toBe(`korun ${version}`);
});

test("what lies in the folder that a command is typed in is none of korun's business", async () => {
  await using korun = new Korun();
  await Bun.write(join(korun.work, ".env"), "KORUN_HOME=/nowhere\nFROM_DOTENV=1\n");
  await Bun.write(join(korun.work, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  await Bun.write(join(korun.work, "tsconfig.json"), "{ not json");
  await Bun.write(join(korun.work, "package.json"), "{ not json");
  const { code, stdout } = await inShell(korun, "korun run -- env");
  expect(code).toBe(0);
  expect(stdout).toContain(`KORUN_HOME=${korun.home}\n`);
  expect(stdout).not.toContain("FROM_DOTENV");
});
