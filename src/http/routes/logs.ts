// What a session printed: logs reads anywhere, head the oldest, tail the newest lines.

import type * as v from "valibot";
import { SESSIONS } from "../../api/paths.ts";
import { HeadQuery, LogQuery } from "../../api/queries.ts";
import type { LogFilter } from "../../logs/filter.ts";
import type { FollowQuery } from "../../logs/follower.ts";
import type { PageQuery } from "../../logs/page.ts";
import { TextFormatter } from "../../logs/text.ts";
import type { Exchange } from "../exchange.ts";
import { followHead, followReply, logForm } from "../follow/follow.ts";
import { tellLag } from "../follow/lag.ts";
import { filterIn, shownAs } from "../log-filter.ts";
import type { History, LogFollower, SessionDirectory, SupervisedSession } from "../ports.ts";
import { openEntries, openLinesReply } from "../present/open.ts";
import { logReply } from "../present/session.ts";
import { readQuery, senseless } from "../query.ts";
import { json, text } from "../reply.ts";
import type { Handler, Routes } from "../router.ts";
import { runIn } from "../run-query.ts";

interface Asked {
  readonly directory: SessionDirectory;
  readonly history: Pick<History, "lagged">;
  readonly exchange: Exchange;
}

export function logRoutes(directory: SessionDirectory, history: Pick<History, "lagged">): Routes {
  const one = `${SESSIONS}/{id}`;
  const newest: Handler = (exchange) => logs({ directory, history, exchange });
  return {
    [`${one}/logs`]: { GET: newest },
    [`${one}/tail`]: { GET: newest },
    [`${one}/head`]: { GET: (exchange) => oldest(directory, exchange) },
  };
}

async function oldest(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  const query = readQuery(exchange.query, HeadQuery);
  const filter = await filterIn(query);
  const session = directory.find(exchange.reference);
  return await page(session, { query, filter, from: "oldest", exchange });
}

/** The newest entries, or all from `since_seq` upward; then, if asked, what is yet to come. */
async function logs({ directory, history, exchange }: Asked): Promise<Response> {
  const query = readQuery(exchange.query, LogQuery);
  const filter = await filterIn(query);
  requireSense(query, filter);
  const session = directory.find(exchange.reference);
  const { stream, limit, format, open, paced, reader, since_seq: sinceSeq } = query;
  const from: FollowQuery["from"] = sinceSeq === undefined ? "newest" : { sinceSeq };
  if (!query.follow) return await page(session, { query, filter, from, exchange });
  const isTerminal = session.snapshot().spec.pty !== undefined;
  const form = logForm({ stream, format, open, isTerminal });
  if (exchange.request.method === "HEAD") return followHead(form);
  const follower = follow(session, { stream, limit, from, paced, reader, filter });
  const told = tellLag(follower, (missed) => history.lagged(session.id, { stream, missed }));
  const shown: typeof form = { ...form, encode: (batch) => form.encode(shownAs(batch, query)) };
  return await followReply(told, shown, exchange);
}

type LogRequest = v.InferOutput<typeof LogQuery>;

/** Throws Problem `bad_request` for parameters that make no sense together. */
function requireSense(query: LogRequest, filter: LogFilter | undefined): void {
  const { follow, run, format, open, paced, reader } = query;
  if (!follow && format === "frames") throw senseless("format", "frames is for follow=1");
  if (follow && run !== undefined) {
    throw senseless("run", "reads what a run has printed, and is not for follow");
  }
  if (open !== "nothing" && !(follow && format === "frames")) {
    throw senseless("open", "is for follow=1&format=frames");
  }
  if (paced && (!follow || filter !== undefined)) {
    throw senseless("paced", "is for follow=1, and for all entries");
  }
  if (reader !== undefined && !paced) throw senseless("reader", "is for paced=1");
}

function follow(
  session: SupervisedSession,
  { filter, ...query }: FollowQuery & { readonly filter: LogFilter | undefined },
): LogFollower {
  if (filter === undefined) return session.log.follow(query);
  return session.log.followFiltered({ ...query, filter });
}

interface PageRequest {
  readonly query: v.InferOutput<typeof HeadQuery> | LogRequest;
  readonly filter: LogFilter | undefined;
  readonly from: PageQuery["from"];
  readonly exchange: Exchange;
}

async function page(session: SupervisedSession, asked: PageRequest): Promise<Response> {
  const { query, filter, from, exchange } = asked;
  const { stream, limit, format } = query;
  const run = runIn(query.run, session);
  const wanted = { stream, limit, from, run };
  const { signal } = exchange.request;
  const found =
    filter === undefined
      ? session.log.page(wanted)
      : await exchange.wait(session.log.search({ ...wanted, filter, signal }));
  const read = shownAs(found, query);
  // What is in progress is nobody's entry, and no filter can tell what it will be.
  const isAll =
    filter === undefined && limit > 0 && (run ?? newestOf(session)) === newestOf(session);
  const open = isAll ? session.log.openLines(stream, read.nextSeq) : [];
  if (format === "json") {
    const of = { id: session.id, stream };
    return json({ ...logReply(read, of), ...openLinesReply(open, query) });
  }
  const { entries, dropped: missed = 0 } = read;
  // Who asks from an entry on gets the rest of the line with the next page, once it is complete.
  const last = typeof from === "object" ? [] : openEntries(open, query);
  return text(new TextFormatter(stream).format({ missed, entries: [...entries, ...last] }));
}

function newestOf(session: SupervisedSession): number {
  return session.snapshot().run;
}
