// The completion script for fish.

import { type Command, type Flag, shownFlags } from "../line/signature.ts";
import {
  type CommandTree,
  formsWithValue,
  offersOnce,
  quoted,
  ROOT_FLAGS,
  valuesOf,
} from "./tree.ts";

export function fishCompletion(tree: CommandTree): string {
  const { branches, commands } = tree;
  const groups = branches.map(({ name }) => name).filter((name) => name !== "");
  const lines = [
    ...branches.flatMap(({ name, below }) =>
      below.map(({ word, about }) => `${at(name)} -f -a ${word} -d ${quoted(about)}`),
    ),
    ...branches.flatMap(({ name }) =>
      (name === "" ? ROOT_FLAGS : ROOT_FLAGS.slice(0, 1)).map(
        (flag) => `${at(name)} -l ${flag.name} -d ${quoted(flag.about)}`,
      ),
    ),
    ...commands.flatMap((command) => commandLines(command, tree)),
  ];
  return `# fish completion of korun: korun completions fish | source
function __korun_is
    set -l words (commandline -opc)
    set -e words[1]
    set -l command
    for word in $words
        switch $word
            case --
                set command --
                break
            case '-*'
            case '*'
                if test -z "$command"
                    set command $word
                else if contains -- "$command" ${groups.join(" ")}
                    set command "$command $word"
                end
        end
    end
    test "$command" = "$argv"
end
# Whether the first word of a command is being typed; the flags with a value are said.
function __korun_first
    set -l words (commandline -opc)
    set -l skip
    for word in $words[3..-1]
        if test -n "$skip"
            set skip
        else if contains -- $word $argv
            set skip yes
        else if not string match -q -- '-*' $word
            return 1
        end
    end
end
complete -c korun -e
complete -c korun -f -n 'not __korun_is --'
complete -c korun -n '__korun_is --' -a '(__fish_complete_command)'
${lines.join("\n")}
`;
}

function commandLines(command: Command, { contracted }: CommandTree): string[] {
  const { name, words } = command;
  const lines = shownFlags(command).map(([flag, spec]) => `${at(name)} ${flagOf(flag, spec)}`);
  lines.push(`${at(name)} -l help -d 'Show the help'`);
  if (words?.choices !== undefined) lines.push(`${at(name)} -a ${quoted(words.choices.join(" "))}`);
  if (words?.offer === "commands") {
    lines.push(`${at(name, "; and __korun_first")} -a ${quoted(contracted.first.join(" "))}`);
    for (const { group, words: below } of contracted.below) {
      const behind = `; and test (commandline -opc)[-1] = ${group}`;
      lines.push(`${at(name, behind)} -a ${quoted(below.join(" "))}`);
    }
  }
  if (words?.offer === "sessions") {
    const first = `; and __korun_first ${formsWithValue(command).join(" ")}`.trimEnd();
    const where = at(name, offersOnce(words) ? first : "");
    lines.push(`${where} -k -a '(korun __complete sessions (commandline -ct) 2>/dev/null)'`);
  }
  return lines;
}

function at(name: string, and = ""): string {
  return `complete -c korun -n ${quoted(`${`__korun_is ${name}`.trimEnd()}${and}`)}`;
}

function flagOf(name: string, flag: Flag): string {
  const short = flag.short === undefined ? "" : `-s ${flag.short} `;
  const head = `${short}-l ${name} -d ${quoted(flag.about)}`;
  const values = valuesOf(flag);
  if (values === undefined) return head;
  if (typeof values !== "string") return `${head} -x -a ${quoted(values.join(" "))}`;
  if (values === "folders") return `${head} -x -a '(__fish_complete_directories)'`;
  return values === "files" ? `${head} -r -F` : `${head} -x`;
}
