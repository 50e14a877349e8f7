// What a command takes, as data: the parser, the help and the completions all read it.

/** How a value must look. */
export interface Form {
  /** In words, for the message that says what was wanted. */
  readonly words: string;
  readonly matches: (value: string) => boolean;
  /** What was meant by a value that does not match, if one can tell. */
  readonly remedy?: (value: string) => string | undefined;
}

/** What a shell can offer for a value. */
export type Offer = "sessions" | "commands" | "files" | "folders";

interface Described {
  readonly about: string;
  /** For korun itself: not in the help, nor in the completions. */
  readonly hidden?: true;
  /** One letter: `-n`. */
  readonly short?: string;
}

interface Valued extends Described {
  /** The value's name in the help. */
  readonly value: string;
  readonly form?: Form;
  readonly offer?: Offer;
}

/** `switch` takes no value, `list` may be given several times. */
export type Flag =
  | (Described & { readonly kind: "switch" })
  | (Valued & { readonly kind: "value" })
  | (Valued & { readonly kind: "list" })
  | (Described & { readonly kind: "choice"; readonly choices: readonly string[] });

/** Flags by their long name. */
export type Flags = Readonly<Record<string, Flag>>;

/** The words of a command line that are neither flags nor their values. */
export interface Words {
  /** In the help, such as `ID`. */
  readonly name: string;
  readonly about: string;
  readonly least: number;
  readonly most: number;
  readonly offer?: Offer;
  readonly choices?: readonly string[];
  /** What the words after the first one are, where they are something else. */
  readonly followedBy?: { readonly name: string; readonly about: string };
}

export interface Signature<F extends Flags = Flags> {
  readonly flags: F;
  readonly words?: Words;
  /** What follows `--` is a command to run, and must be there. */
  readonly takesCommand?: true;
}

/** What was typed, by the flags of a signature. */
export type Values<F extends Flags> = { readonly [Name in keyof F]: Value<F[Name]> };

type Value<F extends Flag> = F extends { kind: "switch" }
  ? boolean
  : F extends { kind: "list" }
    ? readonly string[]
    : F extends { kind: "choice"; choices: readonly (infer Choice)[] }
      ? Choice | undefined
      : string | undefined;

export interface Parsed<F extends Flags = Flags> {
  readonly flags: Values<F>;
  readonly words: readonly string[];
  /** What follows `--`, untouched. */
  readonly command: readonly string[];
}

/** A command of the CLI: one file in `commands`. */
export interface Command<F extends Flags = Flags> extends Signature<F> {
  /** As typed after `korun`, such as `daemon start`. */
  readonly name: string;
  /** One short sentence. */
  readonly about: string;
  readonly examples: readonly string[];
  /** Not in the help, nor in the completions. */
  readonly hidden?: true;
  /** For the help, where they say more than that it was done or not. */
  readonly exitCodes?: readonly (readonly [code: number, means: string])[];
  /** Gives the exit code. What it throws is shown by `main`. */
  run(parsed: Parsed<F>, table: CommandTable): Promise<number>;
}

/** Commands by the word that is typed; each is loaded when it is used. */
export type CommandTable = Readonly<Record<string, () => Promise<Command | Group>>>;

/** A command that only has commands below it. */
export interface Group {
  readonly name: string;
  readonly about: string;
  readonly examples: readonly string[];
  readonly commands: Readonly<Record<string, () => Promise<Command>>>;
}

/** Keeps the exact type of the flags for `run`, and forgets it for everyone else. */
export function defineCommand<const F extends Flags>(command: Command<F>): Command {
  return command;
}

/** The flags that people are to know of. */
export function shownFlags({ flags }: Command): [name: string, flag: Flag][] {
  return Object.entries(flags).filter(([, { hidden }]) => !hidden);
}

/** Whether what was loaded has commands below it. */
export function isGroup(found: Command | Group): found is Group {
  return "commands" in found;
}
