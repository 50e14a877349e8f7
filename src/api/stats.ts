// What sessions use, and who listens on which port: the replies of /v1/sessions/{id}/stats and of
// /v1/ports.

import * as v from "valibot";
import {
  about,
  count,
  maybe,
  ordinal,
  type Reply,
  sessionState,
  time,
  uuid,
} from "./reply-values.ts";

const percent = about(
  v.pipe(v.number(), v.minValue(0)),
  "Of one processor: above 100 where several were busy.",
);

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const address = about(v.string(), "0.0.0.0 and :: stand for all of the machine's.");

const bytes = about(count, "Resident memory; what processes share counts for each.");

export const StatsReply = v.strictObject({
  session_id: uuid,
  name: maybe.text,
  state: sessionState,
  run: ordinal,
  uptime_ms: maybe.count,
  processes: about(count, "Of the whole tree, like all that follows."),
  cpu_percent: percent,
  cpu_ms: about(count, "Time on a processor since the run began, ended processes included."),
  rss_bytes: bytes,
  ports: v.array(v.strictObject({ port, address, pid: maybe.count, name: maybe.text })),
  history: about(
    v.array(v.strictObject({ ts: time, cpu_percent: percent, rss_bytes: bytes, processes: count })),
    "One every 5 seconds while it runs, of the last ten minutes of that; the oldest first.",
  ),
});
/** `GET /v1/sessions/{id}/stats`. */
export type StatsReply = Reply<typeof StatsReply>;

const named = v.strictObject({ id: uuid, name: maybe.text });

export const PortReply = v.strictObject({
  port,
  address,
  pid: about(maybe.count, "Null where the daemon's user may not see whose it is."),
  name: maybe.text,
  user: maybe.text,
  session: about(v.nullable(named), "Whose process listens; null for a stranger."),
  wanted_by: about(v.array(named), "Sessions that want this port and cannot have it."),
});
/** Whoever listens on a port of this machine. */
export type PortReply = Reply<typeof PortReply>;

export const PortListReply = v.strictObject({ ports: v.array(PortReply) });
/** `GET /v1/ports`, by port. */
export type PortListReply = Reply<typeof PortListReply>;
