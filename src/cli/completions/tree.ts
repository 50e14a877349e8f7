// The command table as the completions need it: every command that is shown, by its full name.

import { contractedCommands } from "../line/command-contract.ts";
import {
  type Command,
  type CommandTable,
  type Flag,
  isGroup,
  type Offer,
  shownFlags,
  type Words,
} from "../line/signature.ts";

/** What can follow a name that is not a whole command: `""`, `daemon`. */
export interface Branch {
  readonly name: string;
  readonly below: readonly { readonly word: string; readonly about: string }[];
}

export interface CommandTree {
  readonly branches: readonly Branch[];
  readonly commands: readonly Command[];
  /** What `korun schema` takes. */
  readonly contracted: {
    readonly first: readonly string[];
    readonly below: readonly { readonly group: string; readonly words: readonly string[] }[];
  };
}

/** Flags that need no command. */
export const ROOT_FLAGS = [
  { name: "help", about: "Show the help" },
  { name: "version", about: "Show the version" },
] as const;

/** Loads every command. */
export async function commandTree(table: CommandTable): Promise<CommandTree> {
  const loaded = await Promise.all(
    Object.entries(table).map(async ([word, load]) => ({ word, command: await load() })),
  );
  const shown = loaded.filter(({ command }) => isGroup(command) || !command.hidden);
  const branches = [{ name: "", below: shown.map(({ word, command }) => line(word, command)) }];
  const commands: Command[] = [];
  for (const { command } of shown) {
    if (!isGroup(command)) {
      commands.push(command);
      continue;
    }
    const below = await Promise.all(
      Object.entries(command.commands).map(async ([word, load]) => ({ word, one: await load() })),
    );
    const known = below.filter(({ one }) => !one.hidden);
    branches.push({ name: command.name, below: known.map(({ word, one }) => line(word, one)) });
    commands.push(...known.map(({ one }) => one));
  }
  return { branches, commands, contracted: contractedWords() };
}

/** Names of commands as `schema` takes them: what can come first, and what after `daemon`. */
function contractedWords(): CommandTree["contracted"] {
  const names = contractedCommands().map((name) => name.split(" "));
  const first = [...new Set(names.map(([word = ""]) => word))];
  const below = first.flatMap((group) => {
    const words = names.flatMap(([word, next]) =>
      word === group && next !== undefined ? [next] : [],
    );
    return words.length === 0 ? [] : [{ group, words }];
  });
  return { first, below };
}

/** Whether only the first word is what is offered: `send web TEXT`. */
export function offersOnce({ most, followedBy }: Words): boolean {
  return most === 1 || followedBy !== undefined;
}

/** Every form of each flag that is followed by a value. */
export function formsWithValue(command: Command): string[] {
  return shownFlags(command).flatMap(([name, flag]) =>
    flag.kind === "switch" ? [] : formsOf(name, flag),
  );
}

/** Every form of a flag: `--limit`, `-n`. */
export function formsOf(name: string, { short }: Flag): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

/** What a flag's value can be: words, files, folders, anything; undefined when it has none. */
export function valuesOf(flag: Flag): readonly string[] | Offer | "anything" | undefined {
  if (flag.kind === "switch") return undefined;
  if (flag.kind === "choice") return flag.choices;
  return flag.offer ?? "anything";
}

/** The text in single quotes, as every shell takes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function line(word: string, { about }: { readonly about: string }) {
  return { word, about };
}
