// Reads a command line by a command's signature, strictly: nothing unknown is passed over and no
// value is guessed. Pure. What follows the first `--` is never looked at.

import { closest } from "../../domain/closest.ts";
import { Problem } from "../../domain/problem.ts";
import { shellLine } from "../show/visible.ts";
import type { Command, Flag, Parsed, Words } from "./signature.ts";

/** A command line, cut at its first `--`. */
export interface CutLine {
  readonly own: readonly string[];
  /** Undefined when there is no `--`. */
  readonly rest: readonly string[] | undefined;
}

export function cutAtDashes(argv: readonly string[]): CutLine {
  const cut = argv.indexOf("--");
  if (cut < 0) return { own: argv, rest: undefined };
  return { own: argv.slice(0, cut), rest: argv.slice(cut + 1) };
}

/** Throws Problem `bad_request`, with the remedy, for what the command does not take. */
export function parseLine(command: Command, line: CutLine): Parsed {
  const reader = new FlagReader(command);
  const words = reader.read(line);
  const flags = reader.values();
  if (command.takesCommand) return { flags, words, command: expectCommand(command, line.rest) };
  // Elsewhere `--` only ends the flags, as everywhere in Unix.
  const all = [...words, ...(line.rest ?? [])];
  return { flags, words: checkWords(command, all), command: [] };
}

/** A usage error of a command. */
export function misuse(command: { readonly name: string }, message: string, hint?: string) {
  const name = command.name === "" ? "korun" : `korun ${command.name}`;
  return new Problem("bad_request", message, { hint: hint ?? `See \`${name} --help\`.` });
}

class FlagReader {
  readonly #command: Command;
  readonly #given = new Map<string, string[]>();

  constructor(command: Command) {
    this.#command = command;
  }

  /** Takes the flags and gives the words that are left. */
  read(line: CutLine): string[] {
    const words: string[] = [];
    const queue = [...line.own];
    for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
      if (arg.startsWith("--")) this.#long(arg, queue);
      else if (arg.startsWith("-") && arg !== "-") this.#cluster(arg, queue);
      else if (this.#command.takesCommand) throw misplaced(this.#command, line, queue.length + 1);
      else words.push(arg);
    }
    return words;
  }

