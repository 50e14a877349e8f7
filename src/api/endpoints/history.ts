// The endpoints that tell what happened.

import { type Endpoint, json, ok } from "../endpoint.ts";
import { EventListReply, EventReply, RunListReply } from "../history-replies.ts";
import { EVENTS, SESSIONS } from "../paths.ts";
import { EventQuery, NoQuery } from "../queries.ts";

export const HISTORY_ENDPOINTS: readonly Endpoint[] = [
  {
    name: "listRuns",
    method: "GET",
    path: `${SESSIONS}/{id}/runs`,
    about: "Lists the runs of a session, with what started and ended each.",
    query: NoQuery,
    answers: [ok(RunListReply, "The newest 1000.")],
  },
  {
    name: "listEvents",
    method: "GET",
    path: EVENTS,
    about: "Tells what happened and, with `follow=1`, what happens.",
    query: EventQuery,
    headers: [
      { name: "accept", about: "`text/event-stream`, to follow by server-sent events." },
      {
        name: "last-event-id",
        about:
          "Following by server-sent events, goes on after this `seq`, whatever the query says.",
      },
    ],
    answers: [
      {
        status: 200,
        about: "A page, or the events as they happen.",
        content: [
          json(EventListReply),
          { type: "application/x-ndjson", about: "With `follow=1`.", item: EventReply },
          {
            type: "text/event-stream",
            about: "With `follow=1`, for who accepts it: `id` is the seq, `event` the type.",
            item: EventReply,
          },
        ],
      },
    ],
  },
];
