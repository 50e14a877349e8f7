// The help: citty renders what a signature says, and we add the examples. Loaded when asked for.

import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { VERSION } from "../../client/version.ts";
import { COMMANDS, findCommand } from "../commands.ts";
import { screenOf } from "../show/screen.ts";
import { type Command, type CommandTable, type Flag, type Group, isGroup } from "./signature.ts";

const ROOT_EXAMPLES = [
  "korun serve --watch src -- npm run dev",
  "korun ls",
  "korun tail -f web",
  "korun stop web",
];

/** The help of `korun`, or of the command that `names` lead to. */
export async function renderHelp(names: readonly string[]): Promise<string> {
  const { colour } = await screenOf(1);
  const help =
    names.length === 0 ? await rootHelp() : await helpOf((await findCommand(names)).command);
  // citty decides on colour by CI and TERM alone, and pads the last column too.
  return (colour ? help : Bun.stripANSI(help)).replace(/ +$/gm, "");
}

async function rootHelp(): Promise<string> {
  const meta = { name: "korun", version: VERSION, description: "Run, watch and read processes" };
  return await render({ meta, subCommands: await below(COMMANDS) }, ROOT_EXAMPLES);
}

async function helpOf(command: Command | Group): Promise<string> {
  const meta = { name: `korun ${command.name}`, description: command.about };
  if (isGroup(command)) {
    return await render({ meta, subCommands: await below(command.commands) }, command.examples);
  }
  const usage = await render({ meta, args: argsOf(command) }, command.examples);
  return command.takesCommand ? usage.replace("[OPTIONS]", "[OPTIONS] -- COMMAND [ARG…]") : usage;
}

async function render(command: CommandDef, examples: readonly string[]): Promise<string> {
  const usage = (await renderUsage(command)).trimEnd();
  const lines = examples.map((example) => `  ${example}`);
  return `${usage}\n\n\x1b[4m\x1b[1mEXAMPLES\x1b[22m\x1b[24m\n\n${lines.join("\n")}\n`;
}

async function below(commands: CommandTable): Promise<Record<string, CommandDef>> {
  const entries = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => {
      const command = await load();
      const hidden = !isGroup(command) && command.hidden === true;
      return [name, { meta: { name, description: command.about, hidden } }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

function argsOf({ flags, words }: Command): ArgsDef {
  const args: ArgsDef = {};
  if (words !== undefined) {
    args[words.name] = {
      type: "positional",
      description: words.about,
      required: words.least > 0,
    };
  }
  for (const [name, flag] of Object.entries(flags)) args[name] = argOf(flag);
  return args;
}

function argOf(flag: Flag): ArgsDef[string] {
  const { about: description, short } = flag;
  const alias = short === undefined ? {} : { alias: short };
  switch (flag.kind) {
    case "switch":
      return { type: "boolean", description, ...alias };
    case "choice":
      return { type: "enum", description, options: [...flag.choices], ...alias };
    case "value":
    case "list":
      return { type: "string", description, valueHint: flag.value, ...alias };
  }
}
