// Waiting for output: the query and the reply of /v1/sessions/{id}/expect.

import * as v from "valibot";
import { DEFAULT_WAIT } from "../domain/wait.ts";
import { pattern } from "./log-queries.ts";
import { choice, flag, number, whichRun } from "./query-values.ts";
import { about, count, ordinal, outputStream, type Reply, uuid } from "./reply-values.ts";
import { age } from "./values.ts";

export const ExpectQuery = v.strictObject({
  pattern: about(pattern, "What to wait for."),
  regex: about(flag, "The pattern is a regular expression (RE2), rather than text."),
  stream: about(choice(["blended", "stdout", "stderr"]), "Which stream to look at."),
  since_seq: about(v.optional(number), "From this entry on, rather than from a run's start."),
  since_column: about(
    v.optional(number),
    "With `since_seq` and one stream: so much of the first line was looked at before.",
  ),
  run: about(v.optional(whichRun), "From the start of this run on, rather than of the newest."),
  timeout: about(v.optional(age, DEFAULT_WAIT), "When to answer at the latest."),
});

const common = {
  session_id: uuid,
  next_seq: about(count, "Where to look on, as `since_seq`."),
  dropped: about(count, "Entries that were gone before they could be looked at."),
  elapsed_ms: about(count, "How long this took."),
};

export const ExpectReply = v.variant("outcome", [
  v.strictObject({
    outcome: v.literal("matched"),
    seq: about(v.nullable(ordinal), "Null in a line that has no newline yet."),
    run: about(v.nullable(ordinal), "Null in a line that has no newline yet."),
    stream: outputStream,
    line: about(v.string(), "The whole line, without escape sequences."),
    match: v.string(),
    next_column: v.exactOptional(
      about(count, "In a line that has no newline yet: where to look on in it, as `since_column`."),
    ),
    ...common,
  }),
  v.strictObject({
    outcome: about(
      v.picklist(["timed_out", "ended"]),
      "`ended`: the session is at rest, and nothing will start it by itself.",
    ),
    ...common,
  }),
]);
/** `GET /v1/sessions/{id}/expect`. */
export type ExpectReply = Reply<typeof ExpectReply>;
