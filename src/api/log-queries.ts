// The query parameters that choose among entries, as schemas: what `logs`, `head`, `tail` and
// others take alike.

import * as v from "valibot";
import { LEVELS } from "../domain/level.ts";
import { MOMENT_FORM, parseMoment } from "../domain/moment.ts";
import { about } from "./reply-values.ts";

/** A time, or how long ago. */
const moment = v.pipe(
  v.string(),
  v.metadata({ minLength: 1 }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const found = parseMoment(dataset.value);
    if (found !== undefined) return found;
    addIssue({ message: MOMENT_FORM });
    return NEVER;
  }),
);

const PATTERN_FORM = "1 to 1000 characters";

/** What is to be found: a text, or a regular expression of RE2. */
export const pattern = v.pipe(
  v.string(PATTERN_FORM),
  v.minLength(1, PATTERN_FORM),
  v.maxLength(1_000, PATTERN_FORM),
);

/** `1` unless it is said otherwise. */
export const ansi = about(
  v.optional(
    v.pipe(
      v.picklist(["1", "0", "true", "false"], "0 or 1"),
      v.transform((value) => value === "1" || value === "true"),
    ),
    "1",
  ),
  "With 0, lines come without escape sequences (colours).",
);

/** Which entries are wanted. They are chosen before the limit counts. */
export const filters = {
  grep: about(v.optional(pattern), "Only lines that contain this text."),
  regex: about(v.optional(pattern), "Only lines in which this regular expression (RE2) matches."),
  level: about(
    v.optional(v.picklist(LEVELS, `one of ${LEVELS.join(", ")}`)),
    "Only lines that are at least so serious, with those that continue them.",
  ),
  since: about(v.optional(moment), "Only from this time on: RFC 3339, or how long ago, as in 5m."),
  until: about(v.optional(moment), "Only before this time."),
  ansi,
};

/** The parameters that choose among entries, read. */
export type FilterQuery = {
  readonly [Name in keyof typeof filters]?: v.InferOutput<(typeof filters)[Name]>;
};
