// The completion script for bash, without help of the bash-completion package.

import { type Command, shownFlags } from "../line/signature.ts";
import {
  type CommandTree,
  formsOf,
  formsWithValue,
  offersOnce,
  quoted,
  ROOT_FLAGS,
  valuesOf,
} from "./tree.ts";

export function bashCompletion(tree: CommandTree): string {
  const { branches, commands } = tree;
  const groups = branches.map(({ name }) => name).filter((name) => name !== "");
  return `# bash completion of korun: eval "$(korun completions bash)"
_korun() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local command='' words='' offer='' before='' i
  COMPREPLY=()
  # An = is a word of its own, unless somebody took it out of COMP_WORDBREAKS.
  if [[ $cur == -*=* ]]; then
    before=\${cur%%=*}= prev=\${cur%%=*} cur=\${cur#*=}
  elif [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
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
${branches.map(branchCase).join("\n")}
${commands.map((command) => commandCase(command, tree)).join("\n")}
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
  if [[ -n $before && \${#COMPREPLY[@]} -gt 0 ]]; then COMPREPLY=("\${COMPREPLY[@]/#/$before}"); fi
}
# Whether the first word of a command is being typed; the flags with a value are said.
_korun_first() {
  local i takes=" $* "
  for ((i = 2; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      =) ((i++)) ;;
      -*) if [[ $takes == *" \${COMP_WORDS[i]} "* && \${COMP_WORDS[i+1]} != = ]]; then ((i++)); fi ;;
      *) return 1 ;;
    esac
  done
}
complete -F _korun korun
`;
}

function branchCase({ name, below }: CommandTree["branches"][number]): string {
  const flags = name === "" ? ROOT_FLAGS.map((flag) => `--${flag.name}`) : ["--help"];
  const words = [...below.map(({ word }) => word), ...flags].join(" ");
  return `    ${quoted(name)}) words=${quoted(words)} ;;`;
}

function commandCase(command: Command, tree: CommandTree): string {
  const { name, words } = command;
  const flags = shownFlags(command);
  const forms = [...flags.flatMap(([flag, spec]) => formsOf(flag, spec)), "--help"];
  const values = flags.flatMap(([flag, spec]) => {
    const taken = valuesOf(spec);
    if (taken === undefined) return [];
    const assignment =
      typeof taken === "string" ? `offer=${taken}` : `words=${quoted(taken.join(" "))}`;
    return [`        ${formsOf(flag, spec).join("|")}) ${assignment} ;;`];
  });
  if (words?.offer === "commands") {
    for (const { group, words: below } of tree.contracted.below) {
      values.push(`        ${group}) words=${quoted(below.join(" "))} ;;`);
    }
  }
  const offered = words?.offer === "commands" ? tree.contracted.first : (words?.choices ?? []);
  const shown = [...offered, ...forms].join(" ");
  const otherwise = `words=${quoted(shown)}${sessionsOf(command)}`;
  return `    ${quoted(name)})
      case $prev in
${[...values, `        *) ${otherwise} ;;`].join("\n")}
      esac ;;`;
}

function sessionsOf(command: Command): string {
  const { words } = command;
  if (words?.offer !== "sessions") return "";
  if (!offersOnce(words)) return " offer=sessions";
  const takes = formsWithValue(command).join(" ");
  return `; if _korun_first ${takes}; then offer=sessions; fi`;
}
