// The query parameters of each endpoint, as schemas: what reads them is checked against these, and
// what documents them is made of these. A parameter that is not named here is refused.

import * as v from "valibot";
import { filters } from "./log-queries.ts";
import { choice, flag, number, numberIn, numberOr, whichRun } from "./query-values.ts";
import { about } from "./reply-values.ts";

/** For endpoints that take none. */
export const NoQuery = v.strictObject({});

const wait = about(flag, "Answers once it is done, rather than at once.");

export const WaitQuery = v.strictObject({ wait });

export const CreateQuery = v.strictObject({
  wait,
  paced: about(flag, "A reader with `paced` comes in a moment, and is to miss nothing."),
});

export const StopQuery = v.strictObject({
  wait,
  force: about(flag, "Kills at once, without grace."),
});

export const EventQuery = v.strictObject({
  since_seq: about(v.optional(number), "The first event to give; by default the newest `limit`."),
  limit: about(numberOr(100), "How many events at most; with `follow`, how many of the past."),
  follow: about(flag, "Stays, and gives each event as it happens."),
});

const stream = about(choice(["blended", "stdout", "stderr"]), "Which stream to read.");

const limit = about(numberOr(100), "How many entries at most.");

const run = about(v.optional(whichRun), "Only what this run printed: its number, or `last`.");

export const HeadQuery = v.strictObject({
  stream,
  limit,
  run,
  format: choice(["json", "text"]),
  ...filters,
});

/** On Linux, the fields 1 and 22 of `/proc/self/stat`. */
const readerProcess = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,9}\.\d{1,15}$/, "a pid, a dot, and when that process started"),
  v.transform((text) => {
    const [pid, startTime] = text.split(".");
    return { pid: Number(pid), startTime: Number(startTime) };
  }),
);

export const LogQuery = v.strictObject({
  stream,
  limit,
  run,
  format: about(choice(["json", "text", "frames"]), "`frames` is for `follow=1` only."),
  since_seq: about(v.optional(number), "Entries from this one upward, rather than the newest."),
  follow: about(flag, "First what there is, then what comes."),
  paced: about(flag, "With `follow`: the session's command waits for this reader, as with a pipe."),
  reader: about(
    v.optional(readerProcess),
    "With `paced`: which process reads. When the daemon changes, it is waited for as long as it lives.",
  ),
  open: about(
    choice(["nothing", "newline", "stdout", "stderr"]),
    "With `format=frames`: what the text so far has left open.",
  ),
  ...filters,
});

export const PortQuery = v.strictObject({
  port: about(
    v.optional(numberIn("a port from 1 to 65535", { min: 1, max: 65_535 })),
    "Only who listens on this one.",
  ),
});
