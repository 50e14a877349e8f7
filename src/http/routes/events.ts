// /v1/events: what happened, as a page or as it comes; for browsers as server-sent events.

import type { EventListReply } from "../../api/history-replies.ts";
import { EVENTS } from "../../api/paths.ts";
import { EventQuery } from "../../api/queries.ts";
import type { HistoryEvent } from "../../domain/history.ts";
import { Problem } from "../../domain/problem.ts";
import type { Exchange } from "../exchange.ts";
import { type FollowForm, followHead, followReply, ndjsonForm } from "../follow/follow.ts";
import type { History } from "../ports.ts";
import { eventReply } from "../present/session.ts";
import { quote, readQuery } from "../query.ts";
import { json, SSE_TYPE } from "../reply.ts";
import type { Routes } from "../router.ts";

/** How soon a browser comes back when the connection breaks, in ms. */
const RETRY_MS = 500;

export function eventRoutes(history: History): Routes {
  return { [EVENTS]: { GET: (exchange) => events(history, exchange) } };
}

function events(history: History, exchange: Exchange): Response | Promise<Response> {
  const { since_seq: since, limit, follow } = readQuery(exchange.query, EventQuery);
  if (!follow) return page(history, { since, limit });
  const form: FollowForm<readonly HistoryEvent[]> = wantsSse(exchange.request)
    ? sseForm()
    : ndjsonForm((batch) => batch.map(eventReply));
  if (exchange.request.method === "HEAD") return followHead(form);
  const from = resumeFrom(exchange.request) ?? since ?? firstOf(history, limit);
  // Of a life of the store that is gone, nobody would ever come to such a number.
  const next = history.newest(0).nextSeq;
  return followReply(history.follow(Math.min(from, next)), form, exchange);
}

function page(history: History, wanted: { since: number | undefined; limit: number }): Response {
  const { since, limit } = wanted;
  const { events, nextSeq } =
    since === undefined ? history.newest(limit) : history.since(since, limit);
  const reply: EventListReply = { events: events.map(eventReply), next_seq: nextSeq };
  return json(reply);
}

function firstOf(history: History, limit: number): number {
  const { events, nextSeq } = history.newest(limit);
  return events[0]?.seq ?? nextSeq;
}

function wantsSse(request: Request): boolean {
  return (request.headers.get("accept") ?? "").includes(SSE_TYPE);
}

/** Where a browser goes on that was cut off; its URL still says where it once began. */
function resumeFrom(request: Request): number | undefined {
  const id = request.headers.get("last-event-id");
  if (id === null || id === "" || !wantsSse(request)) return undefined;
  const seq = /^\d+$/.test(id) ? Number(id) : Number.NaN;
  if (Number.isSafeInteger(seq)) return seq + 1;
  throw new Problem("bad_request", `Last-Event-ID must be the seq of an event, not ${quote(id)}`, {
    field: "last-event-id",
    expected: "a non-negative integer",
  });
}

function sseForm(): FollowForm<readonly HistoryEvent[]> {
  const encoder = new TextEncoder();
  return {
    type: SSE_TYPE,
    preamble: encoder.encode(`retry: ${RETRY_MS}\n\n`),
    encode: (batch) => encoder.encode(batch.map(sseOf).join("")),
  };
}

function sseOf(event: HistoryEvent): string {
  const data = JSON.stringify(eventReply(event));
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${data}\n\n`;
}
