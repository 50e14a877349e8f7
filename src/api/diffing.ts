// What is new since a reader last looked: the query and the reply of /v1/sessions/{id}/diff.

import * as v from "valibot";
import { ansi } from "./log-queries.ts";
import { LogEntry, OpenLines } from "./log-replies.ts";
import { choice, numberOr } from "./query-values.ts";
import { about, count, type Reply, uuid } from "./reply-values.ts";
import { sessionName } from "./values.ts";

export const DiffQuery = v.strictObject({
  cursor: about(v.optional(sessionName, "default"), "Who looks: each name has its own place."),
  limit: about(numberOr(1_000), "How many entries at most, the oldest first."),
  format: choice(["json", "text"]),
  ansi,
});

export const DiffReply = v.strictObject({
  session_id: uuid,
  cursor: v.string(),
  entries: v.array(LogEntry),
  next_seq: about(count, "Where this cursor is now."),
  dropped: about(count, "Entries that were gone before it came to them."),
  more: about(v.boolean(), "There are more: ask again."),
  open_lines: v.exactOptional(OpenLines),
});
/** `GET /v1/sessions/{id}/diff`. */
export type DiffReply = Reply<typeof DiffReply>;
