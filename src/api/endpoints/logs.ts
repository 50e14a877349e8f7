// The endpoints that read what a session printed.

import { type Content, type Endpoint, json } from "../endpoint.ts";
import { FollowFrame, LogReply, TextFrameHead } from "../log-replies.ts";
import { SESSIONS } from "../paths.ts";
import { HeadQuery, LogQuery } from "../queries.ts";

const ONE = `${SESSIONS}/{id}`;

const TEXT: Content = {
  type: "text/plain",
  about: "With `format=text`: of one stream its bytes, blended each line with its stream.",
};

const PAGE: readonly Content[] = [json(LogReply), TEXT];

const FOLLOWED: readonly Content[] = [
  { type: "application/x-ndjson", about: "With `follow=1`.", item: FollowFrame },
  {
    type: "application/x-korun-frames",
    about:
      "With `follow=1&format=frames`: again and again a line of JSON, then as many bytes of text " +
      "as it says.",
    item: TextFrameHead,
  },
];

const NO_RUN = "There is no such session, or no such run.";

export const LOG_ENDPOINTS: readonly Endpoint[] = [
  {
    name: "getLogs",
    method: "GET",
    path: `${ONE}/logs`,
    about: "Reads the output of a session: its newest lines, or all from some place on.",
    query: LogQuery,
    answers: [{ status: 200, about: "A page, or what comes.", content: [...PAGE, ...FOLLOWED] }],
    refusals: { 404: NO_RUN },
  },
  {
    name: "getTail",
    method: "GET",
    path: `${ONE}/tail`,
    about: "The same as `logs`.",
    query: LogQuery,
    answers: [{ status: 200, about: "A page, or what comes.", content: [...PAGE, ...FOLLOWED] }],
    refusals: { 404: NO_RUN },
  },
  {
    name: "getHead",
    method: "GET",
    path: `${ONE}/head`,
    about: "Reads the oldest lines of a session's output.",
    query: HeadQuery,
    answers: [{ status: 200, about: "A page.", content: PAGE }],
    refusals: { 404: NO_RUN },
  },
];