  values(): Parsed["flags"] {
    const entries = Object.entries(this.#command.flags).map(([name, flag]) => {
      const given = this.#given.get(name);
      if (flag.kind === "switch") return [name, given !== undefined];
      return [name, flag.kind === "list" ? (given ?? []) : given?.at(-1)];
    });
    return Object.fromEntries(entries);
  }

  #long(arg: string, queue: string[]): void {
    const equals = arg.indexOf("=");
    const shown = equals < 0 ? arg : arg.slice(0, equals);
    const name = shown.slice(2);
    const flag = this.#command.flags[name];
    if (flag === undefined || !Object.hasOwn(this.#command.flags, name)) throw this.#unknown(shown);
    const attached = equals < 0 ? undefined : arg.slice(equals + 1);
    this.#take({ name, flag, shown }, attached, queue);
  }

  /** `-f`, `-fn5`, `-n 5`: switches, then at most one flag with a value. */
  #cluster(arg: string, queue: string[]): void {
    for (let place = 1; place < arg.length; place += 1) {
      const shown = `-${arg[place]}`;
      const found = Object.entries(this.#command.flags).find(
        ([, { short }]) => `-${short}` === shown,
      );
      if (found === undefined) throw this.#unknown(place === 1 ? arg : shown);
      const [name, flag] = found;
      const tail = arg.slice(place + 1);
      if (flag.kind === "switch") {
        this.#take({ name, flag, shown }, undefined, queue);
        continue;
      }
      this.#take({ name, flag, shown }, tail === "" ? undefined : tail, queue);
      return;
    }
  }

  #take(
    { name, flag, shown }: { name: string; flag: Flag; shown: string },
    attached: string | undefined,
    queue: string[],
  ): void {
    if (flag.kind === "switch") {
      if (attached !== undefined) throw misuse(this.#command, `${shown} takes no value`);
      this.#given.set(name, []);
      return;
    }
    const value = attached ?? this.#next(flag, shown, queue);
    const wanted = wrongness(flag, value);
    if (wanted !== undefined) {
      const remedy = flag.kind === "choice" ? undefined : flag.form?.remedy?.(value);
      throw misuse(this.#command, `${shown} is ${JSON.stringify(value)}; wanted ${wanted}`, remedy);
    }
    this.#given.set(name, [...(this.#given.get(name) ?? []), value]);
  }

  #next(flag: Exclude<Flag, { kind: "switch" }>, shown: string, queue: string[]): string {
    const value = queue.shift();
    if (value === undefined) throw misuse(this.#command, `${shown} needs a value`);
    if (!value.startsWith("-") || value === "-") return value;
    const wanted = wrongness(flag, value);
    // A number below zero is a wrong value, and is told as one.
    if (wanted !== undefined && /^-[\d.]/.test(value)) return value;
    const form = shown.startsWith("--") ? `${shown}=${value}` : `${shown}${value}`;
    throw misuse(
      this.#command,
      `${shown} needs a value, and ${value} looks like a flag`,
      wanted === undefined ? `If it is the value, write ${form}` : `Wanted ${wanted}.`,
    );
  }

  #unknown(shown: string): Problem {
    const { flags, name, takesCommand } = this.#command;
    const known = Object.entries(flags).flatMap(([long, { short }]) =>
      short === undefined ? [`--${long}`] : [`--${long}`, `-${short}`],
    );
    const near = closest(shown, [...known, "--help"]);
    const message = `\`korun ${name}\` has no flag ${shown}`;
    if (near !== undefined) return misuse(this.#command, message, `Did you mean ${near}?`);
    if (!takesCommand) return misuse(this.#command, message);
    return misuse(this.#command, message, "Flags of the command itself come after `--`.");
  }
}

/** What was wanted, if the value is not that. */
function wrongness(flag: Exclude<Flag, { kind: "switch" }>, value: string): string | undefined {
  if (flag.kind === "choice") {
    return flag.choices.includes(value) ? undefined : `one of ${flag.choices.join(", ")}`;
  }
  return flag.form === undefined || flag.form.matches(value) ? undefined : flag.form.words;
}

function expectCommand(command: Command, rest: readonly string[] | undefined): readonly string[] {
  if (rest?.[0] === "") {
    throw misuse(command, "the command after `--` is empty", "Is a variable unset?");
  }
  if (rest !== undefined && rest.length > 0) return rest;
  const message =
    rest === undefined
      ? `\`korun ${command.name}\` needs a command to run, after \`--\``
      : "there is no command after `--`";
  throw misuse(command, message, `Write: korun ${command.name} -- COMMAND [ARG…]`);
}

/** A word before `--`, the last but `left` of the line, and what stands there instead. */
function misplaced(command: Command, { own, rest }: CutLine, left: number): Problem {
  const [flags, words] = [own.slice(0, -left), own.slice(-left)];
  const behind = rest === undefined ? [] : ["--", ...rest];
  // `npm run dev -- --port 3000` has a `--` of its own; a lone word before one is mostly a name.
  const isName = words.length === 1 && rest?.[0]?.startsWith("-") === false;
  const typed = isName
    ? [...flags, "--name", ...words, ...behind]
    : [...flags, "--", ...words, ...behind];
  const word = JSON.stringify(words[0]);
  return misuse(
    command,
    isName
      ? `${word} stands before \`--\` and is not a flag`
      : `the command must come after \`--\`: ${word} is not a flag`,
    `Write: korun ${command.name} ${shellLine(typed)}`,
  );
}

function checkWords(command: Command, words: readonly string[]): readonly string[] {
  const { name, least, most, choices, followedBy }: Words = command.words ?? NO_WORDS;
  if (words.length < least) {
    const second = followedBy === undefined || least < 2 ? [] : [followedBy.name];
    const missing = words.length === 0 ? [name, ...second] : second;
    throw misuse(command, `\`korun ${command.name}\` needs ${missing.map(article).join(" and ")}`);
  }
  const extra = words[most];
  if (extra !== undefined) {
    throw misuse(command, `\`korun ${command.name}\` does not take ${JSON.stringify(extra)}`);
  }
  const strange = words.find((word) => choices !== undefined && !choices.includes(word));
  if (strange === undefined) return words;
  throw misuse(command, `${JSON.stringify(strange)} is not one of ${choices?.join(", ")}`);
}

const NO_WORDS: Words = { name: "", about: "", least: 0, most: 0 };

function article(name: string): string {
  return /^[AEIO]/i.test(name) ? `an ${name}` : `a ${name}`;
}
