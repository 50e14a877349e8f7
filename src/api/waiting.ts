// Waiting for a session: the query and the reply of /v1/sessions/{id}/wait.

import * as v from "valibot";
import { DEFAULT_WAIT, WAIT_GOALS } from "../domain/wait.ts";
import { choice } from "./query-values.ts";
import { about, count, maybe, ordinal, type Reply, sessionState, uuid } from "./reply-values.ts";
import { age } from "./values.ts";

export const AwaitQuery = v.strictObject({
  for: about(
    choice(WAIT_GOALS),
    "`ready`: all its readiness checks are met, or it runs and has none. `running`: it runs. " +
      "`exit`: it is at rest, even if something will start it again.",
  ),
  timeout: about(v.optional(age, DEFAULT_WAIT), "When to answer at the latest."),
});

export const WaitReply = v.strictObject({
  outcome: about(
    v.picklist(["reached", "timed_out", "ended"]),
    "`timed_out`: the wait was too long, or a readiness check of the run. `ended`: it is at rest, and nothing will start it by itself.",
  ),
  session_id: uuid,
  state: sessionState,
  ready: v.boolean(),
  run: about(ordinal, "The number of the newest run."),
  exit_code: maybe.integer,
  term_signal: maybe.text,
  elapsed_ms: about(count, "How long this wait took."),
  waiting_for: about(
    v.array(v.string()),
    "The readiness checks that were not met, each with what was seen last.",
  ),
});
/** `GET /v1/sessions/{id}/wait`. */
export type WaitReply = Reply<typeof WaitReply>;
