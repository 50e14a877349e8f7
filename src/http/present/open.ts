// Lines in progress, such as prompts, as the API shows them: beside the entries, since they are
// none yet and have no number.

import type { FilterQuery } from "../../api/log-queries.ts";
import type { LogReply } from "../../api/log-replies.ts";
import type { Entry } from "../../logs/entry.ts";
import { withoutEscapes } from "../../logs/plain.ts";
import type { OpenBytes } from "../../logs/session-log.ts";

// A byte order mark is part of what the child printed.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The field of a reply; none when no line is in progress. */
export function openLinesReply(
  open: readonly OpenBytes[],
  { ansi = true }: FilterQuery,
): Pick<LogReply, "open_lines"> {
  if (open.length === 0) return {};
  const lines = open.map(({ stream, bytes }) => {
    return { stream, line: decoder.decode(ansi ? bytes : withoutEscapes(bytes)) };
  });
  return { open_lines: lines };
}

/** The same for text, where the last words of a run look just so. */
export function openEntries(open: readonly OpenBytes[], { ansi = true }: FilterQuery): Entry[] {
  return open.map(({ stream, bytes }) => {
    const shown = ansi ? bytes : withoutEscapes(bytes);
    return { seq: 0, time: 0, stream, run: 0, bytes: shown, partial: false, unterminated: true };
  });
}
