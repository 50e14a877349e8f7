// What a child and a daemon see in their environment. What is korun's own: a session's
// processes carry KORUN_SESSION_ID, KORUN_NAME and the number of their KORUN_RUN, a daemon carries KORUN_DAEMON instead, so that
// the session it may have been started from never takes it for one of its processes.

import { statSync } from "node:fs";
import type { SessionSpec } from "../domain/session.ts";
import { callerOpenFiles, OPEN_FILES_VARIABLE } from "./limits.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The whole environment of a session's child: its caller's (else this process's), the overrides,
 * and what names the session.
 */
export function childEnvironment(
  spec: SessionSpec,
  of: { readonly id: string; readonly run: number },
): Record<string, string> {
  const base = spec.inherited?.env ?? process.env;
  const environment: Record<string, string> = {
    ...without(base, ["KORUN_NAME"]),
    ...workingDirectory(base, spec.cwd),
    ...spec.env,
    KORUN_SESSION_ID: of.id,
    KORUN_RUN: String(of.run),
    ...(spec.name === undefined ? {} : { KORUN_NAME: spec.name }),
  };
  return without(environment, ["KORUN_DAEMON", OPEN_FILES_VARIABLE]);
}

/** The environment to launch a daemon with, from the launching process's own. */
export function daemonEnvironment(environment: Environment): Record<string, string> {
  const openFiles = callerOpenFiles();
  return {
    ...without(environment, ["KORUN_SESSION_ID", "KORUN_NAME", "KORUN_RUN", OPEN_FILES_VARIABLE]),
    ...(openFiles === undefined ? {} : { [OPEN_FILES_VARIABLE]: String(openFiles) }),
    KORUN_DAEMON: "1",
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
