// The runs of a session: each with what started it, what ended it, and what it printed.

import { SESSIONS } from "../../api/paths.ts";
import type { RunListReply } from "../../api/replies.ts";
import type { History, SessionDirectory } from "../ports.ts";
import { runReply, totalsOf } from "../present.ts";
import { Query } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

export function runRoutes(directory: SessionDirectory, history: Pick<History, "runs">): Routes {
  return {
    [`${SESSIONS}/{id}/runs`]: {
      GET({ query, reference }) {
        new Query(query, []);
        const session = directory.find(reference);
        const now = totalsOf(session.snapshot().output);
        const runs = history.runs(session.id).map((run) => runReply(run, now));
        return json({ runs } satisfies RunListReply);
      },
    },
  };
}
