// What the daemon answers about output, as schemas.

import * as v from "valibot";
import { about, count, logStream, outputStream, type Reply, time, uuid } from "./reply-values.ts";

/** One stored line. */
export const LogEntry = v.strictObject({
  seq: count,
  ts: time,
  stream: outputStream,
  line: v.string(),
  run: count,
  partial: v.exactOptional(
    about(
      v.literal(true),
      "The line was longer than an entry may be and goes on in the next one of its stream.",
    ),
  ),
  unterminated: v.exactOptional(
    about(v.literal(true), "The last words of a run, which had no newline."),
  ),
  base64: v.exactOptional(
    about(v.string(), "The bytes themselves, where they are no UTF-8 and `line` is not all."),
  ),
});

export type LogEntry = Reply<typeof LogEntry>;

/** Lines in progress, with what there is of them so far. */
export const OpenLines = about(
  v.array(v.strictObject({ stream: outputStream, line: v.string() })),
  "Lines without a newline yet, such as prompts: no entries so far.",
);

/** `GET …/logs`, `…/head`, `…/tail` with `format=json` and no `follow`. */
export const LogReply = v.strictObject({
  session_id: uuid,
  stream: logStream,
  entries: v.array(LogEntry),
  next_seq: count,
  dropped: v.exactOptional(
    about(count, "With since_seq: entries from there on that are no longer held."),
  ),
  open_lines: v.exactOptional(OpenLines),
});

export type LogReply = Reply<typeof LogReply>;

/** A line of `follow=1&format=json` that is no entry: what this follower was too slow to get. */
export const MissedFrame = v.strictObject({
  missed: count,
  next_seq: about(count, "The next entry's seq is at least this."),
});

export type MissedFrame = Reply<typeof MissedFrame>;

/** The line before each piece of text of `follow=1&format=frames`. */
export const TextFrameHead = v.strictObject({
  next_seq: about(count, "Together with `open`, where to go on after this piece."),
  open: about(
    v.picklist(["nothing", "newline", "stdout", "stderr"]),
    "What the text leaves open: nothing, a newline, or a line of one of the streams.",
  ),
  bytes: about(count, "How long the piece is."),
  missed: v.exactOptional(
    about(count, "Entries that are missing before the piece, whose first line says so."),
  ),
  returns: v.exactOptional(
    about(
      v.array(count),
      "Of one stream that is no terminal's: the places in the piece at which a `\\r` was left out.",
    ),
  ),
});

export type TextFrameHead = Reply<typeof TextFrameHead>;

/** A line of `follow=1&format=json`. */
export const FollowFrame = v.union([LogEntry, MissedFrame]);

export type FollowFrame = Reply<typeof FollowFrame>;
