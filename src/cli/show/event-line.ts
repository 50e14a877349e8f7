// An event as a line for people. Pure; everything that others chose is made safe to show.

import type { EventReply } from "../../api/history-replies.ts";
import { formatDuration } from "../../domain/duration.ts";
import { shortId } from "../pick.ts";
import { endInShort, startInShort } from "./causes.ts";
import type { Paint } from "./style.ts";
import { shellLine, visible } from "./visible.ts";

/** `2026-03-16T12:00:00.000Z web running: run 2, pid 4711`; `label` is what to call its session. */
export function eventLine(event: EventReply, label: string | undefined, paint: Paint): string {
  const { ts, type, session_id: id } = event;
  const whose = id === null ? "korun" : visible(label ?? shortId(id));
  const details = detailsOf(event);
  const what = details === "" ? "" : `: ${visible(details)}`;
  return `${paint(ts, "dim")} ${paint(whose, "cyan")} ${type}${what}\n`;
}

function detailsOf(event: EventReply): string {
  const { run, pid, cause, error, problem } = event;
  const parts: string[] = [];
  if (run !== undefined) parts.push(`run ${run}`);
  if (pid !== undefined) parts.push(`pid ${pid}`);
  if (event.version !== undefined) parts.push(`version ${event.version}`);
  if (event.command !== undefined) parts.push(shellLine(event.command));
  if (cause !== undefined) parts.push(startInShort(cause));
  if (event.type === "exited") parts.push(howItEnded(event));
  if (event.delay_ms !== undefined) {
    parts.push(`restart ${event.attempt} in a row, in ${formatDuration(event.delay_ms)}`);
  }
  if (event.missed !== undefined) parts.push(`${event.stream}, missed ${event.missed} lines`);
  parts.push(...[error, problem, event.reason].filter((part) => part !== undefined));
  return parts.join(", ");
}

function howItEnded({ exit_code, term_signal, end }: EventReply): string {
  const code = exit_code === null ? "" : `code ${exit_code}, `;
  const how = term_signal === null ? code : `${term_signal}, `;
  return `${how}${end === undefined ? "" : endInShort(end)}`;
}
