// What can go wrong between a client and its daemon, as Problems: the daemon's own envelope, nobody
// at the socket, or a daemon that went away or does not answer.

import type { ErrorReply } from "../api/daemon-replies.ts";
import { messageOf, Problem, type ProblemCode, systemCode } from "../domain/problem.ts";

const SEE_LOG = "`korun daemon logs` may say why.";

/** The Problem in the envelope of an answer that is an error. */
export function problemOf(status: number, text: string): Problem {
  const error = envelopeIn(text);
  if (error === undefined) {
    return new Problem("internal", `the daemon answered ${status} without a reason`, {
      hint: SEE_LOG,
    });
  }
  // A newer daemon may know codes that we do not; they count as plain failures.
  const { code, message, ...more } = error;
  return new Problem(code as ProblemCode, message, more);
}

/** Nobody answers at the socket, for the plain reason that no daemon was started. */
export class NoDaemon extends Problem {
  constructor() {
    super("unavailable", "no daemon is running", {
      hint: "`korun serve -- COMMAND` starts one, and so does `korun daemon start`.",
    });
  }
}

/** Whether a failed request never reached a daemon, because there is none. */
export function isAbsence(thrown: unknown): boolean {
  const code = systemCode(thrown);
  return code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR";
}

/** Whether the daemon died over a request: the next one may be asked, where that does no harm. */
export function isDeath(thrown: unknown): boolean {
  const code = systemCode(thrown);
  return code === "ECONNRESET" || code === "EPIPE" || code === "ConnectionClosed";
}

/** A request that failed on its way. An abort of the caller's own is given back as it is. */
export function brokenExchange(thrown: unknown): unknown {
  if (thrown instanceof Problem || isNamed(thrown, "AbortError")) return thrown;
  if (isNamed(thrown, "TimeoutError")) {
    return new Problem("unavailable", "the daemon does not answer", {
      hint: SEE_LOG,
      cause: thrown,
    });
  }
  if (systemCode(thrown) === "EACCES" || systemCode(thrown) === "EPERM") {
    return new Problem("forbidden", "no permission to use the daemon's socket", {
      hint: "It may be another user's, or be closed: set KORUN_HOME to a folder of your own.",
      cause: thrown,
    });
  }
  return new Problem("unavailable", `the daemon went away (${reason(thrown)})`, {
    hint: SEE_LOG,
    cause: thrown,
  });
}

function reason(thrown: unknown): string {
  return systemCode(thrown) ?? messageOf(thrown);
}

function isNamed(thrown: unknown, name: string): boolean {
  return thrown instanceof Error && thrown.name === name;
}

function envelopeIn(text: string): ErrorReply["error"] | undefined {
  try {
    const { error } = JSON.parse(text) as Partial<ErrorReply>;
    return typeof error?.message === "string" ? error : undefined;
  } catch {
    return undefined; // not our daemon's words
  }
}
