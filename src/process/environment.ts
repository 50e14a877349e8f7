// What a child and a daemon see in their environment. What is korun's own: a session's processes
// carry KORUN_SESSION_ID, KORUN_NAME and the number of their KORUN_RUN; a daemon carries KORUN_DAEMON
// instead, so that the session it may have been started from never takes it for one of its processes.

import { statSync } from "node:fs";
import type { SessionSpec } from "../domain/session.ts";
import { callerOpenFiles, OPEN_FILES_VARIABLE } from "./limits.ts";

const SESSION_VARIABLES = ["KORUN_SESSION_ID", "KORUN_NAME", "KORUN_RUN"];

/**
 * Set for what a session's check runs, beside what the session's own processes see: whoever carries
 * it belongs to that check and to no session.
 */
export const CHECK_VARIABLE = "KORUN_CHECK";

/** Has Bun collect garbage when there is some, and not by the clock. */
const NO_GC_TIMER = "BUN_GC_TIMER_DISABLE";

const USUAL_TERMINAL = "xterm-256color";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The whole environment of a session's child: its caller's (else this process's), the overrides,
 * and what names the session.
 */
export function childEnvironment(
  spec: Pick<SessionSpec, "cwd" | "env" | "inherited" | "name">,
  of: { readonly id: string; readonly run: number },
): Record<string, string> {
  // A child that Bun runs as well is to collect by the clock, unless its caller wants otherwise.
  const base = spec.inherited?.env ?? without(process.env, [NO_GC_TIMER]);
  const environment: Record<string, string> = {
    ...without(base, ["KORUN_NAME"]),
    ...workingDirectory(base, spec.cwd),
    ...spec.env,
    KORUN_SESSION_ID: of.id,
    KORUN_RUN: String(of.run),
    ...(spec.name === undefined ? {} : { KORUN_NAME: spec.name }),
  };
  return without(environment, ["KORUN_DAEMON", CHECK_VARIABLE, OPEN_FILES_VARIABLE]);
}

/**
 * The same for a child in a terminal of its own. Its size is the terminal's to tell, and what kind
 * it is, where nobody says so, is what nearly every program knows.
 */
export function inTerminal(
  environment: Record<string, string>,
  overrides: Readonly<Record<string, string>>,
): Record<string, string> {
  const others = ["COLUMNS", "LINES"].filter((name) => !Object.hasOwn(overrides, name));
  return { ...without(environment, others), TERM: environment.TERM || USUAL_TERMINAL };
}

/** The environment to launch a daemon with, from the launching process's own. */
export function daemonEnvironment(environment: Environment): Record<string, string> {
  const openFiles = callerOpenFiles();
  return {
    ...without(environment, [...SESSION_VARIABLES, CHECK_VARIABLE, OPEN_FILES_VARIABLE]),
    ...(openFiles === undefined ? {} : { [OPEN_FILES_VARIABLE]: String(openFiles) }),
    KORUN_DAEMON: "1",
    [NO_GC_TIMER]: "1",
  };
}

function without(environment: Environment, names: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !names.includes(name)) kept[name] = value;
  }
  return kept;
}

/**
 * PWD as a shell would have it after `cd cwd`. The caller's own stays if it leads to the same
 * directory, perhaps by a symlink; a stale one would mislead programs that trust it.
 */
function workingDirectory(base: Environment, cwd: string): { PWD?: string } {
  if (base.PWD === undefined || isSameDirectory(base.PWD, cwd)) return {};
  return { PWD: cwd };
}

function isSameDirectory(left: string, right: string): boolean {
  if (left === right) return true;
  try {
    const [a, b] = [statSync(left), statSync(right)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    // Either is gone: then they are not known to be the same.
    return false;
  }
}
