// What was meant by a command that could not be found because it is no program: a whole command line
// in one word, a variable, or what only a shell knows. Pure.

import { shellLine } from "../show/visible.ts";

/** Commands that are no programs, as a rule. `test`, `echo` and the like are both. */
const BUILTINS = new Set(
  "alias bg builtin cd declare eval exec exit export fg hash local popd pushd read readonly return set shift shopt source trap typeset ulimit umask unalias unset .".split(
    " ",
  ),
);

/** What only a shell makes something of. */
const SYNTAX = /[|&;<>()$`*?~\n]/;

/** How to write it; undefined where it may well be a program that is not there. */
export function remedyFor([program = "", ...args]: readonly string[]): string | undefined {
  if (/^[A-Za-z_]\w*=\S*$/.test(program)) {
    const rest = args.length === 0 ? "COMMAND" : shellLine(args);
    return `A variable goes before the command: -e ${shellLine([program])} -- ${rest}`;
  }
  if (BUILTINS.has(program)) {
    const shell = inShell([program, ...args].join(" "));
    const folder = program === "cd" ? `--cwd ${shellLine(args.slice(0, 1))}`.trimEnd() : undefined;
    const remedy = folder === undefined ? shell : `say ${folder}, or ${shell}`;
    return `${program} is a command of shells, no program: ${remedy}`;
  }
  if (args.length > 0 || !/\s/.test(program.trim())) return undefined;
  const shell = inShell(program);
  if (SYNTAX.test(program)) return `It is one word, for a shell: ${shell}`;
  return `It is one word: write -- ${visibleWords(program)}, or ${shell}`;
}

function inShell(line: string): string {
  return `-- ${shellLine(["sh", "-c", line])}`;
}

/** Quotes in it stay: they are where its author wants them. */
function visibleWords(line: string): string {
  return line.trim().split(/\s+/).join(" ");
}
