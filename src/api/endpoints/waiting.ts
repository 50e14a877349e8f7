// The endpoint that waits for a session.

import { type Endpoint, ok } from "../endpoint.ts";
import { SESSIONS } from "../paths.ts";
import { AwaitQuery, WaitReply } from "../waiting.ts";

export const WAITING_ENDPOINTS: readonly Endpoint[] = [
  {
    name: "waitForSession",
    method: "GET",
    path: `${SESSIONS}/{id}/wait`,
    about: "Answers once a session is ready, runs, or is at rest.",
    query: AwaitQuery,
    answers: [ok(WaitReply, "Whether it came to that, and how the session is.")],
    refusals: { 503: "This daemon leaves, and the next one is to be asked." },
  },
];
