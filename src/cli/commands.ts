// Every command of the CLI, in the order of the help. Each is loaded when it is used.

import { closest } from "../domain/closest.ts";
import { misuse } from "./line/argv.ts";
import { meantBy } from "./line/meant.ts";
import { type Command, type CommandTable, type Group, isGroup } from "./line/signature.ts";

export const COMMANDS: CommandTable = {
  serve: async () => (await import("./commands/serve.ts")).serve,
  run: async () => (await import("./commands/run.ts")).run,
  ls: async () => (await import("./commands/ls.ts")).ls,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  why: async () => (await import("./commands/why.ts")).why,
  runs: async () => (await import("./commands/runs.ts")).runs,
  wait: async () => (await import("./commands/wait.ts")).wait,
  stats: async () => (await import("./commands/stats.ts")).stats,
  ports: async () => (await import("./commands/ports.ts")).ports,
  logs: async () => (await import("./commands/logs.ts")).logs,
  tail: async () => (await import("./commands/tail.ts")).tail,
  head: async () => (await import("./commands/head.ts")).head,
  expect: async () => (await import("./commands/expect.ts")).expect,
  diff: async () => (await import("./commands/diff.ts")).diff,
  digest: async () => (await import("./commands/digest.ts")).digest,
  attach: async () => (await import("./commands/attach.ts")).attach,
  send: async () => (await import("./commands/send.ts")).send,
  restart: async () => (await import("./commands/restart.ts")).restart,
  stop: async () => (await import("./commands/stop.ts")).stop,
  rm: async () => (await import("./commands/rm.ts")).rm,
  prune: async () => (await import("./commands/prune.ts")).prune,
  events: async () => (await import("./commands/events.ts")).events,
  schema: async () => (await import("./commands/schema.ts")).schema,
  daemon: async () => (await import("./commands/daemon.ts")).daemon,
  completions: async () => (await import("./commands/completions.ts")).completions,
  __complete: async () => (await import("./commands/complete.ts")).complete,
};

/** What the first words of a command line name, and what is left of the line. */
export interface Found {
  readonly command: Command | Group;
  readonly rest: readonly string[];
}

/** Throws Problem `bad_request` for a name that no command has. */
export async function findCommand(args: readonly string[]): Promise<Found> {
  const [name = "", ...rest] = args;
  const command = await load(COMMANDS, name, "");
  if (!isGroup(command)) return { command, rest };
  const [below] = rest;
  if (below === undefined || below.startsWith("-")) return { command, rest };
  return { command: await load(command.commands, below, command.name), rest: rest.slice(1) };
}

async function load<Kind>(
  table: Readonly<Record<string, () => Promise<Kind>>>,
  name: string,
  parent: string,
): Promise<Kind> {
  const loader = Object.hasOwn(table, name) ? table[name] : undefined;
  if (loader !== undefined) return await loader();
  const typed = parent === "" ? name : `${parent} ${name}`;
  const near = closest(name, Object.keys(table));
  const meant = meantBy(typed) ?? near;
  const hint = meant === undefined ? undefined : `Did you mean ${meant}?`;
  throw misuse({ name: parent }, `there is no command \`korun ${typed}\``, hint);
}
