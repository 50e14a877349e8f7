// What a session printed: logs reads anywhere, head the oldest, tail the newest lines.

import { SESSIONS } from "../../api/paths.ts";
import type { LogStream } from "../../domain/session.ts";
import { TextFormatter } from "../../logs/text.ts";
import type { Exchange } from "../exchange.ts";
import { followHeaders, followReply } from "../follow.ts";
import type { SessionDirectory, SupervisedSession } from "../ports.ts";
import { logReply } from "../present.ts";
import { Query } from "../query.ts";
import { json, text } from "../reply.ts";
import type { Routes } from "../router.ts";

const DEFAULT_LIMIT = 100;
const HEAD_PARAMETERS = ["stream", "limit", "format"];
const PARAMETERS = ["stream", "limit", "since_seq", "follow", "format"];

/** What is to be read, and how it is to be shown. */
interface LogRequest {
  readonly stream: LogStream;
  readonly format: "json" | "text";
  readonly limit: number;
  readonly from: "newest" | "oldest" | { readonly sinceSeq: number };
}

export function logRoutes(directory: SessionDirectory): Routes {
  const one = `${SESSIONS}/{id}`;
  return {
    [`${one}/logs`]: { GET: (exchange) => newest(directory, exchange) },
    [`${one}/tail`]: { GET: (exchange) => newest(directory, exchange) },
    [`${one}/head`]: { GET: (exchange) => oldest(directory, exchange) },
  };
}

function oldest(directory: SessionDirectory, exchange: Exchange): Response {
  const query = new Query(exchange.query, HEAD_PARAMETERS);
  const wanted: LogRequest = { ...shape(query), from: "oldest" };
  return page(directory.find(exchange.reference), wanted);
}

/** The newest entries, or all from `since_seq` upward; then, if asked, what is yet to come. */
function newest(directory: SessionDirectory, exchange: Exchange): Response | Promise<Response> {
  const query = new Query(exchange.query, PARAMETERS);
  const sinceSeq = query.count("since_seq", 0);
  const from = query.has("since_seq") ? { sinceSeq } : "newest";
  const wanted = { ...shape(query), from } as const;
  const follow = query.flag("follow");
  const session = directory.find(exchange.reference);
  if (!follow) return page(session, wanted);
  // HEAD asks for the headers alone: there is nobody to follow for.
  if (exchange.request.method === "HEAD") {
    return new Response(null, { headers: followHeaders(wanted.format) });
  }
  return followReply(session.log.follow(wanted), wanted, exchange);
}

function shape(query: Query): Pick<LogRequest, "stream" | "format" | "limit"> {
  return {
    stream: query.choice("stream", ["blended", "stdout", "stderr"]),
    format: query.choice("format", ["json", "text"]),
    limit: query.count("limit", DEFAULT_LIMIT),
  };
}

function page(session: SupervisedSession, wanted: LogRequest): Response {
  const read = session.log.page(wanted);
  if (wanted.format === "json")
    return json(logReply(read, { id: session.id, stream: wanted.stream }));
  const { entries, dropped: missed = 0 } = read;
  return text(new TextFormatter(wanted.stream).format({ missed, entries }));
}
