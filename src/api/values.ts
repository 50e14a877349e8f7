// The values that requests are made of, as schemas. A message says what was expected; the field is
// named by whoever checks.

import * as v from "valibot";
import {
  DURATION_FORM,
  DURATION_PATTERN,
  formatDuration,
  parseDuration,
} from "../domain/duration.ts";
import { parseSize, SIZE_FORM, SIZE_PATTERN } from "../domain/size.ts";

const MAX_WAIT_MS = 3_600_000;

const AGE_FORM = "milliseconds or a duration such as 90m, 12h, 7d";

const MOST = Number.MAX_SAFE_INTEGER;

/** Text of this form; whoever reads it says what is wrong with it, the documents what it is. */
function written(pattern: RegExp) {
  return v.pipe(v.string(), v.metadata({ pattern: pattern.source }));
}

/** A number with these bounds; as above. */
function bounded(bounds: Readonly<Record<string, number>>) {
  return v.pipe(v.number(), v.metadata(bounds));
}

/** Text as the system takes it. */
export const text = v.pipe(
  v.string("a string"),
  v.check((value) => !value.includes("\0"), "a string without NUL"),
);

export const nonEmptyText = v.pipe(
  v.string("a non-empty string"),
  v.check((value) => !value.includes("\0"), "a string without NUL"),
  v.minLength(1, "a non-empty string"),
);

/** No longer than a path can be; far longer, and it would be no pattern to match with either. */
export const pathOrGlob = v.pipe(nonEmptyText, v.maxLength(4_096, "at most 4096 characters"));

/** Variables by name. Not `v.record`, which passes arrays and drops a variable `constructor`. */
export const environment = v.pipe(
  v.custom<Record<string, string>>(isObject, "an object of strings"),
  v.metadata({
    type: "object",
    propertyNames: { pattern: "^[^=\\u0000]+$" },
    additionalProperties: { type: "string" },
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const input = dataset.value;
    for (const [key, value] of Object.entries(input)) {
      const expected = wrongWith(key, value);
      if (expected === undefined) continue;
      const item = { type: "object", origin: "value", input, key, value } as const;
      addIssue({ message: expected, input: value, path: [item] });
      return NEVER;
    }
    return input;
  }),
);

/** Milliseconds from a number or a duration such as `5s`, at most an hour. */
export const duration = v.pipe(
  v.union(
    [bounded({ minimum: 0, maximum: MAX_WAIT_MS }), written(DURATION_PATTERN)],
    DURATION_FORM,
  ),
  v.description(`In ${DURATION_FORM}; at most 1h.`),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const ms = parseDuration(dataset.value);
    if (ms !== undefined && ms <= MAX_WAIT_MS) return ms;
    addIssue({ message: `${DURATION_FORM}, at most 1h` });
    return NEVER;
  }),
);

/** Names start with a letter or digit; a name is never mistaken for a flag or a path. */
export const sessionName = v.pipe(
  v.string("a string"),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    "1 to 64 letters, digits, dots, dashes or underscores, starting with a letter or digit",
  ),
);

/** A whole number; `range` says which in words. */
export function integer(range: string, { min, max }: { min: number; max: number }) {
  return v.pipe(
    v.number(range),
    v.safeInteger(range),
    v.minValue(min, range),
    v.maxValue(max, range),
  );
}

/** How many columns or rows a terminal may have: the range in words, and its ends. */
export const CELLS = ["an integer from 1 to 1000", { min: 1, max: 1_000 }] as const;

/** Columns or rows of a terminal. */
export const cells = integer(...CELLS);

/** Milliseconds from a number or a duration such as `7d`. */
export const age = v.pipe(
  v.union([bounded({ minimum: 0, maximum: MOST }), written(DURATION_PATTERN)], AGE_FORM),
  v.description(`In ${AGE_FORM}.`),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const ms = parseDuration(dataset.value);
    if (ms !== undefined) return ms;
    addIssue({ message: AGE_FORM });
    return NEVER;
  }),
);

/** Never 0: it would be done again and again without a pause, or never. */
export function positive<Schema extends v.GenericSchema<number | string, number>>(schema: Schema) {
  return v.pipe(
    schema,
    v.check((ms) => ms > 0, "more than 0"),
  );
}

/** Never shorter than this, in ms. */
export function atLeast<Schema extends v.GenericSchema<number | string, number>>(
  schema: Schema,
  least: number,
) {
  const expected = `at least ${formatDuration(least)}`;
  return v.pipe(
    schema,
    v.check((ms) => ms >= least, expected),
  );
}

/** Bytes from a number or a size such as `512M`. */
export const size = v.pipe(
  v.union([bounded({ exclusiveMinimum: 0, maximum: MOST }), written(SIZE_PATTERN)], SIZE_FORM),
  v.description(`In ${SIZE_FORM}.`),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const bytes = parseSize(dataset.value);
    if (bytes !== undefined && bytes > 0) return bytes;
    addIssue({ message: bytes === 0 ? "more than 0" : SIZE_FORM });
    return NEVER;
  }),
);

/**
 * An object of these fields and no others. Of a field that it does not have, the message names
 * those it has.
 */
export function shape<const Entries extends v.ObjectEntries>(entries: Entries, what: string) {
  const names = Object.keys(entries).join(", ");
  const schema = v.strictObject(entries, (issue) => (issue.expected === "never" ? names : what));
  // Valibot takes an array for an object, if no field is missing in it.
  const run: (typeof schema)["~run"] = (dataset, config) =>
    schema["~run"](Array.isArray(dataset.value) ? { value: null } : dataset, config);
  return { ...schema, "~run": run };
}

function isObject(input: unknown): boolean {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

/** What a variable should have been; undefined when it is one. */
function wrongWith(name: string, value: unknown): string | undefined {
  if (!/^[^=\0]+$/.test(name)) return "a variable name without = and NUL";
  if (typeof value !== "string") return "a string";
  return value.includes("\0") ? "a string without NUL" : undefined;
}
