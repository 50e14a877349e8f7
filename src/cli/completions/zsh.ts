// The completion script for zsh.

import { type Command, type Flag, shownFlags, type Words } from "../line/signature.ts";
import { type CommandTree, formsOf, offersOnce, quoted, ROOT_FLAGS, valuesOf } from "./tree.ts";

export function zshCompletion({ branches, commands, contracted }: CommandTree): string {
  const groups = branches.map(({ name }) => name).filter((name) => name !== "");
  return `#compdef korun
# zsh completion of korun: eval "$(korun completions zsh)"
_korun_sessions() {
  local -a found
  found=(\${(f)"$(korun __complete sessions "$PREFIX" 2>/dev/null)"})
  found=(\${found//$'\\t'/:})
  _describe -V session found
}
_korun_commands() {
  case $words[CURRENT-1] in
${contracted.below.map(({ group, words }) => `    ${group}) compadd -- ${words.join(" ")} ;;`).join("\n")}
    *) if ((CURRENT == 2)); then compadd -- ${contracted.first.join(" ")}; fi ;;
  esac
}
_korun_below() {
  if [[ $PREFIX == -* ]]; then _describe -o flag flags; else _describe command below; fi
}
_korun() {
  local -a below flags
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
    const flags = (name === "" ? ROOT_FLAGS : ROOT_FLAGS.slice(0, 1)).map((flag) =>
      quoted(`--${flag.name}:${flag.about}`),
    );
    return `    ${quoted(name)}) below=(${lines.join(" ")}) flags=(${flags.join(" ")}); _korun_below ;;`;
  })
  .join("\n")}
${commands.map(commandCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _korun ]]; then _korun "$@"; else compdef _korun korun; fi
`;
}

function commandCase(command: Command): string {
  const { name, words } = command;
  const specs = shownFlags(command).map(([flag, spec]) => flagSpec(flag, spec));
  if (words !== undefined) specs.push(...wordSpecs(words));
  specs.push(quoted("--help[Show the help]"));
  return `    ${quoted(name)}) _arguments -s ${specs.join(" ")} ;;`;
}

function wordSpecs(words: Words): string[] {
  const { name, choices, offer, followedBy } = words;
  const action =
    choices === undefined ? (offer === undefined ? " " : ACTIONS[offer]) : `(${choices.join(" ")})`;
  const first = quoted(`${offersOnce(words) ? "1" : "*"}:${escaped(name, ":")}:${action}`);
  return followedBy === undefined
    ? [first]
    : [first, quoted(`*:${escaped(followedBy.name, ":")}: `)];
}

const ACTIONS = {
  sessions: "_korun_sessions",
  commands: "_korun_commands",
  folders: "_files -/",
  files: "_files",
} as const;

/** Such as `{-n+,--limit=}[about]:value:`, with a star before what may be given several times. */
function flagSpec(name: string, flag: Flag): string {
  const forms = formsOf(name, flag).map((form) => `${form}${valueMark(form, flag)}`);
  const tail = quoted(`[${escaped(flag.about, "[]")}]${valuePart(flag)}`);
  const head = forms.length === 1 ? (forms[0] ?? "") : `{${forms.join(",")}}`;
  return flag.kind === "list" ? `'*'${head}${tail}` : `${head}${tail}`;
}

/** The value may be attached: `--limit=5`, `-n5`. */
function valueMark(form: string, { kind }: Flag): string {
  if (kind === "switch") return "";
  return form.startsWith("--") ? "=" : "+";
}

function valuePart(flag: Flag): string {
  const values = valuesOf(flag);
  if (values === undefined) return "";
  if (typeof values !== "string") return `:value:(${values.join(" ")})`;
  return `:value:${values === "anything" ? " " : ACTIONS[values]}`;
}

/** With a backslash before what ends a part of a specification. */
function escaped(text: string, ends: string): string {
  return [...text].map((one) => (one === "\\" || ends.includes(one) ? `\\${one}` : one)).join("");
}
