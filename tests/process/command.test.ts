import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../src/domain/problem.ts";
import { resolveCommand } from "../../src/process/command.ts";
import { cleanUp, makeFolder } from "./sessions.ts";

let cwd = "";

beforeEach(() => {
  cwd = makeFolder();
});
afterEach(cleanUp);

function makeFile(path: string, mode: number): string {
  const file = join(cwd, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, mode);
  return file;
}

function problemOf(name: string, path?: string): Problem {
  try {
    resolveCommand(name, { path, cwd });
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
  }
  throw new Error(`${name} was found`);
}

describe("A command is found", () => {
  test("in the first entry of PATH that has an executable file of its name", () => {
    makeFile("a/tool", 0o644);
    mkdirSync(join(cwd, "b/tool"), { recursive: true });
    const third = makeFile("c/tool", 0o755);
    makeFile("d/tool", 0o755);
    const path = ["nowhere", "a", "b", "c", "d"].map((entry) => join(cwd, entry)).join(":");
    expect(resolveCommand("tool", { path, cwd })).toBe(third);
  });

  test("in entries of PATH that are relative to the working directory, or empty", () => {
    makeFile("node_modules/.bin/tool", 0o755);
    makeFile("here", 0o755);
    const path = "node_modules/.bin:";
    expect(resolveCommand("tool", { path, cwd })).toBe("node_modules/.bin/tool");
    expect(resolveCommand("here", { path, cwd })).toBe("./here");
  });

  test("by a path, from the working directory, without regard to PATH", () => {
    const tool = makeFile("bin/tool", 0o755);
    expect(resolveCommand("bin/tool", { path: "", cwd })).toBe("bin/tool");
    expect(resolveCommand("./bin/tool", { path: "", cwd })).toBe("./bin/tool");
    expect(resolveCommand(tool, { path: "", cwd: "/" })).toBe(tool);
  });

  test("in the system's folders when there is no PATH", () => {
    expect(resolveCommand("sh", { path: undefined, cwd })).toMatch(/^\/(usr\/)?bin\/sh$/);
  });
});

describe("A command that cannot be started says why:", () => {
  test("not on PATH", () => {
    const problem = problemOf("korun-nope", "/usr/bin:/bin");
    expect(problem.code).toBe("command_not_found");
    expect(problem.field).toBe("command");
    expect(problem.message).toBe('ENOENT: no command "korun-nope" on PATH (/usr/bin:/bin)');
  });

  test("not on PATH, and in the working directory", () => {
    makeFile("tool", 0o755);
    expect(problemOf("tool", "/usr/bin").hint).toBe("There is one here: write ./tool");
  });

  test("a whole command line as one word", () => {
    expect(problemOf("npm run dev", "/usr/bin").hint).toContain("sh -c 'npm run dev'");
  });

  test("an empty name", () => {
    expect(problemOf("", "/usr/bin").code).toBe("command_not_found");
  });

  test("no such file", () => {
    const problem = problemOf("./nope");
    expect(problem.code).toBe("command_not_found");
    expect(problem.message).toBe(`ENOENT: no file ${cwd}/./nope`);
  });

  test("a path through a file", () => {
    makeFile("file", 0o755);
    expect(problemOf("./file/tool").message).toStartWith("ENOENT: ");
  });

  test("a file that is not executable", () => {
    const file = makeFile("tool", 0o644);
    const problem = problemOf("tool", cwd);
    expect(problem.code).toBe("not_executable");
    expect(problem.message).toBe(`EACCES: cannot execute "tool": ${file} is not executable`);
    expect(problem.hint).toBe(`Make it executable with: chmod +x ${file}`);
  });

  test.if(process.getuid?.() !== 0)("a file in a folder that may not be entered", () => {
    makeFile("shut/tool", 0o755);
    chmodSync(join(cwd, "shut"), 0o000);
    expect(problemOf("./shut/tool").code).toBe("not_executable");
    expect(problemOf("tool", `${cwd}/shut`).code).toBe("command_not_found");
    chmodSync(join(cwd, "shut"), 0o755);
  });

  test("a directory", () => {
    mkdirSync(join(cwd, "folder"));
    const problem = problemOf("./folder");
    expect(problem.code).toBe("not_executable");
    expect(problem.message).toBe(
      `EACCES: cannot execute "./folder": ${cwd}/./folder is a directory`,
    );
  });
});
