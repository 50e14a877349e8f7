// The runs of a session: each with what started it, what ended it, and what it printed.

import type { RunListReply } from "../../api/history-replies.ts";
import { SESSIONS } from "../../api/paths.ts";
import { NoQuery } from "../../api/queries.ts";
import { totalsOf } from "../../domain/history.ts";
import type { History, SessionDirectory } from "../ports.ts";
import { runReply } from "../present/session.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

export function runRoutes(directory: SessionDirectory, history: Pick<History, "runs">): Routes {
  return {
    [`${SESSIONS}/{id}/runs`]: {
      GET({ query, reference }) {
        readQuery(query, NoQuery);
        const session = directory.find(reference);
        const now = totalsOf(session.snapshot().output);
        const runs = history.runs(session.id).map((run) => runReply(run, now));
        return json({ runs } satisfies RunListReply);
      },
    },
  };
}
