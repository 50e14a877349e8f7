// What is looked for in output: a text, or a regular expression. Regular expressions are RE2's,
// which match in a time that grows with the text and not beyond: none can hang the daemon. What is
// left is a factor, the size of the expression, and so size times text is bounded as well. The
// engine takes milliseconds to load, and is loaded by the first regular expression.

import { messageOf, Problem } from "../domain/problem.ts";

/** What to look for. */
export type PatternText = { readonly text: string } | { readonly regex: string };

/** Where something was found, in UTF-16 units. */
export interface Found {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Pattern {
  /** Whether it is in the text; much faster than to find it. */
  test(text: string): boolean;
  /** Where it is first. */
  find(text: string): Found | undefined;
}

/** Longest pattern, in UTF-16 units. */
export const MAX_PATTERN_LENGTH = 1_000;

/** Most steps that an expression may have; `x{1000}` are a thousand. */
const MAX_STEPS = 2_000;

/** Most steps times units of text in one test: tens of milliseconds, at the very worst. */
const TEST_COST = 16_000_000;
/** The same in finding where, which costs more. */
const FIND_COST = 4_000_000;

/** Throws Problem `bad_request` that names `field` for what is no pattern. */
export async function compilePattern(
  wanted: PatternText,
  { field = "pattern" }: { field?: string } = {},
): Promise<Pattern> {
  const source = "text" in wanted ? wanted.text : wanted.regex;
  if (source === "") throw unusable(field, "is empty");
  if (source.length > MAX_PATTERN_LENGTH) throw unusable(field, "is too long");
  if ("text" in wanted && source.includes("\n")) {
    throw unusable(field, "goes over more than one line, and lines are looked at one by one");
  }
  return "text" in wanted ? new TextPattern(source) : await compileRegex(source, field);
}

class TextPattern implements Pattern {
  readonly #wanted: string;

  constructor(wanted: string) {
    this.#wanted = wanted;
  }

  test(text: string): boolean {
    return text.includes(this.#wanted);
  }

  find(text: string): Found | undefined {
    const start = text.indexOf(this.#wanted);
    if (start < 0) return undefined;
    return { start, end: start + this.#wanted.length, text: this.#wanted };
  }
}

/** What is needed of the engine's expressions. */
interface Expression {
  programSize(): number;
  test(text: string): boolean;
  matcher(text: string): {
    find(): boolean;
    start(): number;
    end(): number;
    group(): string | null;
  };
}

class RegexPattern implements Pattern {
  readonly #expression: Expression;
  readonly #longestTested: number;
  readonly #longestFound: number;

  constructor(expression: Expression) {
    this.#expression = expression;
    this.#longestTested = Math.floor(TEST_COST / expression.programSize());
    this.#longestFound = Math.floor(FIND_COST / expression.programSize());
  }

  test(text: string): boolean {
    return this.#expression.test(text.slice(0, this.#longestTested));
  }

  find(text: string): Found | undefined {
    const tested = text.slice(0, this.#longestTested);
    if (!this.#expression.test(tested)) return undefined;
    // It is in there somewhere, and to say where would take too long.
    if (tested.length > this.#longestFound) return { start: 0, end: text.length, text };
    const matcher = this.#expression.matcher(tested);
    if (!matcher.find()) return undefined;
    return { start: matcher.start(), end: matcher.end(), text: matcher.group() ?? "" };
  }
}

async function compileRegex(source: string, field: string): Promise<Pattern> {
  const { RE2JS } = await import("re2js");
  let expression: Expression;
  try {
    expression = RE2JS.compile(source);
  } catch (thrown) {
    throw unusable(field, `is no regular expression: ${reasonOf(thrown)}`, thrown);
  }
  if (expression.programSize() > MAX_STEPS) throw unusable(field, "repeats too much to be matched");
  return new RegexPattern(expression);
}

function unusable(field: string, what: string, cause?: unknown): Problem {
  return new Problem("bad_request", `${field} ${what}`, {
    field,
    expected: `a pattern of 1 to ${MAX_PATTERN_LENGTH} characters, a regular expression as RE2 has them`,
    cause,
  });
}

/** `missing closing ): (`, of an engine that says more than that. */
function reasonOf(thrown: unknown): string {
  return messageOf(thrown).replace("error parsing regexp: ", "").replaceAll("`", '"');
}
