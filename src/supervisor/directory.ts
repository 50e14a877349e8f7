// The directory a session is to start in, looked at while somebody can still be told.

import { statSync } from "node:fs";
import { messageOf, Problem, systemCode } from "../domain/problem.ts";

/** Throws a `bad_request` Problem for the field `cwd` unless it is a directory. */
export function requireDirectory(cwd: string): void {
  const reason = whyNoDirectory(cwd);
  if (reason === undefined) return;
  throw new Problem("bad_request", `Cannot start in ${cwd}: ${reason}`, {
    field: "cwd",
    expected: "an existing directory",
  });
}

function whyNoDirectory(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : "it is not a directory";
  } catch (thrown) {
    return systemCode(thrown) === "ENOENT" ? "it does not exist" : messageOf(thrown);
  }
}
