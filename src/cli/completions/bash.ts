// The completion script for bash, without help of the bash-completion package.

import type { Command } from "../line/signature.ts";
import { type CommandTree, formsOf, quoted, valuesOf } from "./tree.ts";

export function bashCompletion({ branches, commands }: CommandTree): string {
  const groups = branches.map(({ name }) => name).filter((name) => name !== "");
  return `# bash completion of korun: eval "$(korun completions bash)"
_korun() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local command='' words='' offer='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --)
        if ((i + 1 == COMP_CWORD)); then _korun_offer -c; else compopt -o default; fi 2>/dev/null
        return ;;
      -*) ;;
      *)
        case $command in
          '') command=\${COMP_WORDS[i]} ;;
          ${groups.join("|")}) command="$command \${COMP_WORDS[i]}" ;;
        esac ;;
    esac
  done
  case $command in
${branches.map(({ name, below }) => `    ${quoted(name)}) words=${quoted(below.map(({ word }) => word).join(" "))} ;;`).join("\n")}
${commands.map(commandCase).join("\n")}
  esac
  case $offer in
    folders) compopt -o filenames 2>/dev/null; _korun_offer -d; return ;;
    files) compopt -o filenames 2>/dev/null; _korun_offer -f; return ;;
    anything) return ;;
    sessions)
      if [[ $cur != -* ]]; then words=$(korun __complete sessions "$cur" 2>/dev/null | cut -f1); fi ;;
  esac
  _korun_offer -W "\${words// /$'\\n'}"
}
# Not mapfile: macOS still has bash 3.
_korun_offer() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$@" -- "$cur"))
}
complete -F _korun korun
`;
}

function commandCase({ name, flags, words }: Command): string {
  const forms = Object.entries(flags).flatMap(([flag, spec]) => formsOf(flag, spec));
  const shown = [...(words?.choices ?? []), ...forms, "--help"].join(" ");
  const values = Object.entries(flags).flatMap(([flag, spec]) => {
    const taken = valuesOf(spec);
    if (taken === undefined) return [];
    const assignment =
      typeof taken === "string" ? `offer=${taken}` : `words=${quoted(taken.join(" "))}`;
    return [`        ${formsOf(flag, spec).join("|")}) ${assignment} ;;`];
  });
  const otherwise = `words=${quoted(shown)}${words?.offer === undefined ? "" : ` offer=${words.offer}`}`;
  return `    ${quoted(name)})
      case $prev in
${[...values, `        *) ${otherwise} ;;`].join("\n")}
      esac ;;`;
}
