// What a session printed: logs reads anywhere, head the oldest, tail the newest lines.

import { SESSIONS } from "../../api/paths.ts";
import { Problem } from "../../domain/problem.ts";
import type { LogStream } from "../../domain/session.ts";
import type { FollowQuery } from "../../logs/follower.ts";
import { type OpenText, TextFormatter } from "../../logs/text.ts";
import type { Exchange } from "../exchange.ts";
import { followHead, followReply, logForm } from "../follow.ts";
import { tellLag } from "../lag.ts";
import type { History, SessionDirectory, SupervisedSession } from "../ports.ts";
import { logReply } from "../present.ts";
import { Query } from "../query.ts";
import { json, text } from "../reply.ts";
import type { Handler, Routes } from "../router.ts";

const DEFAULT_LIMIT = 100;
const HEAD_PARAMETERS = ["stream", "limit", "run", "format"];
const PARAMETERS = ["stream", "limit", "since_seq", "run", "follow", "format", "open"];

const FORMATS = ["json", "text"] as const;
const FOLLOW_FORMATS = ["json", "text", "frames"] as const;

/** What is to be read, and how it is to be shown. */
interface LogRequest {
  readonly stream: LogStream;
  readonly format: "json" | "text";
  readonly limit: number;
  readonly from: "oldest" | FollowQuery["from"];
  readonly run: number | undefined;
}

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

function oldest(directory: SessionDirectory, exchange: Exchange): Response {
  const query = new Query(exchange.query, HEAD_PARAMETERS);
  const shaped = shape(query, FORMATS);
  const session = directory.find(exchange.reference);
  return page(session, { ...shaped, from: "oldest", run: runIn(query, session) });
}

/** The newest entries, or all from `since_seq` upward; then, if asked, what is yet to come. */
function logs({ directory, history, exchange }: Asked): Response | Promise<Response> {
  const query = new Query(exchange.query, PARAMETERS);
  const sinceSeq = query.count("since_seq", 0);
  const from: FollowQuery["from"] = query.has("since_seq") ? { sinceSeq } : "newest";
  if (!query.flag("follow")) {
    const shaped = shape(query, FORMATS);
    refuse(query, "open", "is for follow=1&format=frames");
    const session = directory.find(exchange.reference);
    return page(session, { ...shaped, from, run: runIn(query, session) });
  }
  refuse(query, "run", "reads what a run has printed, and is not for follow");
  const asked = shape(query, FOLLOW_FORMATS);
  const session = directory.find(exchange.reference);
  const form = logForm({ ...asked, open: openIn(query) });
  if (exchange.request.method === "HEAD") return followHead(form);
  const { stream, limit } = asked;
  const follower = tellLag(session.log.follow({ stream, limit, from }), (missed) =>
    history.lagged(session.id, { stream, missed }),
  );
  return followReply(follower, form, exchange);
}

/** What the text left open that a client goes on with. */
function openIn(query: Query): OpenText {
  if (query.choice("format", FOLLOW_FORMATS) !== "frames") {
    refuse(query, "open", "is for format=frames");
  }
  return query.choice("open", ["nothing", "newline", "stdout", "stderr"]);
}

function refuse(query: Query, name: string, why: string): void {
  if (query.has(name)) throw new Problem("bad_request", `${name} ${why}`, { field: name });
}

/** The number of the run to read; undefined for all of them. */
function runIn(query: Query, session: SupervisedSession): number | undefined {
  if (!query.has("run")) return undefined;
  const { run: newest } = session.snapshot();
  const wanted = query.countOr("run", "last");
  const run = wanted === "last" ? newest : wanted;
  if (run >= 1 && run <= newest) return run;
  throw new Problem("not_found", `There is no run ${run}: the newest is ${newest}`, {
    field: "run",
    expected: `a number from 1 to ${newest}, or last`,
  });
}

function shape<const Format extends string>(query: Query, formats: readonly [Format, ...Format[]]) {
  return {
    stream: query.choice("stream", ["blended", "stdout", "stderr"]),
    format: query.choice("format", formats),
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
