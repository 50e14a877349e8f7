// The values of query parameters, as schemas. All of them come as text; a message says what was
// expected, and what a parameter is by itself comes from its schema too.

import * as v from "valibot";

/** `0` or `1`, or their words; false when absent. */
export const flag = v.optional(
  v.pipe(
    v.picklist(["0", "1", "false", "true"], "0 or 1"),
    v.transform((value) => value === "1" || value === "true"),
  ),
  "0",
);

const NUMBER = "a non-negative integer";

/** A whole number; `range` says which in words. */
export function numberIn(range: string, { min, max }: { min: number; max: number }) {
  return v.pipe(
    v.string(),
    // What the text of it means, for the documents.
    v.metadata({ type: "integer", minimum: min, maximum: max }),
    v.check((value) => /^\d+$/.test(value), NUMBER),
    v.transform(Number),
    v.safeInteger(NUMBER),
    v.minValue(min, range),
    v.maxValue(max, range),
  );
}

/** A non-negative integer. */
export const number = numberIn(NUMBER, { min: 0, max: Number.MAX_SAFE_INTEGER });

/** The number of a run, or the newest. */
export const whichRun = v.pipe(v.string(), v.regex(/^(\d{1,15}|last)$/, "a number or last"));

/** A non-negative integer, or this one. */
export function numberOr(absent: number) {
  return v.optional(number, String(absent));
}

/** One of these words; the first of them when absent. */
export function choice<const Choices extends readonly [string, ...string[]]>(choices: Choices) {
  const first: Choices[number] = choices[0];
  return v.optional(v.picklist(choices, `one of ${choices.join(", ")}`), first);
}
