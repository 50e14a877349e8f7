// GET /v1/sessions/{id}/digest: a session's output in a few lines.

import { DigestQuery, type DigestReply } from "../../api/digesting.ts";
import { SESSIONS } from "../../api/paths.ts";
import { timeOf } from "../../domain/moment.ts";
import type { Repeated } from "../../logs/digest.ts";
import { plainText } from "../../logs/plain.ts";
import type { SessionDirectory } from "../ports.ts";
import { time } from "../present/session.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";
import { runIn } from "../run-query.ts";

export function digestRoutes(directory: SessionDirectory): Routes {
  return {
    [`${SESSIONS}/{id}/digest`]: {
      async GET(exchange) {
        const { stream, run: wanted, since } = readQuery(exchange.query, DigestQuery);
        const session = directory.find(exchange.reference);
        const run = runIn(wanted ?? (since === undefined ? "last" : undefined), session);
        const sinceMs = since === undefined ? undefined : timeOf(since, Date.now());
        const { signal } = exchange.request;
        const reading = session.log.digest({ stream, run, sinceMs, signal });
        const { lines, isComplete, levels, errors, repeated, nextSeq } =
          await exchange.wait(reading);
        return json({
          session_id: session.id,
          stream,
          run: run ?? null,
          lines,
          complete: isComplete,
          levels,
          errors: errors.map(repeatedReply),
          repeated: repeated.map(repeatedReply),
          next_seq: nextSeq,
        } satisfies DigestReply);
      },
    },
  };
}

function repeatedReply(repeated: Repeated): DigestReply["errors"][number] {
  const { count, level, shape, firstSeq, last } = repeated;
  return {
    count,
    level,
    shape,
    first_seq: firstSeq,
    seq: last.seq,
    ts: time(last.time),
    stream: last.stream,
    run: last.run,
    line: plainText(last.bytes),
  };
}
