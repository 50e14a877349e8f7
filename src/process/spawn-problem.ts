// Why the system refused to start a program that is there, in words a person can act on. Every
// message opens with the system's code.

import { closeSync, openSync, readSync } from "node:fs";
import { messageOf, Problem, type ProblemCode, systemCode } from "../domain/problem.ts";
import { fromDirectory } from "./command.ts";

/** What was being started. */
export interface Attempt {
  /** As it was to be executed; relative to `cwd`. */
  readonly program: string;
  readonly cwd: string;
}

interface Explanation {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

/** Turns what a spawn threw into a Problem. */
export function spawnProblem(thrown: unknown, attempt: Attempt): Problem {
  const system = systemCode(thrown);
  if (system === undefined) {
    return new Problem("internal", `cannot start ${attempt.program}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
  const { code, message, hint } = explain(system, fromDirectory(attempt.cwd, attempt.program));
  return new Problem(code, `${system}: ${message}`, { field: "command", hint, cause: thrown });
}

function explain(system: string, path: string): Explanation {
  switch (system) {
    case "ENOENT":
      return explainMissing(path);
    case "ENOEXEC":
      return {
        code: "not_executable",
        message: `${path} is no program for this machine, nor a script with a #! line`,
        hint: `Begin the script with #!/bin/sh, or start it with its shell: sh ${path}`,
      };
    case "EACCES":
    case "EPERM":
      return {
        code: "not_executable",
        message: `the system does not allow ${path} to be executed`,
        hint: "Look for a file system mounted noexec, or a #! line whose program is not executable.",
      };
    case "E2BIG":
      return {
        code: "not_executable",
        message: `the arguments and the environment of ${path} are too large for the system`,
        hint: "Pass long lists in a file; one argument may have 128 KiB on Linux.",
      };
    case "ETXTBSY":
      return {
        code: "not_executable",
        message: `${path} is still being written`,
        hint: "Start it again once whatever builds it has finished.",
      };
    case "EAGAIN":
      return {
        code: "unavailable",
        message: `no more processes may be started (${path})`,
        hint: "The user's limit of processes is reached: see ulimit -u.",
      };
    case "EMFILE":
    case "ENFILE":
      return {
        code: "unavailable",
        message: `no more files may be opened to start ${path}`,
        hint: "Stop some sessions, or start the daemon under a higher ulimit -n.",
      };
    case "ENOMEM":
      return {
        code: "unavailable",
        message: `not enough memory to start ${path}`,
        hint: "Free some memory and start it again.",
      };
    default:
      return {
        code: "not_executable",
        message: `the system refused to start ${path}`,
        hint: "The code is the system's own: see execve(2).",
      };
  }
}

/** The program is there, so what is missing is the one that is to interpret it. */
function explainMissing(path: string): Explanation {
  const interpreter = interpreterOf(path);
  if (interpreter === undefined) {
    return {
      code: "not_executable",
      message: `the loader that ${path} was built for is missing`,
      hint: "It was built for another C library (glibc or musl) or machine: build it for this one.",
    };
  }
  if (interpreter.endsWith("\r")) {
    return {
      code: "not_executable",
      message: `the #! line of ${path} ends with a carriage return`,
      hint: "Save the script with Unix line ends.",
    };
  }
  return {
    code: "not_executable",
    message: `${path} needs the interpreter ${interpreter}, which does not exist`,
    hint: "Install it, or correct the #! line.",
  };
}

/** What the `#!` line names, a carriage return included; undefined without such a line. */
function interpreterOf(path: string): string | undefined {
  const start = Buffer.alloc(256);
  try {
    const file = openSync(path, "r");
    try {
      readSync(file, start, 0, start.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // Executable and not readable: then its first line is nobody's to know.
    return undefined;
  }
  return /^#![ \t]*([^ \t\n\0]+)/.exec(start.toString("utf8"))?.[1];
}
