// A session's output in a few lines: the query and the reply of /v1/sessions/{id}/digest.

import * as v from "valibot";
import { LEVELS } from "../domain/level.ts";
import { filters } from "./log-queries.ts";
import { choice, whichRun } from "./query-values.ts";
import {
  about,
  count,
  logStream,
  maybe,
  ordinal,
  outputStream,
  type Reply,
  time,
  uuid,
} from "./reply-values.ts";

export const DigestQuery = v.strictObject({
  stream: choice(["blended", "stdout", "stderr"]),
  run: about(v.optional(whichRun), "Of this run; without it and without `since`, of the newest."),
  since: filters.since,
});

const repeated = v.strictObject({
  count: about(ordinal, "How many lines are the same but for numbers, times and ids."),
  level: v.picklist(LEVELS),
  shape: about(v.string(), "What they have in common: `GET /users/<n> <n>ms`."),
  first_seq: ordinal,
  seq: about(ordinal, "Of the last of them, as the rest."),
  ts: time,
  stream: outputStream,
  run: count,
  line: about(v.string(), "Without escape sequences."),
});

export const DigestReply = v.strictObject({
  session_id: uuid,
  stream: logStream,
  run: about(maybe.ordinal, "Null for all since a time."),
  lines: about(count, "All that were read."),
  complete: about(v.boolean(), "False when the oldest of them are no longer held."),
  levels: about(
    v.strictObject({ trace: count, debug: count, info: count, warn: count, error: count }),
    "Messages; a line that only continues one is none of its own.",
  ),
  errors: about(v.array(repeated), "The last ten that differ, the newest last."),
  repeated: about(v.array(repeated), "The ten that came most often, twice or more."),
  next_seq: count,
});
/** `GET /v1/sessions/{id}/digest`. */
export type DigestReply = Reply<typeof DigestReply>;
