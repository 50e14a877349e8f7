// GET /v1/sessions/{id}/expect: answers once something stands in a session's output, what was
// printed before included. A client that leaves ends it, and a daemon that leaves says so.

import type * as v from "valibot";
import { ExpectQuery, type ExpectReply } from "../../api/expecting.ts";
import { SESSIONS } from "../../api/paths.ts";
import { LONGEST_TIMER_MS } from "../../domain/duration.ts";
import { type Expectation, seek } from "../../logs/expectation.ts";
import { compilePattern, type Pattern } from "../../logs/pattern.ts";
import type { ScanStart } from "../../logs/scan.ts";
import { type Exchange, leaving } from "../exchange.ts";
import type { LogScanner, SessionDirectory, SupervisedSession } from "../ports.ts";
import { readQuery, senseless } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";
import { runIn } from "../run-query.ts";

export function expectRoutes(directory: SessionDirectory): Routes {
  return {
    [`${SESSIONS}/{id}/expect`]: {
      async GET(exchange) {
        const query = readQuery(exchange.query, ExpectQuery);
        requireSense(query);
        const wanted = query.regex ? { regex: query.pattern } : { text: query.pattern };
        const pattern = await compilePattern(wanted);
        const session = directory.find(exchange.reference);
        return json(await expectOf(session, { query, pattern, exchange }));
      },
    },
  };
}

type Asked = v.InferOutput<typeof ExpectQuery>;

function requireSense({ since_seq, since_column, run, stream }: Asked): void {
  if (since_seq !== undefined && run !== undefined) {
    throw senseless("run", "says where to begin, and so does since_seq: give one of them");
  }
  if (since_column !== undefined && (since_seq === undefined || stream === "blended")) {
    throw senseless("since_column", "is for since_seq and stream=stdout or stream=stderr");
  }
}

interface Wait {
  readonly query: Asked;
  readonly pattern: Pattern;
  readonly exchange: Exchange;
}

async function expectOf(session: SupervisedSession, wait: Wait): Promise<ExpectReply> {
  const { query, pattern, exchange } = wait;
  const since = performance.now();
  const scan = session.log.scan(startOf(query, session), { stream: query.stream });
  const leave = () => scan.close();
  exchange.stopping.addEventListener("abort", leave);
  const timer = finishAfter(query.timeout, scan);
  try {
    const sought = { pattern, column: query.since_column ?? 0 };
    const found = await exchange.wait(seek(scan, sought));
    if (found.sighting === undefined && exchange.stopping.aborted) throw leaving();
    return replyOf(found, { session, elapsedMs: Math.round(performance.now() - since) });
  } finally {
    clearTimeout(timer);
    exchange.stopping.removeEventListener("abort", leave);
    scan.close();
  }
}

function startOf({ since_seq: sinceSeq, run }: Asked, session: SupervisedSession): ScanStart {
  if (sinceSeq !== undefined) return { sinceSeq };
  return { run: runIn(run ?? "last", session) ?? 1 };
}

/** What there is by then is still looked at. */
function finishAfter(ms: number, scan: LogScanner): ReturnType<typeof setTimeout> | undefined {
  if (ms > 0) return setTimeout(() => scan.finish(), Math.min(ms, LONGEST_TIMER_MS));
  scan.finish();
  return undefined;
}

function replyOf(
  { sighting, nextSeq, missed }: Expectation,
  { session, elapsedMs }: { session: SupervisedSession; elapsedMs: number },
): ExpectReply {
  const common = {
    session_id: session.id,
    next_seq: nextSeq,
    dropped: missed,
    elapsed_ms: elapsedMs,
  };
  if (sighting === undefined) {
    return { outcome: session.isOver() ? "ended" : "timed_out", ...common };
  }
  const { seq, run, stream, line, match, column } = sighting;
  const where = column === null ? {} : { next_column: column };
  return { outcome: "matched", seq, run, stream, line, match, ...where, ...common };
}
