// Query parameters, strictly: each endpoint names those it takes, each may be given once, and a
// value that means nothing is refused rather than replaced by a default.

import { Problem } from "../domain/problem.ts";

export class Query {
  readonly #values: ReadonlyMap<string, string>;

  /**
   * Parses a raw query without its question mark.
   * Throws Problem `bad_request` for a parameter that is not in `known`, or is given twice.
   */
  constructor(raw: string, known: readonly string[]) {
    const values = new Map<string, string>();
    for (const [name, value] of raw === "" ? [] : new URLSearchParams(raw)) {
      if (!known.includes(name)) throw unknown(name, known);
      if (values.has(name)) {
        throw new Problem("bad_request", `The query parameter ${name} is given more than once`, {
          field: name,
        });
      }
      values.set(name, value);
    }
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** A non-negative integer. */
  count(name: string, fallback: number): number {
    const value = this.#values.get(name);
    if (value === undefined) return fallback;
    const count = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isSafeInteger(count)) return count;
    throw wrong(name, value, "a non-negative integer");
  }

  /** A non-negative integer, or this word. */
  countOr<const Word extends string>(name: string, word: Word): number | Word {
    const value = this.#values.get(name);
    if (value === word) return word;
    if (value !== undefined && /^\d{1,15}$/.test(value)) return Number(value);
    throw wrong(name, value ?? "", `a number or ${word}`);
  }

  /** `0` or `1`, or their words; false when absent. */
  flag(name: string): boolean {
    const value = this.#values.get(name);
    if (value === undefined || value === "0" || value === "false") return false;
    if (value === "1" || value === "true") return true;
    throw wrong(name, value, "0 or 1");
  }

  /** One of `choices`; the first of them when absent. */
  choice<const Choice extends string>(
    name: string,
    choices: readonly [Choice, ...Choice[]],
  ): Choice {
    const value = this.#values.get(name);
    if (value === undefined) return choices[0];
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw wrong(name, value, `one of ${choices.join(", ")}`);
  }
}

function unknown(name: string, known: readonly string[]): Problem {
  const takes = known.length === 0 ? "takes none" : `takes ${known.join(", ")}`;
  return new Problem("bad_request", `Unknown query parameter ${quote(name)}: this ${takes}`, {
    field: name.slice(0, 100),
    expected: known.length === 0 ? "no query parameters" : `one of ${known.join(", ")}`,
  });
}

function wrong(name: string, value: string, expected: string): Problem {
  return new Problem("bad_request", `${name} must be ${expected}, not ${quote(value)}`, {
    field: name,
    expected,
  });
}

function quote(value: string): string {
  return JSON.stringify(value.length <= 100 ? value : `${value.slice(0, 100)}…`);
}
