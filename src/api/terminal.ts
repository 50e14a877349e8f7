// What goes over the WebSocket of a session's terminal: binary messages are the terminal's bytes in
// one direction and keys in the other, text messages are JSON.

import * as v from "valibot";
import { number, numberIn } from "./query-values.ts";
import { about, count, maybe, ordinal, type Reply } from "./reply-values.ts";
import { CELLS, cells, shape } from "./values.ts";

/** Cells in a query. */
const queried = numberIn(...CELLS);

/** The parameters of `GET …/attach`. */
export const AttachQuery = v.strictObject({
  cols: about(
    v.optional(queried),
    "Of the viewer's own terminal, with `rows`: the session's is to have that size.",
  ),
  rows: about(v.optional(queried), "With `cols`."),
  run: about(
    v.optional(number),
    "Begins with what this run wrote, byte for byte, in place of the screen; if it is not the " +
      "newest, or no longer held, the screen comes all the same.",
  ),
  from: about(v.optional(number), "With `run`: goes on after this position, rather than begins."),
});

/** What a viewer may send as text. */
export const ViewerMessage = shape(
  { type: v.literal("resize", "resize"), cols: cells, rows: cells },
  "an object of type resize, with cols and rows",
);

export type ViewerMessage = v.InferInput<typeof ViewerMessage>;

const place = {
  run: about(count, "The number of the run; 0 before the first."),
  position: about(count, "Of what follows, in all that the session ever wrote."),
  cols: ordinal,
  rows: ordinal,
};

const screenMessage = v.strictObject({
  type: v.literal("screen"),
  ...place,
  bytes: about(
    count,
    "How many of the bytes that follow make an empty terminal show the screen; the one after " +
      "them is the one at `position`.",
  ),
  lost: about(
    v.boolean(),
    "Made without the beginning of what the run wrote, or in another size than it was written for.",
  ),
});

const outputMessage = about(
  v.strictObject({ type: v.literal("output"), ...place }),
  "What follows is what is written from `position` on: a run begins, or goes on.",
);

const resizedMessage = v.strictObject({ type: v.literal("resized"), cols: ordinal, rows: ordinal });

const exitMessage = v.strictObject({
  type: v.literal("exit"),
  run: count,
  exit_code: maybe.integer,
  term_signal: maybe.text,
  error: about(maybe.text, "Why it could not be started."),
  over: about(v.boolean(), "Nothing starts it again by itself: the connection is closed."),
  next_restart_at: about(maybe.time, "When its policy starts it again."),
});

/** A text message to a viewer. */
export const TerminalMessage = v.variant("type", [
  screenMessage,
  outputMessage,
  resizedMessage,
  exitMessage,
]);

export type TerminalMessage = Reply<typeof TerminalMessage>;
export type ExitMessage = Extract<TerminalMessage, { type: "exit" }>;

/** Why a connection is closed, beside 1000: it is over. */
export const CLOSE = {
  /** The daemon stops. */
  goingAway: 1001,
  /** A message that makes no sense; the reason says what was wrong. */
  badMessage: 1008,
  /** Another daemon goes on. */
  restarting: 1012,
} as const;
