// POST /v1/prune: forgets sessions at rest, by age and number.

import { PRUNE } from "../../api/paths.ts";
import { NoQuery } from "../../api/queries.ts";
import type { PruneReply } from "../../api/replies.ts";
import { PruneSessions } from "../../api/requests.ts";
import { readJson } from "../body.ts";
import { checkBody } from "../check.ts";
import type { SessionDirectory } from "../ports.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

export function pruneRoutes(directory: SessionDirectory): Routes {
  return {
    [PRUNE]: {
      async POST(exchange) {
        readQuery(exchange.query, NoQuery);
        // No body asks for the defaults; `null` is one, and a wrong one.
        const { request } = exchange;
        const body = checkBody(PruneSessions, await readJson(request, { absent: {} }));
        const { older_than: olderThanMs = 0, keep = 0 } = body;
        const forgotten = await exchange.wait(directory.prune({ olderThanMs, keep }));
        const removed = forgotten.map((session) => {
          return { id: session.id, name: session.snapshot().spec.name ?? null };
        });
        return json({ ok: true, removed } satisfies PruneReply);
      },
    },
  };
}
