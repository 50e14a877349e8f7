// GET /v1/sessions/{id}/diff: what a session printed since this reader last looked. Its place moves
// on once the answer was taken, so whoever leaves in the middle gets the same again. A browser that
// is opened at it moves nothing: see `isNavigation`.

import type * as v from "valibot";
import { DiffQuery, type DiffReply } from "../../api/diffing.ts";
import { SESSIONS } from "../../api/paths.ts";
import type { LogPage } from "../../logs/page.ts";
import { TextFormatter } from "../../logs/text.ts";
import { delivered } from "../delivery.ts";
import type { Exchange } from "../exchange.ts";
import { followHead } from "../follow/follow.ts";
import { isNavigation } from "../guard.ts";
import { shownAs } from "../log-filter.ts";
import type { Cursors, SessionDirectory, SupervisedSession } from "../ports.ts";
import { openLinesReply } from "../present/open.ts";
import { logReply } from "../present/session.ts";
import { readQuery } from "../query.ts";
import { contentHeaders, JSON_TYPE, sized, TEXT_TYPE } from "../reply.ts";
import type { Routes } from "../router.ts";

export function diffRoutes(directory: SessionDirectory, cursors: Cursors): Routes {
  return {
    [`${SESSIONS}/{id}/diff`]: { GET: (exchange) => diff(exchange, { directory, cursors }) },
  };
}

interface Parts {
  readonly directory: SessionDirectory;
  readonly cursors: Cursors;
}

function diff(exchange: Exchange, { directory, cursors }: Parts): Response {
  const query = readQuery(exchange.query, DiffQuery);
  const session = directory.find(exchange.reference);
  const type = query.format === "json" ? JSON_TYPE : TEXT_TYPE;
  if (exchange.request.method === "HEAD") return followHead({ type });
  const { cursor: name } = query;
  const seen = cursors.find(session.id, name);
  const page = pageFrom(seen, session, query);
  const bytes = query.format === "json" ? jsonOf(page, { session, query }) : textOf(page);
  const body = delivered(bytes, () => {
    if (isNavigation(exchange.request)) return;
    const now = cursors.find(session.id, name);
    // Another answer to this reader was taken meanwhile, and told of more.
    if (now !== seen && now !== undefined && now > page.nextSeq) return;
    cursors.move(session.id, { name, seq: page.nextSeq });
  });
  return sized(new Response(body, { headers: contentHeaders(type) }), bytes.length);
}

type Asked = v.InferOutput<typeof DiffQuery>;

function pageFrom(seen: number | undefined, { log }: SupervisedSession, query: Asked): LogPage {
  const { nextSeq } = log.page({ stream: "blended", limit: 0, from: "newest" });
  // A cursor beyond the end is of a log that is gone, and this one begins anew.
  const sinceSeq = seen === undefined || seen > nextSeq ? 1 : seen;
  const page = log.page({ stream: "blended", limit: query.limit, from: { sinceSeq } });
  return shownAs(page, query);
}

function jsonOf(
  page: LogPage,
  { session, query }: { session: SupervisedSession; query: Asked },
): Uint8Array {
  const { nextSeq } = page;
  const { entries, next_seq } = logReply(page, { id: session.id, stream: "blended" });
  const after = session.log.page({ stream: "blended", limit: 1, from: { sinceSeq: nextSeq } });
  const reply: DiffReply = {
    session_id: session.id,
    cursor: query.cursor,
    entries,
    next_seq,
    dropped: page.dropped ?? 0,
    more: after.entries.length > 0,
    ...openLinesReply(session.log.openLines("blended", nextSeq), query),
  };
  return Buffer.from(`${JSON.stringify(reply)}\n`);
}

function textOf({ entries, dropped: missed = 0 }: LogPage): Uint8Array {
  const formatter = new TextFormatter("blended");
  const text = formatter.format({ missed, entries });
  // What comes next time begins a line of its own.
  return formatter.open === "nothing" ? text : Buffer.concat([text, Buffer.from("\n")]);
}
