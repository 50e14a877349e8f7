// The exit codes of korun. `run` also ends with its child's own.

import { NoDaemon } from "../client/failure.ts";
import { isProblem, Problem } from "../domain/problem.ts";

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** Of a wait: the session is at rest, and has not come to what was waited for. */
  endedInstead: 3,
  unknownSession: 4,
  /** Of a wait, as of timeout(1). */
  timedOut: 124,
  notExecutable: 126,
  notFound: 127,
  /** As if ended by SIGPIPE, which is how others end when their reader leaves. */
  brokenPipe: 128 + 13,
} as const;

/** Codes of `execve` that mean: it is there, but it cannot be run. */
const NOT_EXECUTABLE = ["EACCES", "ENOEXEC", "EISDIR", "EPERM"];

/** The exit code for anything thrown. */
export function exitCodeOf(thrown: unknown): number {
  if (!(thrown instanceof Problem)) return EXIT.failure;
  if (thrown.code === "bad_request") return EXIT.usage;
  if (thrown.code === "command_not_found") return EXIT.notFound;
  if (thrown.code === "not_executable") return EXIT.notExecutable;
  return EXIT.failure;
}

/**
 * The exit code of a wait for a session that there is not: where there is no daemon there is none.
 * Undefined for anything else thrown.
 */
export function exitCodeOfUnknown(thrown: unknown): number | undefined {
  const isUnknown = isProblem(thrown, "not_found") || thrown instanceof NoDaemon;
  return isUnknown ? EXIT.unknownSession : undefined;
}

/** The exit code for a command that could not be started, from a reason such as `ENOENT: …`. */
export function exitCodeOfStart(error: string): number {
  const code = /^E[A-Z0-9]+/.exec(error)?.[0] ?? "";
  if (code === "ENOENT") return EXIT.notFound;
  return NOT_EXECUTABLE.includes(code) ? EXIT.notExecutable : EXIT.failure;
}
