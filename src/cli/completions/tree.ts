// The command table as the completions need it: every command that is shown, by its full name.

import {
  type Command,
  type CommandTable,
  type Flag,
  isGroup,
  type Offer,
} from "../line/signature.ts";

/** What can follow a name that is not a whole command: `""`, `daemon`. */
export interface Branch {
  readonly name: string;
  readonly below: readonly { readonly word: string; readonly about: string }[];
}

export interface CommandTree {
  readonly branches: readonly Branch[];
  readonly commands: readonly Command[];
}

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
    const below = await Promise.all(Object.values(command.commands).map((load) => load()));
    const words = Object.keys(command.commands);
    branches.push({
      name: command.name,
      below: below.map((one, place) => line(words[place] ?? "", one)),
    });
    commands.push(...below);
  }
  return { branches, commands };
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
