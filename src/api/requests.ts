// What a client may send, as schemas: the daemon checks every request against these and nothing
// else looks at raw input. A message says what was expected; the field is named by the checker.

import * as v from "valibot";
import { DURATION_FORM, parseDuration } from "../domain/duration.ts";

const MAX_WAIT_MS = 3_600_000;

const text = v.pipe(
  v.string("a string"),
  v.check((value) => !value.includes("\0"), "a string without NUL bytes"),
);

const nonEmptyText = v.pipe(text, v.minLength(1, "a non-empty string"));

const environment = v.pipe(
  v.record(v.string("a variable name"), text, "an object of strings"),
  v.check(
    (variables) => Object.keys(variables).every((name) => /^[^=\0]+$/.test(name)),
    "variable names without = and NUL",
  ),
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

/** Body of `POST /v1/sessions`. Unknown fields are refused, so that a typo is never ignored. */
export const CreateSession = v.strictObject(
  {
    command: v.pipe(
      v.tupleWithRest([nonEmptyText], text, "an array of strings: the program and its arguments"),
    ),
    cwd: v.optional(v.pipe(nonEmptyText, v.startsWith("/", "an absolute path"))),
    name: v.optional(sessionName),
    watch: v.optional(v.array(nonEmptyText, "an array of paths or globs"), []),
    ignore: v.optional(v.array(nonEmptyText, "an array of globs"), []),
    env: v.optional(environment, {}),
    inherit_env: v.optional(environment),
    inherit_umask: v.optional(
      v.pipe(v.number("a number"), v.integer("an integer"), v.minValue(0), v.maxValue(0o777)),
    ),
    inherit_open_files: v.optional(
      v.pipe(v.number("a number"), v.integer("an integer"), v.minValue(16, "at least 16")),
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
