// What `serve` and `run` share: the flags, the request they become, and a command that could not be
// started.

import { resolve } from "node:path";
import type { CreatedReply } from "../../api/replies.ts";
import type { CreateSessionBody } from "../../api/requests.ts";
import type { Client, Reply } from "../../client/client.ts";
import { Problem } from "../../domain/problem.ts";
import { callerOpenFiles } from "../../process/limits.ts";
import { exitCodeOfStart } from "../exit.ts";
import { DURATION, NAME, something, VARIABLE } from "../line/forms.ts";
import { POLICY_FLAGS, policyRequest } from "../line/policy-flags.ts";
import type { Flags, Parsed } from "../line/signature.ts";
import { report } from "../show/report.ts";
import { shellLine } from "../show/visible.ts";
import { remedyFor } from "./one-word.ts";

/** The lowest limit that the API takes; a command could hardly start below it. */
const FEWEST_OPEN_FILES = 16;

export const START_FLAGS = {
  name: { kind: "value", value: "NAME", form: NAME, about: "What to call it; unique" },
  cwd: {
    kind: "value",
    value: "DIR",
    form: something("a folder"),
    offer: "folders",
    about: "Where to run it (default: here)",
  },
  env: {
    kind: "list",
    short: "e",
    value: "K=V",
    form: VARIABLE,
    about: "Set a variable on top of your environment (repeatable)",
  },
  watch: {
    kind: "list",
    short: "w",
    value: "PATH|GLOB",
    form: something("a file, a folder or a glob"),
    offer: "files",
    about: "Restart it when this changes (repeatable)",
  },
  ignore: {
    kind: "list",
    value: "GLOB",
    form: something("a glob"),
    offer: "files",
    about: "Changes here are no reason to restart (repeatable)",
  },
  grace: {
    kind: "value",
    value: "TIME",
    form: DURATION,
    about: "Time to end by itself before it is killed (default: 2s)",
  },
  debounce: {
    kind: "value",
    value: "TIME",
    form: DURATION,
    about: "Quiet time after a change before a restart (default: 250ms)",
  },
  ...POLICY_FLAGS,
} as const satisfies Flags;

/** What was typed after `serve` or `run`. */
export type StartLine = Pick<Parsed<typeof START_FLAGS>, "flags" | "command">;

/**
 * Starts the session; `exitCode` is set, and the reason told, when its command did not start.
 * `paced`: it waits for who reads its output.
 */
export async function startSession(
  client: Client,
  line: StartLine,
  how: { readonly paced?: boolean } = {},
): Promise<{ readonly reply: Reply<CreatedReply>; readonly exitCode: number | undefined }> {
  const reply = await client.create(requestOf(line), how);
  const { error, existing } = reply.body;
  if (existing) {
    const { tellExisting } = await import("./existing.ts");
    tellExisting(reply.body, line.flags.name);
    return { reply, exitCode: undefined };
  }
  if (error === undefined) return { reply, exitCode: undefined };
  return { reply, exitCode: tellFailedStart({ command: line.command, error }) };
}

/** Says why a command could not be started, and gives the exit code for it. */
export function tellFailedStart(failed: {
  readonly command: readonly string[];
  readonly error: string;
}): number {
  const { command, error } = failed;
  const hint = error.startsWith("ENOENT") ? remedyFor(command) : undefined;
  report(
    new Problem("internal", `cannot start ${shellLine(command.slice(0, 1))}: ${error}`, { hint }),
  );
  return exitCodeOfStart(error);
}

function requestOf({ flags, command }: StartLine): CreateSessionBody {
  const [program = "", ...args] = command;
  const openFiles = callerOpenFiles();
  return {
    command: [program, ...args],
    cwd: resolve(flags.cwd ?? "."),
    watch: [...flags.watch],
    ignore: [...flags.ignore],
    env: Object.fromEntries(flags.env.map(splitVariable)),
    inherit_env: callerEnvironment(),
    inherit_umask: process.umask(),
    ...(openFiles === undefined || openFiles < FEWEST_OPEN_FILES
      ? {}
      : { inherit_open_files: openFiles }),
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.grace === undefined ? {} : { grace: flags.grace }),
    ...(flags.debounce === undefined ? {} : { debounce: flags.debounce }),
    ...policyRequest(flags),
  };
}

function splitVariable(variable: string): [string, string] {
  const equals = variable.indexOf("=");
  return [variable.slice(0, equals), variable.slice(equals + 1)];
}

/** Without what no program could have set, and the API refuses. */
function callerEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (name !== "" && value !== undefined) environment[name] = value;
  }
  return environment;
}
