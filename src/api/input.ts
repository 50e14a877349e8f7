// Writing to a session: the requests and replies of /v1/sessions/{id}/input and …/resize, and what
// is said of a terminal.

import * as v from "valibot";
import { about, count, maybe, ordinal, type Reply, uuid } from "./reply-values.ts";
import { cells, duration } from "./values.ts";

/** How long input waits for a process that does not read, unless the request says otherwise, in ms. */
export const DEFAULT_INPUT_TIMEOUT_MS = 5_000;

const flag = v.optional(v.boolean("true or false"), false);

/** Body of `POST …/input`: a text or bytes, and what comes after them. */
export const SendInput = v.strictObject(
  {
    text: v.optional(about(v.string("a string"), "Written as UTF-8.")),
    base64: v.optional(
      about(v.pipe(v.string("base64"), v.base64("base64")), "Any bytes, in place of `text`."),
    ),
    enter: about(flag, "A newline follows; for a terminal, its Enter key."),
    eof: about(flag, "Then the input ends, for this run; for a terminal, its Ctrl-D follows."),
    timeout: v.optional(duration),
  },
  "an object",
);

export type SendInput = v.InferOutput<typeof SendInput>;
/** The same as a client writes it. */
export type SendInputBody = v.InferInput<typeof SendInput>;

/** The parameters of `POST …/input`. */
export const InputQuery = v.strictObject({
  timeout: about(v.optional(duration), "How long to wait for a process that does not read."),
});

/** Body of `POST …/resize`. */
export const ResizeTerminal = v.strictObject({ cols: cells, rows: cells }, "an object");

/** `POST …/input`. */
export const InputReply = v.strictObject({
  ok: v.literal(true),
  id: uuid,
  written: about(count, "Bytes, those of Enter included."),
  next_seq: about(ordinal, "What the process prints in answer has this seq or a later one."),
});

export type InputReply = Reply<typeof InputReply>;

/** `POST …/resize`. */
export const ResizeReply = v.strictObject({
  ok: v.literal(true),
  id: uuid,
  cols: ordinal,
  rows: ordinal,
});

export type ResizeReply = Reply<typeof ResizeReply>;

/** The terminal of a session's newest run. */
export const TerminalReply = v.strictObject({
  cols: ordinal,
  rows: ordinal,
  state: about(
    v.picklist(["open", "closed", "lost"]),
    "`lost`: its daemon and its keeper were killed at the same time.",
  ),
  interrupted_at: about(
    maybe.time,
    "When another daemon took it over: of what it showed right before, a little may be missing.",
  ),
});

export type TerminalReply = Reply<typeof TerminalReply>;
