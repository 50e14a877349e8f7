// The completion script for fish.

import type { Command, Flag } from "../line/signature.ts";
import { type CommandTree, quoted, valuesOf } from "./tree.ts";

export function fishCompletion({ branches, commands }: CommandTree): string {
  const groups = branches.map(({ name }) => name).filter((name) => name !== "");
  const lines = [
    ...branches.flatMap(({ name, below }) =>
      below.map(({ word, about }) => `${at(name)} -f -a ${word} -d ${quoted(about)}`),
    ),
    ...commands.flatMap(commandLines),
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
complete -c korun -e
complete -c korun -f -n 'not __korun_is --'
complete -c korun -n '__korun_is --' -a '(__fish_complete_command)'
${lines.join("\n")}
`;
}

function commandLines({ name, flags, words }: Command): string[] {
  const lines = Object.entries(flags).map(([flag, spec]) => `${at(name)} ${flagOf(flag, spec)}`);
  lines.push(`${at(name)} -l help -d 'Show the help'`);
  if (words?.choices !== undefined) lines.push(`${at(name)} -a ${quoted(words.choices.join(" "))}`);
  if (words?.offer === "sessions") {
    lines.push(`${at(name)} -k -a '(korun __complete sessions (commandline -ct) 2>/dev/null)'`);
  }
  return lines;
}

function at(name: string): string {
  return `complete -c korun -n ${quoted(`__korun_is ${name}`.trimEnd())}`;
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
