// The completion script for zsh.

import type { Command, Flag } from "../line/signature.ts";
import { type CommandTree, formsOf, quoted, valuesOf } from "./tree.ts";

export function zshCompletion({ branches, commands }: CommandTree): string {
  const groups = branches.map(({ name }) => name).filter((name) => name !== "");
  return `#compdef korun
# zsh completion of korun: eval "$(korun completions zsh)"
_korun_sessions() {
  local -a found
  found=(\${(f)"$(korun __complete sessions "$PREFIX" 2>/dev/null)"})
  found=(\${found//$'\\t'/:})
  _describe -V session found
}
_korun() {
  local -a below
  local dashes=\${words[(i)--]}
  if ((dashes < CURRENT)); then
    shift dashes words
    ((CURRENT -= dashes))
    _normal
    return
  fi
  local command=''
  if ((CURRENT > 2)); then command=$words[2]; fi
  case $command in
    ${groups.join("|")}) if ((CURRENT > 3)); then command="$command $words[3]"; shift words; ((CURRENT--)); fi ;;
  esac
  if [[ -n $command ]]; then shift words; ((CURRENT--)); fi
  case $command in
${branches
  .map(({ name, below }) => {
    const lines = below.map(({ word, about }) => quoted(`${word}:${about}`));
    return `    ${quoted(name)}) below=(${lines.join(" ")}); _describe command below ;;`;
  })
  .join("\n")}
${commands.map(commandCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _korun ]]; then _korun "$@"; else compdef _korun korun; fi
`;
}

function commandCase({ name, flags, words }: Command): string {
  const specs = Object.entries(flags).map(([flag, spec]) => flagSpec(flag, spec));
  if (words !== undefined) {
    const action = words.choices === undefined ? "_korun_sessions" : `(${words.choices.join(" ")})`;
    const many = words.most > 1 ? "*" : "1";
    specs.push(quoted(`${many}:${words.name}:${action}`));
  }
  specs.push(quoted("--help[Show the help]"));
  return `    ${quoted(name)}) _arguments -s ${specs.join(" ")} ;;`;
}

/** Such as `{-n,--limit}[about]:value:`, with a star before what may be given several times. */
function flagSpec(name: string, flag: Flag): string {
  const forms = formsOf(name, flag);
  const about = flag.about.replaceAll("[", "(").replaceAll("]", ")").replaceAll(":", ";");
  const tail = quoted(`[${about}]${valuePart(flag)}`);
  const head = forms.length === 1 ? (forms[0] ?? "") : `{${forms.join(",")}}`;
  return flag.kind === "list" ? `'*'${head}${tail}` : `${head}${tail}`;
}

function valuePart(flag: Flag): string {
  const values = valuesOf(flag);
  if (values === undefined) return "";
  if (typeof values !== "string") return `:value:(${values.join(" ")})`;
  if (values === "folders") return ":folder:_files -/";
  return values === "files" ? ":path:_files" : ":value: ";
}
