// The help: citty renders what a signature says, and we add the examples. Loaded when asked for.

import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { VERSION } from "../../client/version.ts";
import { COMMANDS, findCommand } from "../commands.ts";
import { screenOf } from "../show/screen.ts";
import {
  type Command,
  type CommandTable,
  type Flag,
  type Group,
  isGroup,
  shownFlags,
} from "./signature.ts";
import { wrapLines } from "./wrap.ts";

const ROOT_EXAMPLES = [
  "korun serve --watch src -- npm run dev",
  "korun ls",
  "korun tail -f web",
  "korun stop web",
];

/** The help of `korun`, or of the command that `names` lead to. */
export async function renderHelp(names: readonly string[]): Promise<string> {
  const { colour, columns } = await screenOf(1);
  const help =
    names.length === 0 ? await rootHelp() : await helpOf((await findCommand(names)).command);
  // citty decides on colour by CI and TERM alone, and pads the last column too.
  const trimmed = (colour ? help : Bun.stripANSI(help)).replace(/ +$/gm, "");
  // Examples are to be copied, and stay as they are.
  const examples = trimmed.lastIndexOf("EXAMPLES");
  return wrapLines(trimmed.slice(0, examples), columns ?? WIDTH) + trimmed.slice(examples);
}

/** Where there is no terminal that says how wide it is. */
const WIDTH = 80;

const ROOT_ARGS: ArgsDef = {
  help: { type: "boolean", alias: "h", description: "Show this help, or that of a command" },
  version: { type: "boolean", alias: "V", description: "Show the version" },
};

async function rootHelp(): Promise<string> {
  const meta = { name: "korun", version: VERSION, description: "Run, watch and read processes" };
  const subCommands = await below(COMMANDS);
  const usage = await render({ meta, args: ROOT_ARGS, subCommands }, { examples: ROOT_EXAMPLES });
  return withoutNames(usage, subCommands).replace(`korun v${VERSION}`, `korun ${VERSION}`);
}

async function helpOf(command: Command | Group): Promise<string> {
  const meta = { name: `korun ${command.name}`, description: command.about };
  if (isGroup(command)) {
    const subCommands = await below(command.commands);
    return withoutNames(await render({ meta, subCommands }, command), subCommands);
  }
  const usage = await render({ meta, args: argsOf(command) }, command);
  return command.takesCommand ? usage.replace("[OPTIONS]", "[OPTIONS] -- COMMAND [ARG…]") : usage;
}

async function render(
  command: CommandDef,
  { examples, exitCodes = [] }: Pick<Command, "examples" | "exitCodes">,
): Promise<string> {
  const usage = (await renderUsage(command)).trimEnd();
  const codes = exitCodes.map(([code, means]) => `  ${String(code).padStart(3)}    ${means}`);
  const lines = examples.map((example) => `  ${example}`);
  const parts = [usage, ...(codes.length === 0 ? [] : [section("EXIT CODES", codes)])];
  return `${[...parts, section("EXAMPLES", lines)].join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return `\x1b[4m\x1b[1m${title}\x1b[22m\x1b[24m\n\n${lines.join("\n")}`;
}

/** All of them in a row are nothing to read: they are listed below. */
function withoutNames(usage: string, subCommands: Readonly<Record<string, CommandDef>>): string {
  const names = Object.keys(subCommands).filter((name) => usage.includes(`|${name}`));
  const first = Object.keys(subCommands)[0] ?? "";
  return usage.replace([first, ...names].join("|"), "COMMAND [ARG…]");
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

function argsOf(command: Command): ArgsDef {
  const { words } = command;
  const args: ArgsDef = {};
  if (words !== undefined) {
    args[words.name] = {
      type: "positional",
      description: words.about,
      required: words.least > 0,
    };
  }
  if (words?.followedBy !== undefined) {
    const { name, about } = words.followedBy;
    args[name] = { type: "positional", description: about, required: words.least > 1 };
  }
  for (const [name, flag] of shownFlags(command)) args[name] = argOf(flag);
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
