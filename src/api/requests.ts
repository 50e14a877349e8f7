// What a client may send, as schemas: the daemon checks every request against these and nothing
// else looks at raw input. A message says what was expected; the field is named by the checker.

import * as v from "valibot";
import { DURATION_FORM, parseDuration } from "../domain/duration.ts";

const MAX_WAIT_MS = 3_600_000;

const AGE_FORM = "milliseconds or a duration such as 90m, 12h, 7d";

const text = v.pipe(
  v.string("a string"),
  v.check((value) => !value.includes("\0"), "a string without NUL"),
);

const nonEmptyText = v.pipe(
  v.string("a non-empty string"),
  v.check((value) => !value.includes("\0"), "a string without NUL"),
  v.minLength(1, "a non-empty string"),
);

/** No longer than a path can be; far longer, and it would be no pattern to match with either. */
const pathOrGlob = v.pipe(nonEmptyText, v.maxLength(4_096, "at most 4096 characters"));

/** Variables by name. Not `v.record`, which passes arrays and drops a variable `constructor`. */
const environment = v.pipe(
  v.custom<Record<string, string>>(isObject, "an object of strings"),
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
  v.union([v.number(), v.string()], DURATION_FORM),
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
function integer(range: string, { min, max }: { min: number; max: number }) {
  return v.pipe(
    v.number(range),
    v.check((value) => Number.isInteger(value) && value >= min && value <= max, range),
  );
}

/** Body of `POST /v1/sessions`. Unknown fields are refused, so that a typo is never ignored. */
export const CreateSession = v.strictObject(
  {
    command: v.tupleWithRest(
      [nonEmptyText],
      text,
      "an array of strings, the program and its arguments",
    ),
    cwd: v.optional(v.pipe(text, v.startsWith("/", "an absolute path"))),
    name: v.optional(sessionName),
    watch: v.optional(v.array(pathOrGlob, "an array of paths or globs"), []),
    ignore: v.optional(v.array(pathOrGlob, "an array of globs"), []),
    env: v.optional(environment, {}),
    inherit_env: v.optional(environment),
    inherit_umask: v.optional(integer("an integer from 0 to 511 (0o777)", { min: 0, max: 0o777 })),
    inherit_open_files: v.optional(
      integer("an integer of at least 16", { min: 16, max: Number.MAX_SAFE_INTEGER }),
    ),
    grace: v.optional(duration),
    debounce: v.optional(duration),
  },
  "an object",
);

/** A checked `POST /v1/sessions` body. */
export type CreateSession = v.InferOutput<typeof CreateSession>;
/** The same as a client writes it. */
export type CreateSessionBody = v.InferInput<typeof CreateSession>;

/** Milliseconds from a number or a duration such as `7d`. */
const age = v.pipe(
  v.union([v.number(), v.string()], AGE_FORM),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const ms = parseDuration(dataset.value);
    if (ms !== undefined) return ms;
    addIssue({ message: AGE_FORM });
    return NEVER;
  }),
);

/** Body of `POST /v1/prune`. */
export const PruneSessions = v.strictObject(
  {
    older_than: v.optional(age),
    keep: v.optional(integer("a non-negative integer", { min: 0, max: Number.MAX_SAFE_INTEGER })),
  },
  "an object",
);

/** The same as a client writes it. */
export type PruneSessionsBody = v.InferInput<typeof PruneSessions>;

function isObject(input: unknown): boolean {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

/** What a variable should have been; undefined when it is one. */
function wrongWith(name: string, value: unknown): string | undefined {
  if (!/^[^=\0]+$/.test(name)) return "a variable name without = and NUL";
  if (typeof value !== "string") return "a string";
  return value.includes("\0") ? "a string without NUL" : undefined;
}

/** Body of `POST /v1/daemon/upgrade`. */
export const UpgradeDaemon = v.strictObject(
  { binary: v.pipe(nonEmptyText, v.startsWith("/", "an absolute path")) },
  "an object",
);
