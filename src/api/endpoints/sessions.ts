// The endpoints that make, list, show, end and forget sessions.

import { type Endpoint, json, ok } from "../endpoint.ts";
import { PRUNE, SESSIONS } from "../paths.ts";
import { CreateQuery, NoQuery, StopQuery, WaitQuery } from "../queries.ts";
import {
  ActionReply,
  CreatedReply,
  PruneReply,
  SessionListReply,
  SessionReply,
} from "../replies.ts";
import { REQUEST_HEADER, REQUEST_ID } from "../request-id.ts";
import { CreateSession, PruneSessions } from "../requests.ts";

const ONE = `${SESSIONS}/{id}`;

const CLOSING = "The daemon is shutting down.";

export const SESSION_ENDPOINTS: readonly Endpoint[] = [
  {
    name: "listSessions",
    method: "GET",
    path: SESSIONS,
    about: "Lists all sessions.",
    query: NoQuery,
    answers: [ok(SessionListReply, "All of them, in creation order.")],
  },
  {
    name: "createSession",
    method: "POST",
    path: SESSIONS,
    about: "Makes a session and starts it.",
    details:
      "A command that cannot be started still makes a session, in state `failed`. Where a session " +
      "of this name lives that was asked for in the same way, it is answered instead.",
    query: CreateQuery,
    body: { schema: CreateSession, required: true },
    headers: [
      {
        name: REQUEST_HEADER,
        about:
          "A UUID for this request, which the session gets as its id: asked for twice, it is made " +
          "once.",
        pattern: REQUEST_ID,
      },
    ],
    answers: [
      {
        status: 201,
        about: "It is made.",
        content: [json(CreatedReply)],
        headers: { location: "The path of the session." },
      },
      {
        status: 200,
        about: "A session of this name lives, and is just what was asked for.",
        content: [json(CreatedReply)],
        headers: { location: "The path of the session." },
      },
    ],
    refusals: {
      409: "A session of this name lives, and is another one: `differences` says in what.",
      503: CLOSING,
    },
  },
  {
    name: "getSession",
    method: "GET",
    path: ONE,
    about: "Shows all that is known of a session.",
    query: NoQuery,
    answers: [ok(SessionReply, "The session.")],
  },
  {
    name: "removeSession",
    method: "DELETE",
    path: ONE,
    about: "Forgets a session that is at rest: ends what it left behind, removes its output.",
    query: NoQuery,
    answers: [ok(ActionReply, "It is forgotten.")],
    refusals: { 409: "It is alive." },
  },
  {
    name: "restartSession",
    method: "POST",
    path: `${ONE}/restart`,
    about: "Ends the processes of a session and starts it anew, in any state.",
    query: WaitQuery,
    answers: [ok(ActionReply, "It starts; with `wait=1`, it has started or could not be.")],
    refusals: {
      409: "Another living session has its name; with `wait=1` also: a stop came before it ran.",
      503: CLOSING,
    },
  },
  {
    name: "stopSession",
    method: "POST",
    path: `${ONE}/stop`,
    about: "Ends the processes of a session: SIGTERM, and after its grace SIGKILL.",
    query: StopQuery,
    answers: [ok(ActionReply, "It is being ended; with `wait=1`, it has ended.")],
    refusals: { 409: "There is nothing to end, and nothing that could start it again." },
  },
  {
    name: "pruneSessions",
    method: "POST",
    path: PRUNE,
    about: "Forgets sessions at rest, by age and number.",
    query: NoQuery,
    body: { schema: PruneSessions, required: false },
    answers: [ok(PruneReply, "Those that are forgotten.")],
  },
];
