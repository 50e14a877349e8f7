// What the client asks for, as the query of a path.

import type { TextFrameHead } from "../api/log-replies.ts";
import { EVENTS, type SessionAction, sessionPath } from "../api/paths.ts";
import type { LogStream } from "../domain/session.ts";

/** Which entries are wanted, as the API takes it. */
export interface LogFilters {
  readonly grep?: string | undefined;
  readonly regex?: string | undefined;
  readonly level?: string | undefined;
  /** A time, or how long ago. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** `0`: without escape sequences. */
  readonly ansi?: "0" | undefined;
}

/** One whom the child waits for. */
export interface PacedReader {
  /** Should the daemon change, as long as this process lives. */
  readonly process: { readonly pid: number; readonly startTime: number } | undefined;
}

/** Which entries to read, and in which form. What is left out is for the daemon to decide. */
export interface LogQuery extends LogFilters {
  readonly stream?: LogStream | undefined;
  readonly limit?: number | undefined;
  readonly sinceSeq?: number | undefined;
  /** A number, or `last`. */
  readonly run?: string | undefined;
  readonly follow?: boolean | undefined;
  /** The child waits for this reader. */
  readonly paced?: PacedReader | undefined;
  readonly format: "json" | "text" | "frames";
  /** With `frames`: what the text so far leaves open. */
  readonly open?: TextFrameHead["open"] | undefined;
}

/** Which events to read. */
export interface EventQuery {
  readonly limit?: number | undefined;
  readonly sinceSeq?: number | undefined;
  readonly follow?: boolean | undefined;
}

/** Where entries of a session are read. */
export function logPath(
  reference: string,
  { action, query }: { readonly action: SessionAction; readonly query: LogQuery },
): string {
  const { format, stream, limit, sinceSeq, run, follow, paced, open, ...filters } = query;
  const { pid, startTime } = paced?.process ?? {};
  return withQuery(sessionPath(reference, action), {
    format,
    stream,
    limit,
    since_seq: sinceSeq,
    run,
    follow: follow ? 1 : undefined,
    paced: paced === undefined ? undefined : 1,
    reader: pid === undefined ? undefined : `${pid}.${startTime}`,
    open: open === "nothing" ? undefined : open,
    ...filters,
  });
}

/** Where events are read. */
export function eventPath({ limit, sinceSeq, follow }: EventQuery): string {
  return withQuery(EVENTS, { since_seq: sinceSeq, limit, follow: follow ? 1 : undefined });
}

/** A path with those of these parameters that are given. */
export function withQuery(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
): string {
  const parts = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? path : `${path}?${parts.join("&")}`;
}
